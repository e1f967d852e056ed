"""The settings as JSON schema, in the form in which a mistake is one line.

Pydantic writes each kind of value that a setting takes apart, and each section elsewhere; a mistake would then be said
of every kind. Here kinds whose keywords do not collide are one, and sections stand in their places.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from objmask.config.settings import Settings

Schema = Mapping[str, Any]


class _InOrder(GenerateJsonSchema):
    """Keys of defaults stay in the order in which people read them."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        """As in the base class."""
        return value


@cache
def the_schema() -> Schema:
    """The JSON schema of `Settings`; not to be changed."""
    whole = Settings.model_json_schema(schema_generator=_InOrder)
    return _plain(whole, whole.pop("$defs"))


def _plain(part: Schema, sections: Mapping[str, Schema]) -> dict[str, Any]:
    plain = {**sections[part["$ref"].rsplit("/", 1)[1]], **part} if "$ref" in part else dict(part)
    plain.pop("$ref", None)
    plain.pop("title", None)
    if kinds := [_plain(kind, sections) for kind in plain.pop("anyOf", ())]:
        plain = {**plain, **(_in_one(kinds) or {"oneOf": kinds})}
    if "enum" in plain or "const" in plain:
        del plain["type"]  # else a number where a word belongs would be two mistakes
    # Names that a user chooses: one that cannot be is a mistake of its own, and no unknown key.
    for pattern, value in plain.pop("patternProperties", {}).items():
        plain["propertyNames"] = {"type": "string", "pattern": pattern, **plain.get("propertyNames", {})}
        plain["additionalProperties"] = value
    for name in ("items", "additionalProperties"):
        if isinstance(plain.get(name), Mapping):
            plain[name] = _plain(plain[name], sections)
    if "properties" in plain:
        plain["properties"] = {key: _plain(value, sections) for key, value in plain["properties"].items()}
    return plain


def _in_one(kinds: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Kinds of values as one of several types; None: a keyword would count for two of them, or one has no type."""
    keywords = [key for kind in kinds for key in kind if key != "type"]
    if len(keywords) > len(set(keywords)) or any("type" not in kind for kind in kinds):
        return None
    return {**{key: value for kind in kinds for key, value in kind.items()}, "type": [kind["type"] for kind in kinds]}


def said_of(part: Schema) -> tuple[str, ...]:
    """What is said of a setting, a line a paragraph: its comment, then what only the documentation adds."""
    return tuple(" ".join(paragraph.split()) for paragraph in part.get("description", "").split("\n\n") if paragraph)
