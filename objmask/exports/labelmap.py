"""`labelmap.txt`: which colour is which group, a line each, `name:red,green,blue::`."""

from __future__ import annotations

from objmask.classes import BACKGROUND, Palette
from objmask.errors import ConfigError

LABELMAP = "labelmap.txt"


def labelmap(palette: Palette) -> str:
    """The file's text; line k is index k, black background first.

    Raises:
        ConfigError: a group's name cannot be written in such a file.
    """
    check_group_names(palette)
    names = [BACKGROUND, *(group.name for group in palette.groups)]
    return "".join(
        f"{name}:{','.join(map(str, colour))}::\n" for name, colour in zip(names, palette.colours.tolist(), strict=True)
    )


def check_group_names(palette: Palette) -> None:
    """Checks that every group's name can be written in a label map.

    Raises:
        ConfigError: one has a colon, or spaces around it, or begins like a comment.
    """
    for group in palette.groups:
        if ":" in group.name or group.name.startswith("#") or group.name != group.name.strip():
            raise ConfigError(
                f"groups.{group.name}: label maps allow no ':', '#' first or spaces around a name; rename it"
            )
