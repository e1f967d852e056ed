"""What the report shows of one video, small and read once: a changed video then costs its own summary, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.detections.classes import Palette
from objmask.detections.masks import paint
from objmask.errors import DataError
from objmask.files.parquet import metadata_of
from objmask.files.whole import write_json
from objmask.objects.tables import Tables, objects_by_frame
from objmask.progress import Progress
from objmask.render.thumbnails import drawing, photograph, shown_size, stills
from objmask.report.bounds import BINS, FORMAT, NEAR
from objmask.report.hidden import HiddenShares
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
        threshold: mask probability of an object's pixels, 0..1.
        moments: how many moments to show as pictures; the longest gap in what is hidden comes on top.
        hidden: what protected video hides; None: not known.
        protected: the protected video, whose pictures to show; None: none.
        raw: the video itself, whose pictures to show; None: none.
        on_truncated: how to read that.
    """

    palette: Palette
    score: float
    threshold: float
    moments: int
    hidden: HiddenShares | None = None
    protected: Path | None = None
    raw: Path | None = None
    on_truncated: OnTruncated = "fail"


def write_video_summary(
    info: VideoInfo, tables: Tables, coverage: Path, shown: Shown, out: Path, progress: Progress
) -> None:
    """Writes `report/<video>.json`.

    Args:
        info: of the video.
        tables: detections and frames of each model that is painted.
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
    table = tables[0][1]
    timeline = Timeline(len(table), names)
    seen, filled = np.full(len(table), -1, np.int64), np.zeros(len(table))
    row = -1
    for row, frame in enumerate(read_frames_of(coverage, names)):
        if row == len(table):
            break
        timeline.add(row, frame)
        filled[row] = frame.fraction.sum()
        seen[row] = -1 if frame.instances < 0 else np.count_nonzero(frame.fraction)
    if row + 1 != len(table):
        raise DataError(f"{coverage}: has other frames than the detections; delete it and run coverage again")
    hidden = shown.hidden
    rows = informative(seen, filled, shown.moments)
    if rows and hidden and hidden.worst is not None:
        rows = list(dict.fromkeys([hidden.worst, *rows]))
    read = _read_detections(info, tables, shown, set(rows), progress)
    document = {
        "format": FORMAT,
        "video": _facts(info),
        "models": {str(data.get("model")): str(data.get("model_sha256")) for data in map(metadata_of, _files(tables))},
        "frames": len(table),
        "looked_at": timeline.looked_at,
        "inferred": int(np.logical_and.reduce([one.inferred for _, one in tables]).sum()),
        "groups": timeline.groups(),
        "timeline": timeline.points(table.time_s, hidden.fraction if hidden else None),
        "hidden": hidden.to_json() if hidden else None,
        "scores": read.scores.tolist(),
        "objects_a_frame": timeline.objects_a_frame(),
        "moments": [
            {**moment, "gap": True} if hidden and row == hidden.worst else moment
            for row, moment in zip(rows, _moments(info, tables, shown, rows, read.moments), strict=True)
        ],
        "warnings": [
            *(hidden.warnings() if hidden else []),
            *info.warnings,
            *_warnings(info, timeline, read, shown.score),
        ],
    }
    write_json(out, document, compact=True)


def _files(tables: Tables) -> Iterator[Path]:
    return (path for path, _ in tables)


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
        moments: of each moment's row the groups to be seen and the drawing.
    """

    scores: npt.NDArray[np.int64]
    near: int
    above: int
    moments: dict[int, dict[str, Any]]


def _read_detections(info: VideoInfo, tables: Tables, shown: Shown, rows: set[int], progress: Progress) -> _Read:
    index_of = shown.palette.index_of
    counts = np.zeros((len(shown.palette.groups) + 1, BINS), np.int64)
    near = above = 0
    moments: dict[int, dict[str, Any]] = {}
    for row, found in enumerate(objects_by_frame(tables)):
        if len(found):
            group = np.array([index_of.get(name, 0) for name in found.classes])
            # Scores are float32, where 0.3 x 20 is 6.0000004 and 0.35 x 20 is 6.9999998.
            scores = found.scores.astype(np.float64) + _ROUNDING
            np.add.at(counts, (group, np.minimum((scores * BINS).astype(int), BINS - 1)), 1)
            counted = scores[group > 0] - shown.score
            near += int(np.count_nonzero(np.abs(counted) <= NEAR))
            above += int(np.count_nonzero(counted >= -NEAR))
        if row in rows:
            moments[row] = _drawn(found, info, shown)
        progress.step()
    return _Read(counts, near, above, moments)


def _drawn(found: Detections, info: VideoInfo, shown: Shown) -> dict[str, Any]:
    # In full size: what is seen of a small object falls between the pixels of a thumbnail, and is there all the same.
    labels, _ = paint(found.select(score=shown.score), shown.palette, info.height, info.width, shown.threshold)
    groups = [shown.palette.groups[k - 1].name for k in np.unique(labels) if k]
    small = cv2.resize(labels, shown_size(info), interpolation=cv2.INTER_NEAREST)
    return {"groups": groups, "pictures": {"masks": drawing(shown.palette.colours[small])}}


def _moments(
    info: VideoInfo, tables: Tables, shown: Shown, rows: Sequence[int], drawn: Mapping[int, dict[str, Any]]
) -> list[dict[str, Any]]:
    """The moments in the order of `rows`, with all their pictures."""
    table, size, in_time = tables[0][1], shown_size(info), sorted(rows)
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
