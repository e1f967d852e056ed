"""JSON documents that steps hand to each other, read back as what they are: one place says what is wrong with one.

A document is a frozen dataclass or a `TypedDict`. What its fields may hold is written in their types, below or with
`annotated_types`, and what they may hold together in `__post_init__`.
"""

from __future__ import annotations

import functools
import json
import string
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast

from annotated_types import Ge, Gt, Interval, Predicate

from objmask.errors import DataError
from objmask.files.whole import read_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def is_sha256(text: str) -> bool:
    """Whether a text is a SHA-256 in hex, lower case."""
    return len(text) == 64 and set(text) <= set(string.hexdigits.lower())


_WHOLE_LIMIT = 1 << 63
Whole = Annotated[int, Interval(ge=-_WHOLE_LIMIT, lt=_WHOLE_LIMIT)]
"""A number that arrays can hold."""
Count = Annotated[int, Interval(ge=0, lt=_WHOLE_LIMIT)]
Size = Annotated[int, Interval(ge=1, lt=_WHOLE_LIMIT)]
Share = Annotated[float, Interval(ge=0, le=1)]
Amount = Annotated[float, Ge(0)]
More = Annotated[float, Gt(0)]
Sha256 = Annotated[str, Predicate(is_sha256)]
Degrees = Literal[0, 90, 180, 270]
"""By which a picture is turned clockwise."""


def read_document(path: Path, kind: type[T], again: str) -> T:
    """Reads what `write_json` wrote of a `kind`.

    Args:
        path: the file.
        kind: dataclass or `TypedDict`.
        again: what makes the file anew, such as `run probe again`.

    Raises:
        DataError: the file is missing, was changed since it was written, or is no such document; names the field.
    """
    document = read_json(path, again)
    try:
        return typed(document, kind)
    except ValueError as error:
        raise DataError(f"{path}: {error}; {again}") from error


def typed(document: Mapping[str, Any], kind: type[T]) -> T:
    """A document of plain JSON types as a `kind`; nothing is converted but what JSON lacks (tuples, fractions).

    Raises:
        ValueError: a field is missing, unknown, of another type or impossible; names it.
    """
    from pydantic import ValidationError

    try:
        adapter = known_kind(kind)  # type: ignore[arg-type]
        return cast(T, adapter.validate_json(json.dumps(document, allow_nan=False), strict=True, extra="forbid"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        found = "" if first["type"] in ("missing", "value_error") else f", not {first['input']!r:.60}"
        said = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{f'{field}: ' if field else ''}{said}{found}") from error


@functools.cache
def known_kind(kind: type[Any]) -> TypeAdapter[Any]:
    """What reads documents of a kind; made once."""
    # Imported here: reading the workflow, and jobs that read no document, do without.
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
