"""Videos that turned out to be unusable, whichever step noticed: later runs leave them out from the start.

A note on a video holds while its bytes, the settings and the code that it failed with are the same; then it is tried
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from objmask.errors import DataError
from objmask.files.whole import read_json, write_json
from objmask.inputs.index import InputVideo
from objmask.provenance.record import code_digest
from objmask.provenance.versions import settings_digest, versions

_DECIDE = {"probe": ("on_truncated",)}
"""The settings that decide whether a rule can use a video; for other rules all that are not below."""
_DECIDE_NOTHING = frozenset({"videos", "mirror", "models", "device", "corrections", "on_unreadable", "report"})


@dataclass(frozen=True)
class Unusable:
    """Why a video cannot be used.

    Attributes:
        sha256: of its bytes, hex.
        rule: the step that noticed.
        verb: what that step runs.
        circumstances: digest of the settings, the code and the library that it failed with.
        reason: one line that names no places.
    """

    sha256: str
    rule: str
    verb: str
    circumstances: str
    reason: str


def note(video: InputVideo, rule: str, verb: str, reason: str, config: Mapping[str, Any]) -> Unusable:
    """What to remember of a video that a step could not use under a configuration."""
    return Unusable(video.sha256, rule, verb, _circumstances(rule, verb, config), video.without_place(reason))


def known_unusable(file: Path, videos: Iterable[InputVideo], config: Mapping[str, Any]) -> dict[str, Unusable]:
    """The notes that hold, by video.

    Args:
        file: where `remember` put them; need not exist, and what is damaged in it is forgotten.
        videos: as they are now.
        config: complete.
    """
    notes = _read(file)
    found = ((video, notes.get(video.name)) for video in videos)
    return {
        video.name: one
        for video, one in found
        if one and one.sha256 == video.sha256 != "" and one.circumstances == _circumstances(one.rule, one.verb, config)
    }


def why_excluded(
    videos: Sequence[InputVideo], noted: Mapping[str, Unusable], earlier: Mapping[str, str], config: Mapping[str, Any]
) -> dict[str, str]:
    """Why each video that is left out by `on_unreadable: exclude` is; no places, and nothing of videos that are gone.

    Args:
        videos: as they are now.
        noted: what `known_unusable` says of them.
        earlier: reasons that earlier passes of this run found, which hold to its end.
        config: complete.
    """
    if config["on_unreadable"] != "exclude":
        return {}
    seen = {video.name: video.unusable for video in videos if video.unusable}
    found = {**{name: one.reason for name, one in noted.items()}, **seen, **earlier}
    return {video.name: found[video.name] for video in videos if video.name in found}


def remember(file: Path, notes: Mapping[str, Unusable]) -> None:
    """Writes notes, by video, in place of those that are there.

    Raises:
        OSError: the file cannot be written.
    """
    write_json(file, {name: asdict(one) for name, one in notes.items()})


def _circumstances(rule: str, verb: str, config: Mapping[str, Any]) -> str:
    names = _DECIDE.get(rule) or config.keys() - _DECIDE_NOTHING
    settings = {name: config[name] for name in names}
    try:
        return settings_digest({"code": code_digest(verb), "settings": settings, "versions": versions("av")})
    except OSError:
        return ""  # a verb that is no more; and no digest


def _read(file: Path) -> dict[str, Unusable]:
    try:
        return {name: Unusable(**one) for name, one in read_json(file).items()}
    except (DataError, TypeError):
        return {}
