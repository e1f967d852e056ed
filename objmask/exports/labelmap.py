"""`labelmap.txt`: which colour is which group, a line each, `name:red,green,blue::`."""

from __future__ import annotations

from objmask.detections.classes import BACKGROUND, Palette
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
        ConfigError: one has a colon or line break, or spaces around it, or begins like a comment.
    """
    for group in palette.groups:
        name = group.name
        if ":" in name or name.startswith("#") or name != name.strip() or len(name.splitlines()) != 1:
            raise ConfigError(
                f"groups.{name}: label maps allow no ':', line break, '#' first or spaces around a name; rename it"
            )
