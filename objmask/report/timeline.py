"""A video's coverage at the resolution of a screen, read from its coverage table row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.errors import DataError
from objmask.files.csv_tables import read_rows
from objmask.provenance.unchanged import refuse_changed
from objmask.report.bounds import MANY, PARTS, POINTS

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FrameCoverage:
    """One frame of a coverage table.

    Attributes:
        fraction: (g,) share of the picture of each group, 0..1.
        instances: objects in all groups; -1: the frame was not looked at, and `fraction` is 0.
    """

    fraction: Array
    instances: int


def read_frames_of(path: Path, groups: Sequence[str]) -> Iterator[FrameCoverage]:
    """Yields the frames of a file that `write_coverage` wrote, in order.

    Raises:
        DataError: it is damaged, or of other groups.
    """
    refuse_changed(path)
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            for _, of_frame in groupby(read_rows(stream), key=lambda row: row["frame"]):
                rows = list(of_frame)
                if [row["group"] for row in rows] != list(groups):
                    raise DataError(f"{path}: has other groups than were asked for; run coverage again")
                if not all(row["fraction"] for row in rows):
                    yield FrameCoverage(np.zeros(len(groups)), -1)
                    continue
                fraction = np.array([row["fraction"] for row in rows], np.float64)
                if not np.all((fraction >= 0) & (fraction <= 1)):
                    raise ValueError(f"a fraction of frame {rows[0]['frame']} is not in 0..1")
                yield FrameCoverage(fraction, sum(int(row["instances"]) for row in rows))
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not a coverage table; delete it and run again ({error})") from error


class Timeline:
    """Gathers frames: means and maxima of runs of frames, and what holds for the whole video.

    Args:
        frames: how many will come.
        groups: names of the groups.
    """

    def __init__(self, frames: int, groups: Sequence[str]) -> None:
        self._groups = groups
        self._frames, self._points = frames, min(frames, POINTS)
        self._sum = np.zeros((self._points, len(groups)))
        self._max = np.zeros((self._points, len(groups)))
        self._count = np.zeros(self._points, np.int64)
        self._seen = np.zeros(len(groups), np.int64)
        self._objects = np.zeros(MANY + 1, np.int64)

    def add(self, row: int, frame: FrameCoverage) -> None:
        """Takes the frame at `row` of the frames table."""
        if frame.instances < 0:
            return
        point = row * self._points // self._frames
        self._sum[point] += frame.fraction
        np.maximum(self._max[point], frame.fraction, out=self._max[point])
        self._count[point] += 1
        self._seen += frame.fraction > 0
        self._objects[min(frame.instances, MANY)] += 1

    @property
    def looked_at(self) -> int:
        """Frames that a network saw."""
        return int(self._count.sum())

    def objects_a_frame(self) -> list[int]:
        """Frames with 0, 1, … objects; the last item: with `MANY` or more."""
        return [int(frames) for frames in self._objects]

    def groups(self) -> list[dict[str, Any]]:
        """Of each group: name, mean and largest share of the picture, share of the frames that show it."""
        frames = max(self.looked_at, 1)
        means = self._sum.sum(0) / frames
        highest = self._max.max(0, initial=0)
        return [
            {
                "name": name,
                "mean": round(float(means[g]), 6),
                "max": round(float(highest[g]), 6),
                "present": round(float(self._seen[g] / frames), 6),
            }
            for g, name in enumerate(self._groups)
        ]

    def points(self, times_s: Array, hidden: Array | None = None) -> dict[str, Any]:
        """What is drawn: times, and of each group that was seen its means and maxima, in `PARTS` of the picture.

        Points without a frame that was looked at are left out.

        Args:
            times_s: (n,) of the frames.
            hidden: (n,) share of each frame that is hidden, of which means and minima are drawn; None: not known.
        """
        kept = np.flatnonzero(self._count)
        first = -(-kept * self._frames // max(self._points, 1))
        mean = np.rint(self._sum[kept] / self._count[kept, None] * PARTS).astype(int)
        highest = np.rint(self._max[kept] * PARTS).astype(int)
        seen = [(g, name) for g, name in enumerate(self._groups) if self._seen[g]]
        more = {} if hidden is None else {"hidden": _means_and_minima(hidden, first)}
        return {
            **more,
            "time_s": [round(float(second), 3) for second in times_s[first]],
            "mean": {name: mean[:, g].tolist() for g, name in seen},
            "max": {name: highest[:, g].tolist() for g, name in seen},
        }


def _means_and_minima(values: Array, first: npt.NDArray[np.int64]) -> dict[str, list[int]]:
    """Of the runs of values that begin at the rows `first`, in `PARTS`."""
    lengths = np.diff([*first.tolist(), len(values)])
    mean = np.add.reduceat(values, first) / lengths if len(first) else values[:0]
    lowest = np.minimum.reduceat(values, first) if len(first) else values[:0]
    return {"mean": np.rint(mean * PARTS).astype(int).tolist(), "min": np.rint(lowest * PARTS).astype(int).tolist()}
