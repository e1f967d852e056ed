"""Configurations broken at random, read as the workflow reads them, and what came of each.

The judge of what is accepted is a plain reading in which every value is the text that was written (`yaml.BaseLoader`):
each arrives unchanged, and what was not written has its default.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from fuzzing import Outcome, isolated
from PIL import ImageColor

ROOT = Path(__file__).parents[1]
_LONGEST_LINE = 2000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")

VALUES = (
    *(".nan", "-.inf", "1e999", "-1", "1e308", "9" * 30, "0", "1", "5", "010", "1:30", "0x1f", "0b11", "1_0", "+1"),
    *("1e-1", "0.3", "5.0", ".5", "1.", "yes", "No", "true", "null", "~", "''", '"5"', '"0.5"', '"yes"'),
    *("2024_05_01", "007", "1e3", "2024-05-01", "2024-05-01 10:00:00", "[]", "{}", "[1, 2]", "[a, b]"),
    *("[[0, 0], [1, 0], [1, 1]]", "{a: b}", "'{a: b}'", "'[1, 2]'", "a, b", "masks", "masks, coverage", "teal"),
    *("'#8b4513'", "日本語", '"\\e[31m"', '"\\0"', '"a\\nb"', '"\\ud800"', '"\\u202e"', "!!str 5", "!!int '5'"),
    *("!!float 1", "!!binary aGk=", "!!set {a, b}", "!!python/object/apply:os.getcwd []", "*nobody", "&a [*a]"),
    *("&b 5", "|\n  block\n  text", ">-\n  folded\n  text", "- x", "=", "<<", "$(touch canary)", "{video}"),
    *("'it''s'", "0.1 s", "7", "a:b", "a: b", "@x", "`x`", "%x", "[" * 60 + "]" * 60, "{a: " * 60 + "}" * 60),
    *("x" * 5000, "NaN", "Infinity", "0o17", "0.30000000000000004", "1e-400", "12345678901234567890.5", "on"),
    *("OFF", "y", "-0", "00", "1__0", ".inf", "16:9", "#1", "'#'"),
)  # fmt: skip
"""What people write where something else belongs, as it stands in a file."""
KEYS = (
    "videos",
    "model",
    "mirror",
    "corrections",
    "detect",
    "privacy",
    "outputs",
    "window",
    "device",
    "masks",
    "vidoes",
)
BOMB = "\nz0: &z0 {x: 1}\n" + "".join(f"z{n}: &z{n} [*z{n - 1}, *z{n - 1}]\n" for n in range(1, 40))


@dataclass(frozen=True)
class Configuration:
    """A file, and what stands behind `--config`.

    Attributes:
        path: the file.
        entries: `key=value`.
    """

    path: Path
    entries: tuple[str, ...]

    @property
    def arguments(self) -> list[str]:
        """Of Snakemake's command line."""
        return ["--configfile", str(self.path), "--config", *self.entries]


def _of_lines(change: Callable[[list[str], int, random.Random], None]) -> Callable[[bytearray, random.Random], None]:
    def changed(data: bytearray, rng: random.Random) -> None:
        for _ in range(rng.choice([1, 1, 2, 4])):
            lines = data.decode("utf-8", "surrogateescape").split("\n")
            settings = [k for k, line in enumerate(lines) if re.match(r" *[^#\s].*", line)]
            if settings:
                change(lines, rng.choice(settings), rng)
            data[:] = "\n".join(lines).encode("utf-8", "surrogateescape")

    changed.__name__ = change.__name__
    return changed


@_of_lines
def other_value(lines: list[str], at: int, rng: random.Random) -> None:
    key, colon, _ = lines[at].partition(":")
    indent = " " * (len(key) - len(key.lstrip()))
    value = rng.choice(VALUES).replace("\n", f"\n{indent}")
    lines[at] = f"{key}{colon} {value}" if colon else f"{key}: {value}"


@_of_lines
def other_word(lines: list[str], at: int, rng: random.Random) -> None:
    """Within lists and braces too."""
    words = [*re.finditer(r"[\w.#-]+", lines[at].split("  #")[0])]
    if words:
        word = rng.choice(words)
        lines[at] = lines[at][: word.start()] + rng.choice(VALUES).replace("\n", " ") + lines[at][word.end() :]


@_of_lines
def misspelt(lines: list[str], at: int, rng: random.Random) -> None:
    line = lines[at]
    place = rng.randrange(len(line))
    lines[at] = line[:place] + rng.choice(["", line[place] * 2, "x", " ", "é", "\t", ":", "-", "#"]) + line[place + 1 :]


@_of_lines
def twice(lines: list[str], at: int, rng: random.Random) -> None:
    lines.insert(rng.randrange(len(lines)) if rng.random() < 0.5 else at, lines[at])


@_of_lines
def moved(lines: list[str], at: int, rng: random.Random) -> None:
    line = lines.pop(at)
    if rng.random() < 0.7:
        lines.insert(rng.randrange(len(lines) + 1), " " * rng.choice([0, 1, 2, 4]) + line.lstrip())


def control_characters(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 3])):
        at = rng.randrange(len(data))
        data[at:at] = rng.choice(
            ["\0", "\x1b[2J", "\x07", "\r", "\x85", "\u2028", "\ufeff", "\u202e", "\u00a0"]
        ).encode()


def other_bytes(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 2, 20])):
        data[rng.randrange(len(data))] = rng.choice([0xFF, 0xC3, 0x80, rng.randrange(256)])


def flipped_bits(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 1, 2, 5])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(7)


def cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def binary(data: bytearray, rng: random.Random) -> None:
    data[:] = rng.choice(
        [rng.randbytes(500), data.decode().encode("utf-16"), data.decode().encode("cp037"), b"\0" * 99]
    )


def nested(data: bytearray, rng: random.Random) -> None:
    deep = rng.choice([30, 3000, 200_000])
    data += rng.choice([f"\nx: {'[' * deep}{']' * deep}\n", f"\nx: {'{a: ' * deep}1{'}' * deep}\n", BOMB]).encode()


def merged(data: bytearray, rng: random.Random) -> None:
    data += rng.choice([
        b"\n<<: {device: cpu}\n", b"\n<<: {mask: 1}\n", b"\n<<: [1]\n", b"\n---\ndevice: gpu\n",
        b"\n...\n%YAML 9.9\n---\na: 1", b"\nx: &x {<<: *x}\n",
    ])  # fmt: skip


def as_json(data: bytearray, rng: random.Random) -> None:
    settings = yaml.safe_load(data.decode())
    section = rng.choice([settings, *(part for part in settings.values() if isinstance(part, dict))])
    section[rng.choice([*section])] = rng.choice(
        [math.nan, 1e308, 10**40, "5", "\ud800", "", True, None, [], {}, 0.25, 3]
    )
    data[:] = json.dumps(settings, indent=rng.choice([None, "\t"])).encode()
    if rng.random() < 0.3:
        data[:] = data.replace(b'"device"', b'"videos"')


def only_entries(data: bytearray, rng: random.Random) -> None:
    """The file stays as it is."""


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(other_value, other_value, other_value, other_word, other_word, other_word, misspelt, misspelt, twice, moved),
    *(control_characters, other_bytes, flipped_bits, cut, binary, nested, merged, as_json, only_entries, only_entries),
)


def mutants(folder: Path, count: int, seed: int) -> Iterator[tuple[str, Configuration]]:
    """What was done to a configuration, and that configuration; of each kind as many."""
    examples = sorted((ROOT / "workflow/examples").glob("*.yaml"))
    for number in range(count):
        rng = random.Random(f"{seed} {number}")  # noqa: S311
        change = MUTATIONS[number % len(MUTATIONS)]
        source = (
            ROOT / "config.yaml" if change is only_entries else rng.choice([*[ROOT / "config.yaml"] * 5, *examples])
        )
        data = bytearray(source.read_bytes())
        change(data, rng)
        path = folder / f"{number:04d}_{change.__name__}.yaml"
        path.write_bytes(data)
        entries = [] if source.name == "config.yaml" else ["videos=videos", "model=demo"]
        if change is only_entries:
            values = [value for value in VALUES if "\n" not in value and "\0" not in value]
            entries = [f"{key}={_typed_value(key, rng, values)}" for key in rng.sample(KEYS, 2)]
        yield change.__name__, Configuration(path, tuple(entries))


def _typed_value(key: str, rng: random.Random, values: Sequence[str]) -> str:
    inner = {"detect": ("every", "floor", "batch"), "privacy": ("style", "strength", "hold"), "window": ("end_s",)}
    value = rng.choice(values)
    return f"{{{rng.choice(inner[key])}: {value}}}" if key in inner and rng.random() < 0.7 else value


def outcome(configuration: Configuration, work: Path) -> Outcome:
    """What becomes of a configuration, in a process of its own: `refused`, `accepted` or `wrong`."""
    return isolated(work, lambda: _examine(configuration))


def read(configuration: Configuration) -> dict[str, Any]:
    """The configuration as the workflow completes it, after all that it checks of it alone."""
    from objmask.config import config as objmask_config
    from objmask.config.audit import audit_models_of, audit_notes
    from objmask.config.command_line import mistakes_of_command_line, read_config
    from objmask.config.models import models_of, notes_of
    from objmask.config.schema import only_texts, typed
    from objmask.errors import ConfigError

    if mistakes := mistakes_of_command_line(configuration.arguments):
        raise ConfigError(*mistakes)
    given = dict.fromkeys((entry.partition("=")[0] for entry in configuration.entries), 1)
    settings = read_config([configuration.path], given, configuration.arguments, only_texts())
    complete = objmask_config.complete(typed(settings))
    models = models_of(complete)
    searching = audit_models_of(complete, models)
    objmask_config.check_objects(complete, models)
    audit_notes(complete, searching)
    notes_of(complete, models)
    return complete


def _examine(configuration: Configuration) -> Outcome:
    from objmask.errors import ObjmaskError

    try:
        config = read(configuration)
    except ObjmaskError as error:
        lines = error.lines
        bad = [line for line in lines if not line or len(line) > _LONGEST_LINE or _CONTROLS.search(line)]
        return Outcome("wrong", said=f"lines: {bad}"[:1000]) if bad or not lines else Outcome("refused", said=lines[0])
    problems = list(differences(config, written(configuration)))
    return Outcome("wrong", said="; ".join(problems)[:1000]) if problems else Outcome("accepted")


def written(configuration: Configuration) -> dict[str, Any]:
    """Every value as the text that was written, in sections and lists."""
    settings = _plain(configuration.path.read_text(encoding="utf-8-sig"))
    for entry in configuration.entries:
        key, _, text = entry.partition("=")
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
        as_typed = key in _TEXTS and text not in _NULL and not quoted
        value = text if as_typed else _plain(text)
        there = settings.get(key)
        settings[key] = {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
    if settings.get("model") not in _NULL:
        settings["models"] = [settings.pop("model")]
    settings.pop("model", None)
    return settings


_TEXTS = ("videos", "model", "mirror", "corrections")
_NULL = ("null", "Null", "NULL", "~", "", None)


def _plain(text: str) -> Any:
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except ValueError:
        found = _unmerged(yaml.load(text, yaml.BaseLoader))  # noqa: S506
        return text if found is None and text.strip() else found


def _unmerged(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmerged(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _unmerged(one) for key, one in value.items()}
    more = found.pop("<<", {})
    for part in more if isinstance(more, list) else [more]:
        found = {**part, **found}
    return found


def differences(config: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[str]:
    """Where a configuration is not what was written, or where that says nothing, the default."""
    from objmask.config.config import complete

    yield from _different(config, settings, complete({"videos": "v", "models": ["demo"]}), "")


def _different(value: Any, text: Any, default: Any, where: str) -> Iterator[str]:
    if isinstance(text, str) and isinstance(value, dict):
        text = None if text in _NULL else _plain(text)
    if isinstance(value, dict) and isinstance(text, dict | None):
        keys = {**(text or {}), **(default if isinstance(default, dict) and where != "groups" else {})}
        if where == "groups" and text is None:
            keys = default
        for key in {**keys, **value}:
            if key not in value:
                # What is null is left out.
                if (text or {}).get(key) not in _NULL:
                    yield f"{where}.{key} is lost"
                continue
            base = default.get(key) if isinstance(default, dict) else None
            yield from _different(value[key], (text or {}).get(key), base, f"{where}.{key}".lstrip("."))
    elif text is None or (text in ("null", "~", "", "Null", "NULL") and value == default):
        if value != default:
            yield f"{where}: {value!r} instead of the default {default!r}"
    elif isinstance(value, list):
        yield from _different_list(value, text, where)
    elif not same(value, text):
        yield f"{where}: {value!r} instead of {text!r}"


def _different_list(value: list[Any], text: Any, where: str) -> Iterator[str]:
    if where.endswith(".colour") and isinstance(text, str) and not text.startswith("["):
        text = [str(level) for level in ImageColor.getrgb(text)]
    if isinstance(text, str):
        split = where in ("outputs", "clips.formats")
        as_list = text.startswith("[") and not all(isinstance(one, str) for one in value)
        text = _plain(text) if as_list else [one.strip() for one in text.split(",")] if split else [text]
        text = [one for one in text if one] if split else text
    if len(text) != len(value):
        yield f"{where}: {value!r} instead of {text!r}"
        return
    for number, (one, its) in enumerate(zip(value, text, strict=True)):
        yield from _different(one, its, None, f"{where}.{number}")


def same(value: Any, text: Any) -> bool:
    """Whether a value is what a text says to a reader who knows nothing of YAML but `yes` and `no`."""
    if isinstance(value, bool):
        return str(text).lower() in (("true", "yes", "on") if value else ("false", "no", "off"))
    if isinstance(value, int | float):
        try:
            base = {"0x": 16, "0b": 2}.get(text[:2])
            return value == (int(text, base) if base else float(text.replace("_", "")))
        except ValueError:
            return False
    return bool(value == text)
