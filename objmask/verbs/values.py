"""Settings from options that several verbs share. `objmask.verbs.options` declares the options."""

from __future__ import annotations

import argparse
from typing import Any

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


def hidden_objects(options: argparse.Namespace) -> frozenset[str]:
    """`--objects`.

    Raises:
        ConfigError: not a list of names.
    """
    names = parse_json(options.objects, "--objects")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError('--objects: expected a list of names, e.g. ["person", "laptop"]')
    return frozenset(names)


def hidden_zones(options: argparse.Namespace) -> tuple[tuple[tuple[float, float], ...], ...]:
    """`--zones`.

    Raises:
        ConfigError: not polygons on the frame.
    """
    try:
        zones = tuple(tuple((float(x), float(y)) for x, y in zone) for zone in parse_json(options.zones, "--zones"))
    except (TypeError, ValueError):
        zones = ((),)
    if any(len(zone) < 3 or not all(0 <= share <= 1 for corner in zone for share in corner) for zone in zones):
        raise ConfigError("--zones: expected polygons of at least three corners, [[[x, y], …], …], shares 0..1")
    return zones
