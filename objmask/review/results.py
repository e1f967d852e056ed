"""Goes through a folder of results and gathers what is worth a look, over all videos and models."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.config.hiding import Hiding, from_options
from objmask.corrections.corrections import INSIDE, Change, Corrections, share_inside
from objmask.corrections.read import Entries, as_json
from objmask.detections.boxes import Box
from objmask.errors import ConfigError, DataError
from objmask.files.whole import read_json
from objmask.objects.tables import Tables, model_of, read_tables
from objmask.review.find import moments_of
from objmask.review.moment import Suggestion, rounded
from objmask.video.info import VideoInfo

BEYOND_S = 0.1
"""How far a suggested box reaches beyond the stretch in which an audit saw something."""
AUDITED = ("leak", "seen")
"""Kinds of moments that an audit tells."""
_COVERED = 0.5
_FRAMES = ".frames.parquet"


@dataclass(frozen=True)
class Tracked:
    """What there is of a video.

    Attributes:
        name: of the video.
        info: of the video.
        tables: tracks of each model that hides objects, with the corrections.
        hidden: what protected video hides.
    """

    name: str
    info: VideoInfo
    tables: Tables
    hidden: Hiding

    def seconds(self, frame: int) -> Fraction:
        """Presentation time of a frame; that of the nearest before it when it is not processed."""
        table = self.tables[0][1]
        row = max(int(table.number.searchsorted(frame, "right")) - 1, 0)
        return int(table.pts[row]) * table.time_base


def tracked_videos(results: Path, names: Collection[str], corrections: Mapping[str, Entries] | None) -> list[Tracked]:
    """The videos of a folder of results that have tracks, by name.

    Args:
        results: the folder.
        names: of the videos that are wanted; empty: all.
        corrections: of each video; None: those that its protected video was made with.

    Raises:
        DataError: there are no tracks, not those of a wanted video, or a file is damaged.
    """
    files: dict[str, list[Path]] = {}
    for table in sorted((results / "tracks").glob(f"*/**/*{_FRAMES}")):
        path = table.with_name(f"{table.name.removesuffix(_FRAMES)}.parquet")
        video = path.relative_to(results / "tracks").with_suffix("")
        files.setdefault(Path(*video.parts[1:]).as_posix(), []).append(path)
    for name in names or ("",):
        if name not in files and (name or not files):
            raise DataError(f"{results}/tracks: has none{f' of {name}' if name else ''}; run the workflow first")
    return [_tracked(results, name, files[name], corrections) for name in sorted(names or files)]


def review(results: Path, videos: Collection[Tracked]) -> list[Suggestion]:
    """All moments worth a look, the worst first.

    Raises:
        DataError: a file is damaged.
    """
    found = [moment for video in videos for moment in _of_video(results, video)]
    return sorted(found, key=lambda moment: moment.order)


def _tracked(results: Path, name: str, files: list[Path], corrections: Mapping[str, Entries] | None) -> Tracked:
    provenance = results / "provenance/hidden" / f"{name}.json"
    made = _made_with(provenance)
    settings = made.get("settings", {})
    used = [path for path in files if model_of(path) in made.get("models", ())] or files
    info = VideoInfo.read(results / "probe" / f"{name}.json")
    text = settings.get("corrections") if corrections is None else as_json(corrections.get(name, []))
    return Tracked(name, info, read_tables(used, info.identity, text), _hiding(provenance, settings))


def _hiding(provenance: Path, settings: Mapping[str, Any]) -> Hiding:
    """What a protected video hides; of none, what is hidden by default."""
    if settings and "hiding" not in settings:
        raise DataError(f"{provenance}: of another version of objmask; run the workflow again")
    single = {key: settings.get(f"hiding_{key}") for key in Hiding.model_fields}
    try:
        return from_options(Hiding, "hiding", settings.get("hiding"), single)
    except ConfigError as error:
        raise DataError(f"{provenance}: not what hide writes; run the workflow again ({error})") from error


def _made_with(provenance: Path) -> dict[str, Any]:
    return read_json(provenance) if provenance.exists() else {}


def _of_video(results: Path, video: Tracked) -> Iterator[Suggestion]:
    moments = [
        moment
        for file in video.tables
        for moment in moments_of(video.name, Tables((file,), video.tables.corrections), video.hidden)
    ]
    moments += audited(results / "audit" / f"{video.name}.json", video.name)
    corrections = video.tables.corrections
    return (moment for moment in moments if not _looked_after(moment, corrections))


def audited(path: Path, video: str) -> Iterator[Suggestion]:
    """What an audit found in a protected video; without an audit nothing.

    Raises:
        DataError: the audit is damaged, or no audit.
    """
    if not path.exists():
        return
    document = read_json(path, "run audit again")
    try:
        yield from [_audited(one, video) for one in document["moments"]]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not what an audit writes; run audit again ({error!r})") from error


def _audited(one: Mapping[str, Any], video: str) -> Suggestion:
    box, reach = _box(one["box"]), _box(one.get("reach", one["box"]))
    time_s, score, name = float(one["time_s"]), float(one["score"]), str(one["class"])
    leak = bool(one.get("leak", True))
    start, end = (float(one[side]["time_s"]) if side in one else time_s for side in ("first", "last"))
    span = {"from_s": max(0.0, round(start - BEYOND_S, 3)), "to_s": round(end + BEYOND_S, 3)}
    place = {"class": name, **span, "box": rounded(reach)}
    why = f": {', '.join(map(str, one['why']))}" if one.get("why") else ""
    what = f"the audit {'counts it as a leak' if leak else 'is not sure of it'}{why}"
    return Suggestion(
        worth=score + (2 if leak else 0),
        kind=str(one.get("kind", "leak" if leak else "seen")),
        what=what,
        video=video,
        frame=int(one["frame"]),
        time_s=time_s,
        box=box,
        name=name,
        score=score,
        entries=(("it can be seen", {"add": place}), ("it may be seen, or is nothing", {"allow": place})),
    )


def _box(sides: Sequence[float]) -> Box:
    ymin, xmin, ymax, xmax = (float(side) for side in sides)
    if not 0 <= ymin < ymax <= 1 or not 0 <= xmin < xmax <= 1:
        raise ValueError(f"box {sides}")
    return ymin, xmin, ymax, xmax


def _looked_after(moment: Suggestion, corrections: Corrections) -> bool:
    """Whether corrections tell of it: a box over it, its track confirmed or named, or that it may be seen."""
    for found in corrections.added_at(round(moment.time_s, 3)):
        if _inside(moment.box, found.boxes[0]) >= _COVERED:
            return True
    if moment.kind in AUDITED and any(_allows(one, moment) for one in corrections.allowed):
        return True
    return any(_names(change, moment) for change in corrections.changes)


def _allows(allowed: Change, moment: Suggestion) -> bool:
    inside = allowed.box is None or _inside(moment.box, allowed.box) >= INSIDE
    return allowed.name == moment.name and round(moment.time_s, 3) in allowed.span and inside


def _inside(box: Box, other: npt.NDArray[np.float32]) -> float:
    return share_inside(np.array(box, np.float32), other)


def _names(change: Change, moment: Suggestion) -> bool:
    mine = change.track == moment.track >= 0 and change.model in (None, moment.model)
    return mine and round(moment.time_s, 3) in change.span and (change.action == "confirm" or moment.kind == "class")
