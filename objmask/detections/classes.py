"""Classes, groups of classes that share a colour, and the palette of all groups."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.errors import ConfigError
from objmask.files.whole import parse_json
from objmask.hints import did_you_mean

BACKGROUND = "background"
MAX_GROUPS = 254
MIN_COLOUR_DISTANCE = 40
"""Two palette colours (and black) differ by at least this in one of R, G, B; closer ones cannot be told apart in a
compressed mask video."""


@dataclass(frozen=True)
class Group:
    """Classes that are painted in one colour.

    Attributes:
        name: the name in reports and CSV files.
        objects: class names.
        colour: (R, G, B), 0..255 each.
        sensitive: whether `protect` hides the objects; None = the list of sensitive objects decides.
    """

    name: str
    objects: tuple[str, ...]
    colour: tuple[int, int, int]
    sensitive: bool | None = None


@dataclass(frozen=True)
class Palette:
    """The groups in their order. `groups[k]` has index k + 1 in a painted map, and 0 is background.

    Raises:
        ConfigError: two groups share an object, a name or (nearly) a colour, or one is (nearly) black.
    """

    groups: tuple[Group, ...]

    def __post_init__(self) -> None:
        if len(self.groups) > MAX_GROUPS:
            raise ConfigError(f"groups: {len(self.groups)} groups, at most {MAX_GROUPS} are possible")
        names = [BACKGROUND, *(group.name for group in self.groups)]
        if len(set(names)) < len(names):
            raise ConfigError(f"groups: two have one name, or one is called '{BACKGROUND}'; rename it")
        if not all(0 <= level <= 255 for group in self.groups for level in group.colour):
            raise ConfigError("groups: a colour is three whole numbers in 0..255: red, green, blue")
        owner: dict[str, str] = {}
        for group in self.groups:
            for name in group.objects:
                if name in owner:
                    raise ConfigError(
                        f"groups: object '{name}' is in both '{owner[name]}' and '{group.name}'; keep it in one of them"
                    )
                owner[name] = group.name
        painted = [(BACKGROUND, (0, 0, 0)), *((g.name, g.colour) for g in self.groups)]
        for i, (name, colour) in enumerate(painted):
            for other, other_colour in painted[:i]:
                if max(abs(a - b) for a, b in zip(colour, other_colour, strict=True)) < MIN_COLOUR_DISTANCE:
                    raise ConfigError(
                        f"groups: the colours of '{other}' {list(other_colour)} and '{name}' {list(colour)} clash; "
                        f"make them differ by at least {MIN_COLOUR_DISTANCE} in red, green or blue"
                    )

    @classmethod
    def from_config(cls, groups: Mapping[str, Mapping[str, Any]]) -> Palette:
        """Makes a palette from the `groups` section of the configuration."""
        return cls(
            tuple(
                Group(name, tuple(g["objects"]), (g["colour"][0], g["colour"][1], g["colour"][2]), g.get("sensitive"))
                for name, g in groups.items()
            )
        )

    @classmethod
    def from_json(cls, text: str) -> Palette:
        """Makes a palette from the JSON of `to_json`, or from a user's JSON in the same form.

        Raises:
            ConfigError: the text is no such JSON.
        """
        try:
            groups = parse_json(text)
            for group in groups.values():
                if not isinstance(group["objects"], list) or not all(isinstance(c, int) for c in group["colour"]):
                    raise TypeError("objects must be a list, colour three whole numbers")
            return cls.from_config(groups)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ConfigError(f"groups: not the JSON of a palette ({error!r})") from error

    def to_json(self) -> str:
        """One line of JSON for the command line. It holds exactly what painting depends on."""
        return json.dumps(
            {g.name: {"objects": g.objects, "colour": g.colour} for g in self.groups},
            separators=(",", ":"),
        )

    @cached_property
    def colours(self) -> npt.NDArray[np.uint8]:
        """(groups + 1, 3) uint8 RGB by index; row 0 is black."""
        return np.array([(0, 0, 0), *(g.colour for g in self.groups)], np.uint8)

    @cached_property
    def index_of(self) -> dict[str, int]:
        """Class name -> index in a painted map (1..groups)."""
        return {name: k for k, group in enumerate(self.groups, 1) for name in group.objects}

    def hidden(self, sensitive_objects: Iterable[str]) -> frozenset[str]:
        """The classes to hide: `sensitive_objects`, unless `sensitive` of their group decides otherwise."""
        said = {name: group.sensitive for group in self.groups for name in group.objects if group.sensitive is not None}
        return frozenset(name for name in {*sensitive_objects, *said} if said.get(name, True))


def check_names(names: Iterable[str], known: Iterable[str], where: str, what: str = "object") -> None:
    """Refuses unknown names, and suggests the most similar known one.

    Args:
        names: of objects, or of other things.
        known: those that there are.
        where: they were given.
        what: they are names of.

    Raises:
        ConfigError: a name is not among `known`.
    """
    known = sorted(set(known))
    unknown = []
    for name in names:
        if name not in known:
            listed = (
                "`python -m objmask models` lists the names" if what == "object" else f"there are {', '.join(known)}"
            )
            unknown.append(f"{where}: unknown {what} '{name}'; {did_you_mean(name, known) or listed}")
    if unknown:
        raise ConfigError(*unknown)
