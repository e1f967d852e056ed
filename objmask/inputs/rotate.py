"""By how much the setting `rotate` turns each video."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from objmask.errors import ConfigError
from objmask.files.documents import Degrees
from objmask.hints import did_you_mean

Rotate = Degrees | Mapping[str, Degrees]
"""One for all videos, or by name or pattern."""


def rotations(rotate: Rotate, names: Sequence[str]) -> dict[str, int]:
    """Degrees clockwise by which each video is turned, by its name; videos that are not turned are left out.

    A video's own name counts before patterns. Names are the same however Unicode composes them.

    Args:
        rotate: the setting. In a pattern `*` stands for any characters, also `/`, `?` for one, `[ab]` for one of some.
        names: of all videos.

    Raises:
        ConfigError: a name or pattern is no video's, or two patterns say different things of one; a line each.
    """
    if not isinstance(rotate, Mapping):
        return dict.fromkeys(names, int(rotate)) if rotate else {}
    own = {_composed(name): name for name in names}
    said: dict[str, list[str]] = {}
    mistakes: list[str] = []
    # Names first: what they say of their videos stands.
    for key in sorted(rotate, key=lambda key: _composed(key) not in own):
        composed = _composed(key)
        matching = [own[composed]] if composed in own else [own[one] for one in own if fnmatchcase(one, composed)]
        if not matching:
            hint = did_you_mean(key, names) or "names are paths below the input folder, without suffix"
            mistakes.append(f"rotate: '{key}' is the name of no video, and no pattern that one matches; {hint}")
        for name in matching:
            said.setdefault(name, []).append(key)
    for name, (first, *others) in said.items():
        other = next((key for key in others if rotate[key] != rotate[first]), None)
        if other is not None and _composed(first) != _composed(name):
            mistakes.append(
                f"rotate: of '{name}', '{first}' says {rotate[first]} and '{other}' says {rotate[other]}; write the "
                "video's own name, which counts before patterns"
            )
    if mistakes:
        raise ConfigError(*mistakes)
    # YAML's 90.0 is as good as 90.
    return {name: int(rotate[keys[0]]) for name, keys in said.items() if rotate[keys[0]]}


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
