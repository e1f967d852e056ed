"""What is made from the settings: `config.yaml`, their table in the documentation, and their schema for the verbs.

`make settings` writes all of it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from objmask.config.json_schema import Schema, said_of, the_schema

_WIDTH = 120
_HEADER = """\
# objmask configuration: the demo. What is not set here has the value shown; docs/settings.md says more of each
# Another file:     snakemake --cores 2 --configfile <file>
# Single values:    snakemake --cores 2 --config videos=<folder> model=<file.tflite>
"""
_PAGE = """\
# Settings

All that `config.yaml`, a file given with `--configfile`, and `--config` can set. `make settings` writes this page, and
`config.yaml`, from `objmask/config/settings.py`.

"""


def documents() -> dict[str, str]:
    """The files that are made from the settings: path below the project -> text."""
    schema = json.dumps(the_schema(), indent=1, ensure_ascii=False) + "\n"
    return {
        "config.yaml": config_yaml(),
        "docs/settings.md": settings_page(),
        "objmask/config/settings.json": schema,
    }


def config_yaml() -> str:
    """All settings with their defaults, and what each is as its comment."""
    return "\n".join(_trimmed([*_HEADER.splitlines(), "", *_lines(the_schema(), "")])) + "\n"


def settings_page() -> str:
    """A table of all settings: key, what may stand there, default, what it is."""
    rows = [("setting", "values", "default", "what it is"), ("---",) * 4, *_rows(the_schema(), "")]
    return _PAGE + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _lines(section: Schema, indent: str) -> Iterator[str]:
    for key, part in section["properties"].items():
        comment = next(iter(said_of(part)), "")
        gap = () if indent else ("",)
        if "properties" in part:
            yield from (*gap, *_commented(f"{indent}{key}:", comment), *_lines(part, f"{indent}  "), *gap)
        elif isinstance(part.get("default"), Mapping):
            names = (f"{indent}  {name}: {_flow(value)}" for name, value in part["default"].items())
            yield from (*gap, *_commented(f"{indent}{key}:", comment), *names)
        else:
            yield from _commented(f"{indent}{key}: {_flow(_shown(part))}", comment)


def _commented(line: str, comment: str) -> list[str]:
    """A line with its comment beside it, or above where that has no room."""
    beside = f"{line}  # {comment}"
    if len(beside) <= _WIDTH:
        return [beside]
    margin = line[: len(line) - len(line.lstrip())]
    above = textwrap.wrap(comment, _WIDTH, initial_indent=f"{margin}# ", subsequent_indent=f"{margin}# ")
    return [*above, line]


def _trimmed(lines: list[str]) -> list[str]:
    """Lines without empty ones at the end, and never two of these."""
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return kept if kept[-1] else kept[:-1]


def _shown(part: Schema) -> Any:
    """The default; of what has none an example."""
    return part["default"] if "default" in part else part["examples"][0]


def _flow(value: Any) -> str:
    """A value in one line of YAML."""
    return yaml.safe_dump([value], default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True).strip()[
        1:-1
    ]


def _rows(section: Schema, where: str) -> Iterator[tuple[str, ...]]:
    for key, part in section["properties"].items():
        said = ". ".join(said_of(part)).replace("|", "\\|")
        if "properties" in part:
            yield f"**`{where}{key}`**", "", "", said
            yield from _rows(part, f"{where}{key}.")
        else:
            yield f"`{where}{key}`", _values(part), _default(part), said
            of_each = part.get("additionalProperties", {})
            yield from _rows(of_each, f"{where}{key}.<name>.") if "properties" in of_each else ()


def _default(part: Schema) -> str:
    if "default" not in part:
        return ""
    return "as in `config.yaml`" if isinstance(part["default"], Mapping) else f"`{_flow(part['default'])}`"


def _values(part: Schema) -> str:
    """What may stand in a place, in words."""
    if "oneOf" in part:
        return " or ".join(map(_values, part["oneOf"]))
    if "const" in part or "enum" in part:
        return ", ".join(f"`{value}`" for value in part.get("enum", [part.get("const")]))
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    return " or ".join(_KINDS[kind](part) for kind in kinds)


def _range(part: Schema) -> str:
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None and high is not None:
        return f" in {low:g}..{high:g}"
    bounds = [f"{words} {part[name]:g}" for name, words in _BOUNDS.items() if name in part]
    return f" {' and '.join(bounds)}" if bounds else ""


_BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}
_KINDS: Mapping[str, Any] = {
    "array": lambda part: f"list of {_values(part['items'])}",
    "boolean": lambda part: "`true`, `false`",
    "integer": lambda part: f"whole number{_range(part)}",
    "null": lambda part: "`null`",
    "number": lambda part: f"number{_range(part)}",
    "object": lambda part: "names, each with a value",
    "string": lambda part: "text",
}


def main() -> None:
    """Writes the files of the project that this module lies in."""
    for name, text in documents().items():
        Path(__file__).parents[2].joinpath(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
