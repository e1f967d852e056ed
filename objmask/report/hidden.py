"""What protected video hides, frame by frame, and where it may not: the places to look at before giving it away."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.detections.runs import area_of, joined, spans_of
from objmask.hidden.causes import hides_objects
from objmask.hidden.table import HiddenTable
from objmask.hidden.unhidden import Unhidden
from objmask.progress import Progress
from objmask.report.bounds import GAP_S

LISTED = 20
"""A video summary tells the times of so many gaps."""
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
class Cost:
    """What a track costs.

    Attributes:
        model: name of the model that found it.
        track_id: its number.
        name: its class.
        fraction: share of all pixels of the video that are hidden because of it, 0..1.
        low, high: eight of ten of the scores that the network gave it are between these, 0..1; 0 where it missed it.
    """

    model: str
    track_id: int
    name: str
    fraction: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """What a video summary says of it."""
        return {
            "model": self.model,
            "track": self.track_id,
            "class": self.name,
            "fraction": round(self.fraction, 6),
            "scores": [round(self.low, 3), round(self.high, 3)],
        }


@dataclass(frozen=True)
class HiddenShares:
    """What is hidden of a video.

    Attributes:
        fraction: (n,) share of each frame that is hidden, 0..1.
        gaps: in order of time.
        unhidden: frames in which no object is hidden; zones, which always are, do not count.
        dearest: the tracks that hide most, the one that hides most first.
        objects: classes that are hidden.
    """

    fraction: npt.NDArray[np.float64]
    gaps: tuple[UnhiddenStretch, ...]
    unhidden: Unhidden
    dearest: tuple[Cost, ...]
    objects: frozenset[str]

    @property
    def worst(self) -> int | None:
        """Row in the middle of the longest gap, of equals the first; None: there is none."""
        longest = max(self.gaps, key=lambda gap: gap.length_s, default=None)
        return None if longest is None else (longest.first + longest.stop - 1) // 2

    def to_json(self, sensitive: float) -> dict[str, Any]:
        """What a video summary says of it.

        Args:
            sensitive: share of all pixels of the video in which an object to hide is painted, 0..1.
        """
        return {
            "sensitive": round(sensitive, 6),
            "mean": round(float(self.fraction.mean()), 6) if len(self.fraction) else 0.0,
            "without": self.unhidden.without,
            "nothing": {"share": self.unhidden.share, "said": self.unhidden.sentence()} if self.unhidden.part else None,
            "gaps": len(self.gaps),
            "gaps_s": [round(gap.start_s, 3) for gap in self.gaps[:LISTED]],
            "longest_s": round(max((gap.length_s for gap in self.gaps), default=0.0), 3),
            "dearest": [one.to_json() for one in self.dearest],
        }

    def warnings(self) -> list[str]:
        """What somebody should know before the protected video is given away."""
        if not self.gaps:
            return []
        times = ", ".join(dict.fromkeys(clock(gap.start_s) for gap in self.gaps[:_NAMED]))
        more = " …" if len(self.gaps) > _NAMED else ""
        return [f"hidden objects vanish for a moment at {times}{more}: look there"]


def read_hidden(hidden: HiddenTable, progress: Progress) -> HiddenShares:
    """Finds out what is hidden.

    Args:
        hidden: the table of it.
        progress: counts frames.

    Raises:
        DataError: the table is damaged.
    """
    table, blocks = hidden.frames, hidden.size[0] * hidden.size[1]
    fraction, objects = np.zeros(len(table)), np.zeros(len(table), np.bool_)
    costs: Counter[tuple[str, int, str]] = Counter()
    scores: dict[tuple[str, int, str], list[float]] = {}
    for row, areas in enumerate(hidden.areas()):
        spans = [spans_of(area.patch, hidden.size[0]) for area in areas]
        fraction[row] = area_of(joined(spans)) / blocks
        objects[row] = hides_objects(areas)
        for cause in (cause for area in areas for cause in area.causes if cause.track_id >= 0):
            key = cause.model, cause.track_id, cause.name
            costs[key] += cause.blocks
            scores.setdefault(key, []).append(cause.own_score)
        progress.step()
    gaps = tuple(gaps_in(objects, table.time_s))
    dearest = tuple(
        Cost(*key, cost / (blocks * len(table)), *(float(one) for one in np.quantile(scores[key], (0.1, 0.9))))
        for key, cost in sorted(costs.items(), key=lambda one: (-one[1], one[0]))[:_NAMED]
    )
    return HiddenShares(fraction, gaps, Unhidden.of(table, objects.tolist()), dearest, hidden.hiding.objects)


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
