"""What protected video hides, frame by frame, and where it may not: the places to look at before giving it away.

By the rules of `protect` and from the same detections, but on a small picture, where margins are a little wider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.detections.masks import Patch
from objmask.objects.tables import Tables, found_by_frame
from objmask.progress import Progress
from objmask.render.privacy import Privacy, Size
from objmask.render.unhidden import Unhidden
from objmask.report.bounds import GAP_S, NEAR
from objmask.streams.neighbours import sliding
from objmask.video.info import VideoInfo

SIDE_PX = 320
"""Longer side of the picture on which shares are counted."""
LISTED = 20
"""A video summary tells the times of so many gaps."""
_MOSTLY = 0.5
_NAMED = 5


@dataclass(frozen=True)
class UnhiddenStretch:
    """A stretch of frames in which no object is hidden, between others not long before and after in which one is.

    Attributes:
        first: row of its first frame.
        stop: row of the first frame after it.
        start_s: time of its first frame, seconds.
        length_s: until the first frame after it, seconds.
    """

    first: int
    stop: int
    start_s: float
    length_s: float


@dataclass(frozen=True)
class HiddenShares:
    """What is hidden of a video.

    Attributes:
        fraction: (n,) share of each frame that is hidden, 0..1.
        gaps: in order of time.
        unhidden: frames in which no object is hidden; zones, which always are, do not count.
        unsure: sensitive detections that score nearly enough to be hidden, and most of whose pixels are not.
    """

    fraction: npt.NDArray[np.float64]
    gaps: tuple[UnhiddenStretch, ...]
    unhidden: Unhidden
    unsure: int

    @property
    def worst(self) -> int | None:
        """Row in the middle of the longest gap, of equals the first; None: there is none."""
        longest = max(self.gaps, key=lambda gap: gap.length_s, default=None)
        return None if longest is None else (longest.first + longest.stop - 1) // 2

    def to_json(self) -> dict[str, Any]:
        """What a video summary says of it."""
        return {
            "mean": round(float(self.fraction.mean()), 6) if len(self.fraction) else 0.0,
            "without": self.unhidden.without,
            "nothing": {"share": self.unhidden.share, "said": self.unhidden.sentence()} if self.unhidden.part else None,
            "gaps": len(self.gaps),
            "gaps_s": [round(gap.start_s, 3) for gap in self.gaps[:LISTED]],
            "longest_s": round(max((gap.length_s for gap in self.gaps), default=0.0), 3),
            "unsure": self.unsure,
        }

    def warnings(self) -> list[str]:
        """What somebody should know before the protected video is given away."""
        if not self.gaps:
            return []
        times = ", ".join(dict.fromkeys(clock(gap.start_s) for gap in self.gaps[:_NAMED]))
        more = " …" if len(self.gaps) > _NAMED else ""
        return [f"hidden objects vanish for a moment at {times}{more}: look there"]


def read_hidden(info: VideoInfo, tables: Tables, hiding: Hiding, progress: Progress) -> HiddenShares:
    """Finds out what is hidden.

    Args:
        info: of the video.
        tables: detections and frames of each model whose objects are hidden.
        hiding: what is hidden.
        progress: counts frames.

    Raises:
        DataError: a table is damaged.
    """
    table, size = tables[0][1], _reduced(info)
    privacy = Privacy(hiding, size)
    nearly = Privacy(hiding.model_copy(update={"score": max(hiding.score - NEAR, 0.0), "grow": 0.0}), size)
    fraction, objects, unsure = np.zeros(len(table)), np.zeros(len(table), np.bool_), 0
    prepared = (
        (privacy.prepare(found), nearly.prepare(_under(found, hiding.score))) for found in found_by_frame(tables)
    )
    for row, (around, here) in enumerate(sliding(prepared, privacy.hold.spans(table, info.scenes(table.number)))):
        patches = [of_frame for of_frame, _ in around]
        hidden = _union(privacy.areas(patches, here), size)
        fraction[row] = hidden.mean()
        objects[row] = privacy.hides(patches)
        unsure += sum(hidden[one.rows, one.columns][one.mask].mean() < _MOSTLY for one in around[here][1])
        progress.step()
    gaps = tuple(gaps_in(objects, table.time_s))
    return HiddenShares(fraction, gaps, Unhidden.of(table, objects.tolist()), int(unsure))


def gaps_in(objects: npt.NDArray[np.bool_], times_s: npt.NDArray[np.float64]) -> list[UnhiddenStretch]:
    """Short stretches in which nothing is hidden.

    Args:
        objects: (n,) whether an object is hidden in each frame.
        times_s: (n,) when each frame is shown, rising.
    """
    found, row = [], 0
    for hidden, frames in groupby(objects.tolist()):
        first, row = row, row + len(list(frames))
        if hidden or not first or row == len(objects):
            continue
        length_s = float(times_s[row] - times_s[first])
        if length_s <= GAP_S:
            found.append(UnhiddenStretch(first, row, float(times_s[first]), length_s))
    return found


def clock(seconds: float) -> str:
    """`m:ss`, or `h:mm:ss`, of the second that it is in."""
    minutes, second = divmod(int(seconds + 1e-9), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


@dataclass(frozen=True)
class _Reduced:
    height: int
    width: int


def _reduced(info: VideoInfo) -> Size:
    scale = min(1.0, SIDE_PX / max(info.height, info.width))
    return _Reduced(max(1, round(info.height * scale)), max(1, round(info.width * scale)))


def _under(found: Detections, score: float) -> Detections:
    return found.take(np.flatnonzero(found.scores < np.float32(score)).tolist())


def _union(areas: Sequence[Patch], size: Size) -> npt.NDArray[np.bool_]:
    """The blocks of 2 x 2 pixels of a frame that are hidden."""
    hidden = np.zeros(((size.height + 1) // 2, (size.width + 1) // 2), np.bool_)
    for area in areas:
        hidden[area.rows, area.columns] |= area.mask
    return hidden
