"""Settings as people write them in YAML or JSON: texts stay what was typed, and nothing is lost without a word.

YAML takes `2024_05_01` for a number and `no` for false. Whether a word without quotes is meant as a text, the schema
decides (`objmask.config.schema.typed`), so its text comes along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from objmask.errors import ConfigError

_MOST_BYTES = 5_000_000
_MOST_VALUES = 100_000
"""Aliases (`*name`) can make a file of a few lines stand for more than any memory holds."""
_DEEPEST = 50
_EXPONENT = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+")
"""Numbers of JSON that YAML takes for texts."""
_OTHER_BASE = re.compile(r"[-+]?0[0-7_]+|[-+]?[0-9_]+:[0-9_:.]+")
"""Numbers of YAML that are others to people: `010` is 8, and `16:9` is 969."""
_MERGE = "tag:yaml.org,2002:merge"
_TEXT = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp"})
_KNOWN = _TEXT | {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "merge", "map", "seq")}

_DEEPEST = 100
"""Levels of lists and sections; settings have six."""


class Plain(str):
    """A word without quotes.

    Attributes:
        value: what YAML takes it for.
    """

    value: Any

    @classmethod
    def of(cls, text: str, value: Any) -> Plain:
        """A word, and its value."""
        plain = cls(text)
        plain.value = value
        return plain


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of a file of YAML or JSON, with a `Plain` for every word without quotes.

    Raises:
        ConfigError: it cannot be read, is neither, has one key twice, or no keys at all; one line.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{path}: larger than any configuration ({_MOST_BYTES} bytes); give another file")
        settings = parse_settings(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text in UTF-8 (at byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not YAML that objmask can use: {error}") from error
    if settings is None or (isinstance(settings, Plain) and settings.value is None):
        raise ConfigError(f"{path}: no settings in it; expected `key: value` lines as in config.yaml")
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: keys are missing; expected `key: value` lines as in config.yaml")
    return settings


def parse_settings(text: str) -> Any:
    """What a text of YAML or JSON holds, with a `Plain` for every word without quotes; None: nothing.

    Raises:
        ValueError: it is neither, or has one key twice.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, **_NUMBERS)
        return Plain.of("null", None) if found is None else _shallow(found)
    except (_TwiceError, _DeepError):
        raise
    except ValueError:
        pass
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else _shallow(_Reader(loader).value(node))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(_reason(error)) from error


def _shallow(found: Any) -> Any:
    """The same; what is read further calls itself once a level, and where that ends differs between Pythons."""
    level = [found]
    for _ in range(_DEEPEST):
        sections = [one.values() for one in level if isinstance(one, dict)]
        level = [child for inner in (*sections, *(one for one in level if isinstance(one, list))) for child in inner]
        if not level:
            return found
    raise _DeepError("it is nested too deeply")


class _DeepError(ValueError):
    """More than `_DEEPEST` levels."""


class _TwiceError(ValueError):
    """One key is there twice."""


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(f"'{key}' is there twice; keep one of them")
        found[key] = value
    return found


_NUMBERS: Mapping[str, Any] = {
    "parse_int": lambda text: Plain.of(text, float(text) if len(text) > 100 else int(text)),
    "parse_float": lambda text: Plain.of(text, float(text)),
    "parse_constant": lambda text: Plain.of(text, float(text)),
}


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    problem = getattr(error, "problem", None) or str(error)
    tabs = "; indent with spaces, not tabs" if "'\\t'" in problem else ""
    return f"{where}{problem}{tabs}"[:300]


class _Loader(yaml.SafeLoader):
    """Makes nodes of YAML, at most so deep."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As in the base class."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {_DEEPEST} deep")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Reader:
    """Makes values of nodes, at most so many and so deep."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._values = 0

    def value(self, node: yaml.Node, depth: int = 0) -> Any:
        """The value of a node."""
        self._values += 1
        if self._values > _MOST_VALUES:
            raise yaml.YAMLError("its aliases (*name) stand for more than it can hold; write less")
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {_DEEPEST} deep, or holds itself (*name)")
        if node.tag not in _KNOWN:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: {node.tag} is not taken; write the value itself")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        if getattr(node, "style", None) is not None:
            return text
        if _OTHER_BASE.fullmatch(text):
            return Plain.of(text, text)
        if node.tag in _TEXT:
            return Plain.of(text, float(text) if _EXPONENT.fullmatch(text) else text)
        try:
            return Plain.of(text, self._loader.construct_object(node))
        except (ValueError, KeyError, OverflowError):
            return Plain.of(text, text)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, item in node.value:
            if key.tag == _MERGE:
                for part in self._merged(item, depth):
                    merged = {**part, **merged}
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: a key is one word, or a text in quotes")
            name = str(key.value)
            if name in found:
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: '{name}' is there twice; keep one of them")
            found[name] = self.value(item, depth + 1)
        return {**merged, **found}

    def _merged(self, node: yaml.Node, depth: int) -> Iterator[dict[str, Any]]:
        for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(one, yaml.MappingNode):
                raise yaml.YAMLError(f"line {one.start_mark.line + 1}: `<<` takes the keys of another section only")
            yield self.value(one, depth + 1)
