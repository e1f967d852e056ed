"""What the report shows of one video, small and read once: a changed video then costs its own summary, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.classes import Palette
from objmask.detections.frames_table import FrameTable
from objmask.detections.runs import area_of, spans_in
from objmask.errors import DataError
from objmask.files.whole import write_json
from objmask.painted.objects import PaintedObject, labels_of
from objmask.painted.table import PaintedTable
from objmask.progress import Progress
from objmask.render.thumbnails import drawing, photograph, shown_size, stills
from objmask.report.bounds import BINS, FORMAT, NEAR
from objmask.report.hidden import HiddenShares
from objmask.report.jumps import Jumps
from objmask.report.telling_frames import informative
from objmask.report.timeline import Timeline, read_frames_of
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames
from objmask.video.source import OnTruncated

_ROUNDING = 1e-6
_MANY_NEAR, _ENOUGH = 0.3, 50
"""A warning is due when this share of the scores that count, or nearly, is near the threshold, and of enough scores."""


@dataclass(frozen=True)
class Shown:
    """What a video summary is to show.

    Attributes:
        palette: groups and colours.
        score: detections scoring less do not count, 0..1.
        moments: how many moments to show as pictures; the longest gap in what is hidden comes on top.
        hidden: what protected video hides; None: not known.
        protected: the protected video, whose pictures to show; None: none.
        raw: the video itself, whose pictures to show; None: none.
        on_truncated: how to read that.
    """

    palette: Palette
    score: float
    moments: int
    hidden: HiddenShares | None = None
    protected: Path | None = None
    raw: Path | None = None
    on_truncated: OnTruncated = "fail"


def write_video_summary(
    info: VideoInfo, painted: PaintedTable, coverage: Path, shown: Shown, out: Path, progress: Progress
) -> None:
    """Writes `report/<video>.json`.

    Args:
        info: of the video.
        painted: what is painted.
        coverage: the video's coverage table.
        shown: what to show.
        out: file to write.
        progress: counts frames.

    Raises:
        DataError: a table is damaged or does not belong to the others, or the protected video does not.
        VideoError: a video cannot be read.
        OSError: a file cannot be read or written.
    """
    names = [group.name for group in shown.palette.groups]
    table = painted.frames
    timeline = Timeline(len(table), names)
    seen, fraction = np.full(len(table), -1, np.int64), np.zeros((len(table), len(names)))
    row = -1
    for row, frame in enumerate(read_frames_of(coverage, names)):
        if row == len(table):
            break
        timeline.add(row, frame)
        fraction[row] = frame.fraction
        seen[row] = -1 if frame.instances < 0 else np.count_nonzero(frame.fraction)
    if row + 1 != len(table):
        raise DataError(f"{coverage}: has other frames than the detections; delete it and run coverage again")
    hidden = shown.hidden
    rows = informative(seen, fraction.sum(axis=1), shown.moments)
    if rows and hidden and hidden.worst is not None:
        rows = list(dict.fromkeys([hidden.worst, *rows]))
    jumps = Jumps(fraction, names, shown.score, (painted.height, painted.width))
    read = _read_painted(info, painted, shown, set(rows), jumps, progress)
    document = {
        "format": FORMAT,
        "video": _facts(info),
        "models": dict(painted.models),
        "frames": len(table),
        "looked_at": timeline.looked_at,
        "inferred": painted.inferred,
        "groups": timeline.groups(),
        "timeline": timeline.points(table.time_s, hidden.fraction if hidden else None),
        "hidden": hidden.to_json(read.sensitive) if hidden else None,
        "scores": read.scores.tolist(),
        "objects_a_frame": timeline.objects_a_frame(),
        "moments": [
            {**moment, "gap": True} if hidden and row == hidden.worst else moment
            for row, moment in zip(rows, _moments(info, table, shown, rows, read.moments), strict=True)
        ],
        "warnings": [
            *(hidden.warnings() if hidden else []),
            *info.warnings,
            *_warnings(info, timeline, read, shown.score),
            *jumps.warnings(table.time_s, info.duration_s),
        ],
    }
    write_json(out, document, compact=True)


def _facts(info: VideoInfo) -> dict[str, Any]:
    return {
        "sha256": info.sha256,
        "container": info.container,
        "codec": info.codec,
        "width": info.width,
        "height": info.height,
        "rotation": info.rotation,
        "rate": round(float(info.rate), 3),
        "frames": info.frames,
        "duration_s": round(info.duration_s, 3),
        "audio": len(info.audio),
        "thumb": list(shown_size(info)),
    }


@dataclass(frozen=True)
class _Read:
    """What one pass over the detections gives.

    Attributes:
        scores: (g + 1, `BINS`) detections, first those in no group.
        near: detections in groups that score within `NEAR` of the threshold.
        above: those that score at least the threshold less `NEAR`.
        sensitive: share of all pixels in which an object to hide is painted, 0..1.
        moments: of each moment's row the groups to be seen and the drawing.
    """

    scores: npt.NDArray[np.int64]
    near: int
    above: int
    sensitive: float
    moments: dict[int, dict[str, Any]]


def _read_painted(
    info: VideoInfo, painted: PaintedTable, shown: Shown, rows: set[int], jumps: Jumps, progress: Progress
) -> _Read:
    index_of = shown.palette.index_of
    counts = np.zeros((len(shown.palette.groups) + 1, BINS), np.int64)
    near = above = sensitive = 0
    to_hide = shown.hidden.objects if shown.hidden else frozenset()
    moments: dict[int, dict[str, Any]] = {}
    for row, objects in enumerate(painted.objects()):
        if objects:
            group = np.array([index_of.get(one.name, 0) for one in objects])
            # Scores are float32, where 0.3 x 20 is 6.0000004 and 0.35 x 20 is 6.9999998.
            scores = np.array([one.score for one in objects]) + _ROUNDING
            np.add.at(counts, (group, np.minimum((scores * BINS).astype(int), BINS - 1)), 1)
            counted = scores[group > 0] - shown.score
            near += int(np.count_nonzero(np.abs(counted) <= NEAR))
            above += int(np.count_nonzero(counted >= -NEAR))
        jumps.add(row, objects)
        spans = (one.visible for one in objects if one.visible and one.name in to_hide)
        sensitive += sum(area_of(spans_in(counts, painted.height, painted.width)) for counts in spans)
        if row in rows:
            moments[row] = _drawn(objects, info, shown)
        progress.step()
    pixels = len(painted) * painted.height * painted.width
    return _Read(counts, near, above, sensitive / max(pixels, 1), moments)


def _drawn(objects: Sequence[PaintedObject], info: VideoInfo, shown: Shown) -> dict[str, Any]:
    # In full size: what is seen of a small object falls between the pixels of a thumbnail, and is there all the same.
    labels = labels_of(objects, shown.palette, info.height, info.width)
    groups = [shown.palette.groups[k - 1].name for k in np.unique(labels) if k]
    small = cv2.resize(labels, shown_size(info), interpolation=cv2.INTER_NEAREST)
    return {"groups": groups, "pictures": {"masks": drawing(shown.palette.colours[small])}}


def _moments(
    info: VideoInfo, table: FrameTable, shown: Shown, rows: Sequence[int], drawn: Mapping[int, dict[str, Any]]
) -> list[dict[str, Any]]:
    """The moments in the order of `rows`, with all their pictures."""
    size, in_time = shown_size(info), sorted(rows)
    if shown.protected is not None:
        times = [Fraction(int(table.pts[row])) * table.time_base for row in in_time]
        for row, picture in zip(in_time, stills(shown.protected, times), strict=True):
            drawn[row]["pictures"]["protected"] = photograph(picture, size)
    if shown.raw is not None:
        for row in in_time:
            number = int(table.number[row])
            [frame] = read_frames(shown.raw, info, start=number, stop=number + 1, on_truncated=shown.on_truncated)
            drawn[row]["pictures"]["raw"] = photograph(frame.rgb(), size)
    return [
        {"frame": int(table.number[row]), "time_s": round(float(table.time_s[row]), 3), **drawn[row]} for row in rows
    ]


def _warnings(info: VideoInfo, timeline: Timeline, read: _Read, score: float) -> list[str]:
    """What somebody should know before trusting the results of this video; the probe's own warnings come beside."""
    found = []
    if info.truncated and not info.warnings:
        found.append("is truncated or damaged: its readable part is used")
    if info.pts_rule == "repaired" and not info.warnings:
        found.append(f"times of {info.pts_changed} frames were repaired")
    if not timeline.looked_at:
        found.append("no frame was looked at")
    elif timeline.objects_a_frame()[0] == timeline.looked_at:
        found.append("no object of any group was found in any frame")
    if read.above >= _ENOUGH and read.near >= _MANY_NEAR * read.above:
        found.append(
            f"{read.near / read.above:.0%} of the detections in groups that score at least {max(score - NEAR, 0):.3g} "
            f"score at most {score + NEAR:.3g}, so close to masks.score {score:g} that objects may come and go; "
            "compare the overlay"
        )
    return found
