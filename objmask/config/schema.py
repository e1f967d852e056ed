"""A configuration beside the schema of the settings: types, defaults, and what is wrong with it in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from objmask.config.files import Plain, parse_settings
from objmask.config.json_schema import Schema, said_of, the_schema
from objmask.errors import ConfigError
from objmask.hints import did_you_mean

_HINTS = {"videos": "a folder of videos", "models": "a model's name or file, e.g. --config model=<file.tflite>"}


def typed(given: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration in which each word is what the schema takes there: a text as it was typed, else its value.

    Words without quotes come as `Plain`; a text in whose place none may stand is read as YAML.
    """
    return cast(dict[str, Any], _typed(dict(given), the_schema()))


def only_texts() -> frozenset[str]:
    """The keys whose values can be nothing but texts."""
    parts = {"model": {"type": "string"}, **the_schema()["properties"]}
    return frozenset(key for key, part in parts.items() if "string" in part.get("type", ()) and "enum" not in part)


def fill(config: dict[str, Any]) -> None:
    """Sets the defaults in place, at every depth, and makes lists of texts where lists belong."""
    _fill(config, the_schema())


def check(config: Mapping[str, Any]) -> None:
    """Validates a configuration.

    Raises:
        ConfigError: a line for each mistake: the key, what is wrong with it, and what is possible.
    """
    schema = the_schema()
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=_place)
    nearest = [cast(ValidationError, best_match(iter([error]))) for error in errors]
    if lines := dict.fromkeys(line for error in nearest for line in _lines(error)):
        raise ConfigError(*lines)


def _typed(value: Any, schema: Schema) -> Any:
    kinds = _kinds(schema)
    if isinstance(value, dict):
        kind = next((one for one in kinds if "object" in one.get("type", ())), {})
        parts, more = kind.get("properties", {}), kind.get("additionalProperties")
        others = more if isinstance(more, dict) else {}
        return {key: _setting(item, parts.get(key, others)) for key, item in value.items()}
    if isinstance(value, list):
        kind = next((one for one in kinds if "array" in one.get("type", ())), {})
        return [_typed(item, kind.get("items", {})) for item in value]
    if not isinstance(value, str):
        return value
    if any(_takes(one, value) for one in kinds):
        return str(value)
    if isinstance(value, Plain):
        return value.value
    with suppress(ValueError):
        parsed = parse_settings(value)
        return value if parsed is None else _typed(parsed, schema)
    return value


def _setting(value: Any, schema: Schema) -> Any:
    """The value of a key; a key without one (`key:`, `key: null`) is not set."""
    return None if isinstance(value, Plain) and value.value is None else _typed(value, schema)


def _kinds(schema: Schema) -> list[Schema]:
    """What may stand in a place, each kind for itself."""
    return list(schema.get("oneOf", [schema]))


def _takes(kind: Schema, text: str) -> bool:
    """Whether a text may stand there, itself or as a list of one."""
    if "enum" in kind or "const" in kind:
        return text in kind.get("enum", [kind.get("const")])
    if "array" in kind.get("type", ()) and any(_takes(one, text) for one in _kinds(kind.get("items", {}))):
        return True
    return "string" in kind.get("type", "string")


def _fill(value: Any, schema: Schema) -> None:
    if not isinstance(value, dict):
        return
    for key, part in schema.get("properties", {}).items():
        if "default" in part and value.get(key) is None:
            value[key] = deepcopy(part["default"])
        if isinstance(value.get(key), str):
            value[key] = _listed(value[key], part)
        _fill(value.get(key), part)
    if isinstance(schema.get("additionalProperties"), dict):
        for part in value.values():
            _fill(part, schema["additionalProperties"])


def _listed(text: str, schema: Schema) -> str | list[str]:
    """A text as the list that belongs in its place; as it is where none does.

    Words to choose from are split at commas; others, such as paths, may have commas of their own.
    """
    lists = [kind for kind in schema.get("oneOf", [schema]) if "array" in kind.get("type", ())]
    items = lists[0].get("items", {}) if lists else {}
    if "enum" in items:
        return [word.strip() for word in text.split(",") if word.strip()]
    return [text] if "string" in items.get("type", ()) else text


def _place(error: ValidationError) -> list[str]:
    return [str(part) for part in error.absolute_path]


def _lines(error: ValidationError) -> Iterator[str]:
    where = ".".join(str(part) for part in error.absolute_path)
    schema: Any = error.schema
    prefix = f"{where}." if where else ""
    if error.validator == "additionalProperties":
        unknown = sorted(set(cast(dict[Any, Any], error.instance)) - set(schema.get("properties", {})), key=str)
        yield from (f"config: unknown key '{prefix}{name}'{_unknown(str(name), schema)}" for name in unknown)
        return
    if error.validator == "required":
        missing = [name for name in schema["required"] if name not in cast(dict[str, Any], error.instance)]
        yield from (f"config: {prefix}{name} is missing; set it to {_HINTS.get(name, 'a value')}" for name in missing)
        return
    message = re.sub(r"\s+", " ", error.message)[:200]
    if error.validator == "type" and "properties" in schema:
        value = repr(error.instance)[:200]
        yield f"config: {where}: {value} stands where settings belong{_no_section(where, schema)}"
        return
    unit = ". ".join(said_of(schema)) if isinstance(schema, Mapping) else ""
    yield f"config: {where}: {message}{f' ({unit})' if unit else ''}"


def _unknown(key: str, schema: Schema) -> str:
    """What to write instead of an unknown key."""
    known = schema.get("properties", {})
    section, _, inner = key.partition(".")
    if inner and "properties" in known.get(section, {}):
        return f"; write {section}: {{{inner}: …}}"
    meant = did_you_mean(key, known)
    return f"{f'; {meant}' if meant else ';'} possible: {', '.join(sorted(known))}"


def _no_section(where: str, schema: Schema) -> str:
    """What to write instead of one value for a whole section."""
    values = [name for name, part in the_schema()["properties"].items() if "properties" not in part]
    if meant := did_you_mean(where, values, closeness=0.8):
        return f"; {meant}"
    section = f"{{{next(iter(schema['properties']))}: …}}"
    return f"; it has {', '.join(schema['properties'])}: --config '{where}={section}', in a file {where}: {section}"
