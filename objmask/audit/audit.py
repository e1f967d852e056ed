"""Audits one protected video: reads it beside its source, and writes what it still shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from objmask.audit.allowed import allowed_by_frame, split_allowed
from objmask.audit.leaks import Auditor, AuditSettings, FrameAudit, Leak
from objmask.audit.moments import Moments
from objmask.audit.pairs import pairs
from objmask.audit.turns import Turns
from objmask.audit.words import NOTHING_READ, FrameWords, Words
from objmask.detections.arrays import Detections
from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError
from objmask.files.parquet import metadata_of
from objmask.files.whole import write_json
from objmask.hidden.decide import chosen_by_frame
from objmask.hidden.unhidden import Unhidden
from objmask.objects.tables import Tables, found_by_frame, model_of
from objmask.progress import Progress
from objmask.render.thumbnails import SIDE_PX, photograph
from objmask.streams.prefetch import prefetch
from objmask.video.info import VideoInfo
from objmask.video.reader import Frame

FORMAT = 4
"""Of an audit."""
_AROUND = 1.0
"""A picture shows so much around an object, share of its longer side."""
_LEAST_PX = 96
_OUTLINE = (255, 210, 0)


@dataclass(frozen=True)
class Searched:
    """A protected video that was read back.

    Attributes:
        info: of the protected video.
        frames: of it.
        tables: what each model found in it.
        words: what can be read in it; None: nobody tried.
    """

    info: VideoInfo
    frames: Iterator[Frame]
    tables: Tables
    words: Words | None = None

    def __post_init__(self) -> None:
        if self.words and self.words.protected_sha256 != self.info.sha256:
            raise DataError("words were read in another version of the protected video; run read again")

    @property
    def searched_by(self) -> list[str]:
        """What searched it, sorted."""
        models = [str(metadata_of(path).get("model")) for path, _ in self.tables]
        return sorted([*models, self.words.reader] if self.words else models)


@dataclass
class _Counts:
    """What is counted over frames."""

    leaking: list[int] = field(default_factory=list)
    review: int = 0
    allowed: int = 0
    silhouettes: int = 0
    plain: int = 0
    other: float = 0
    other_lost: float = 0
    read_frames: int = 0
    read_lines: int = 0
    words: int = 0

    def add(self, row: int, frame: FrameAudit, words: FrameWords) -> None:
        if words.here:
            self.read_frames += 1
            self.read_lines += words.lines
            self.words += len(words.found)
        self.review += bool(frame.leaks)
        self.silhouettes += frame.silhouettes
        self.plain += frame.plain
        self.other += frame.other
        self.other_lost += frame.other_lost
        if any(leak.sure for leak in frame.leaks):
            self.leaking.append(row)


def audit(
    info: VideoInfo,
    frames: Iterator[Frame],
    tables: Tables,
    protected: Searched,
    settings: AuditSettings,
    unhidden: Unhidden,
    turns: Turns | None,
    out: Path,
    progress: Progress,
) -> None:
    """Writes `audit/<video>.json`.

    Args:
        info: of the source.
        frames: of the source, those that are in the protected video.
        tables: what `protect` hid the objects of.
        protected: its result, and what was found in that.
        settings: what is looked for.
        unhidden: where `protect` hid nothing.
        turns: what is found there at other turns of the picture; None: not known.
        out: file to write.
        progress: counts frames.

    Raises:
        DataError: the frames of source, tables and protected video are not the same.
        VideoError: a video cannot be read.
        OSError: the file cannot be written.
    """
    auditor = Auditor(settings, info.height, info.width)
    moments, counts, table = Moments(settings.pictures), _Counts(), tables[0][1]
    times_s = table.time_s.tolist()
    sources = (frame for _, frame in table.matched(frames, "the source"))
    both = pairs(info, sources, protected.info, iter(protected.frames))
    read = protected.words.by_frame(table.number) if protected.words else repeat(NOTHING_READ)
    chosen, dropped = chosen_by_frame(tables, settings.hiding), allowed_by_frame(tables, settings.hiding.objects)
    searched = [model_of(path) for path, _ in protected.tables]
    again = zip(*(found_by_frame(Tables((one,))) for one in protected.tables), strict=True)
    for row, (before, after) in enumerate(prefetch(both)):
        here = next(dropped)
        listed = [auditor.listed(model, one) for model, one in zip(searched, next(again), strict=True)]
        left = [split_allowed(one, tables, here, times_s[row]) for one in listed]
        words = next(read)
        legible, may_be_read = split_allowed(words.found, tables, here, times_s[row])
        words = replace(words, found=legible)
        counts.allowed += sum(count for _, count in left) + may_be_read
        first = Detections.concatenate([one for _, one in next(chosen)])
        found_again = [*zip(searched, (one for one, _ in left), strict=True)]
        seen = auditor.judge(before.planes().y, _luma(after, info), first, found_again, words)
        counts.add(row, seen, words)
        moments.add(row, seen.leaks, lambda leak, frame=after: _picture(frame, leak))  # type: ignore[misc]
        progress.step()
    if unhidden.frames != len(table):
        raise DataError(f"{out.stem}: protect hid objects in {unhidden.frames} frames of {len(table)}; run it again")

    def at(row: int) -> tuple[int, float]:
        return int(table.number[row]), times_s[row]

    write_json(
        out,
        {
            "format": FORMAT,
            "protected_sha256": protected.info.sha256,
            "models": protected.searched_by,
            "summary": _summary(counts, table, [moment.sure for moment in moments.worst_first()]),
            "unhidden": unhidden.to_json(),
            "turns": turns.to_json() if turns else None,
            "moments": [moment.to_json(at) for moment in moments.worst_first()],
        },
    )


def _luma(frame: Frame, info: VideoInfo) -> npt.NDArray[np.uint8]:
    """Without what an encoder adds to odd sizes."""
    luma = frame.planes().y[: info.height, : info.width]
    if luma.shape != (info.height, info.width):
        raise DataError(
            f"the protected video is {luma.shape[1]}x{luma.shape[0]}, its source {info.width}x{info.height}"
        )
    return luma


def _picture(frame: Frame, leak: Leak) -> str:
    """The place of a leak in the protected video, with a frame around the object."""
    rgb = frame.rgb()
    height, width = rgb.shape[:2]
    top, left, bottom, right = (round(side * n) for side, n in zip(leak.box, (height, width) * 2, strict=True))
    line = max(1, max(bottom - top, right - left) // 64)
    cv2.rectangle(rgb, (left - line, top - line), (right + line - 1, bottom + line - 1), _OUTLINE, line)
    half = max(_LEAST_PX, (1 + 2 * _AROUND) * max(bottom - top, right - left)) / 2
    y, x = (top + bottom) / 2, (left + right) / 2
    rows = slice(max(0, round(y - half)), min(height, round(y + half)))
    columns = slice(max(0, round(x - half)), min(width, round(x + half)))
    part = rgb[rows, columns]
    scale = min(1.0, SIDE_PX / max(part.shape[:2]))
    return photograph(part, (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))))


def _summary(counts: _Counts, table: FrameTable, sure: Sequence[bool]) -> dict[str, Any]:
    frames, (length, first) = len(table), _longest(counts.leaking)
    end_pts = table.pts + table.duration_pts
    longest_s = float((end_pts[first + length - 1] - table.pts[first]) * table.time_base) if length else 0.0
    return {
        "frames": frames,
        "leaking_frames": len(counts.leaking),
        "leaking_per_1000": per_1000(len(counts.leaking), frames),
        "longest_run_frames": length,
        "longest_run_s": round(longest_s, 3),
        "longest_run_first": int(table.number[first]) if length else None,
        "other_lost": round(counts.other_lost / counts.other, 5) if counts.other else 0.0,
        "review_frames": counts.review,
        "moments": len(sure),
        "leaks": sum(sure),
        "allowed": counts.allowed,
        "silhouettes": counts.silhouettes,
        "plain": counts.plain,
        "read_frames": counts.read_frames,
        "read_lines": counts.read_lines,
        "words": counts.words,
    }


def per_1000(count: int, frames: int) -> float:
    """How many of 1,000 frames, to three digits; rounded up: one frame of a day is no 0, which would be let through."""
    return math.ceil(round(10**6 * count / frames, 3)) / 1000


def _longest(rows: Sequence[int]) -> tuple[int, int]:
    """Length and first row of the longest run of neighbours; the first of equal ones."""
    best = (0, 0)
    start = 0
    for k, row in enumerate(rows):
        if k and row != rows[k - 1] + 1:
            start = k
        best = max(best, (k - start + 1, -rows[start]))
    return best[0], -best[1]
