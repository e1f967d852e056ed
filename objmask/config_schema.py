"""A configuration beside its schema: types, defaults, and what is wrong with it in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from objmask.errors import ConfigError
from objmask.hints import did_you_mean

Schema = Mapping[str, Any]


def typed(given: Mapping[str, Any], schema_path: Path) -> dict[str, Any]:
    """A configuration with numbers and truth values where it has texts and the schema takes none.

    Snakemake's `--config 'window={end_s: 2}'` gives texts only.
    """
    schema = yaml.safe_load(schema_path.read_text(encoding="utf-8"))
    return cast(dict[str, Any], _typed(dict(given), schema, schema))


def fill(config: dict[str, Any], schema: Schema) -> None:
    """Sets the schema's defaults in place, at every depth, and makes lists of texts where lists belong."""
    _fill(config, schema, schema)


def check(config: Mapping[str, Any], schema: Schema) -> None:
    """Validates a configuration.

    Raises:
        ConfigError: one line: the key, what is wrong with it, and what is possible.
    """
    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error is not None:
        raise ConfigError(_one_line(error, schema))


def _typed(value: Any, schema: Schema, root: Schema) -> Any:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, dict):
        parts, more = schema.get("properties", {}), schema.get("additionalProperties")
        others = more if isinstance(more, dict) else {}
        return {key: _typed(item, parts.get(key, others), root) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, schema.get("items", {}), root) for item in value]
    if isinstance(value, str) and "string" not in schema.get("type", "string"):
        with suppress(yaml.YAMLError):
            return yaml.safe_load(value)
    return value


def _fill(value: Any, schema: Schema, root: Schema) -> None:
    if not isinstance(value, dict):
        return
    for key, part in schema.get("properties", {}).items():
        if "$ref" in part:
            part = root["$defs"][part["$ref"].rsplit("/", 1)[1]]
        if "default" in part and value.get(key) is None:
            value[key] = deepcopy(part["default"])
        if isinstance(value.get(key), str):
            value[key] = _listed(value[key], part)
        _fill(value.get(key), part, root)
    if isinstance(schema.get("additionalProperties"), dict):
        for part in value.values():
            _fill(part, schema["additionalProperties"], root)


def _listed(text: str, schema: Schema) -> str | list[str]:
    """A text as the list that belongs in its place; as it is where none does.

    Words to choose from are split at commas; others, such as paths, may have commas of their own.
    """
    lists = [kind for kind in schema.get("oneOf", [schema]) if "array" in kind.get("type", ())]
    items = lists[0].get("items", {}) if lists else {}
    if "enum" in items:
        return [word.strip() for word in text.split(",") if word.strip()]
    return [text] if "string" in items.get("type", ()) else text


def _one_line(error: ValidationError, root: Schema) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    schema: Any = error.schema
    prefix = f"{where}." if where else ""
    if error.validator == "additionalProperties":
        unknown = sorted(set(cast(dict[Any, Any], error.instance)) - set(schema.get("properties", {})), key=str)
        return f"config: unknown key '{prefix}{unknown[0]}'{_unknown(str(unknown[0]), schema)}"
    if error.validator == "required":
        missing = next(name for name in schema["required"] if name not in cast(dict[str, Any], error.instance))
        hints = {"videos": "a folder of videos", "models": "a model's name or file, e.g. --config model=<file.tflite>"}
        return f"config: {prefix}{missing} is missing; set it to {hints.get(missing, 'a value')}"
    message = re.sub(r"\s+", " ", error.message)[:200]
    if error.validator == "type" and "properties" in schema:
        value = repr(error.instance)[:200]
        return f"config: {where}: {value} stands where settings belong{_no_section(where, schema, root)}"
    unit = schema.get("description", "") if isinstance(schema, Mapping) else ""
    return f"config: {where}: {message}{f' ({unit})' if unit else ''}"


def _unknown(key: str, schema: Schema) -> str:
    """What to write instead of an unknown key."""
    known = schema.get("properties", {})
    section, _, inner = key.partition(".")
    if inner and "properties" in known.get(section, {}):
        return f"; write {section}: {{{inner}: …}}"
    meant = did_you_mean(key, known)
    return f"{f'; {meant}' if meant else ';'} possible: {', '.join(sorted(known))}"


def _no_section(where: str, schema: Schema, root: Schema) -> str:
    """What to write instead of one value for a whole section."""
    values = [name for name, part in root["properties"].items() if "properties" not in part]
    if meant := did_you_mean(where, values, closeness=0.8):
        return f"; {meant}"
    section = f"{{{next(iter(schema['properties']))}: …}}"
    return f"; it has {', '.join(schema['properties'])}: --config '{where}={section}', in a file {where}: {section}"
