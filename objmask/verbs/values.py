"""Settings from options that several verbs share. `objmask.verbs.options` declares the options."""

from __future__ import annotations

import argparse
from typing import Any

from pydantic import TypeAdapter, ValidationError

from objmask.config.hiding import HiddenLook, Hiding, Values, from_options
from objmask.detections.counting import Counting
from objmask.errors import ConfigError
from objmask.files.whole import parse_json as parse


def parse_json(text: str, what: str) -> Any:
    """JSON from the command line.

    Raises:
        ConfigError: it is not JSON.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"{what}: not JSON ({error})") from error


def hiding_of(options: argparse.Namespace) -> Hiding:
    """What `add_hiding` was told.

    Raises:
        ConfigError: a value that cannot be; a line for each.
    """
    return _values(options, Hiding, "hiding")


def counting_from(text: str | None) -> dict[str, Counting]:
    """What `--counting` says, by name of the model.

    Raises:
        ConfigError: it is no such JSON.
    """
    try:
        return TypeAdapter(dict[str, Counting]).validate_python(parse_json(text, "--counting") if text else {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"--counting: {where}: {first['msg']}") from error


def look_of(options: argparse.Namespace) -> HiddenLook:
    """What `add_look` was told.

    Raises:
        ConfigError: a value that cannot be; a line for each.
    """
    return _values(options, HiddenLook, "look")


def _values(options: argparse.Namespace, kind: type[Values], name: str) -> Values:
    single = {key: getattr(options, f"{name}_{key}", None) for key in kind.model_fields}
    return from_options(kind, name, getattr(options, name), single)
