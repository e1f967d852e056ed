"""The scores that the network itself gave to the objects of a tracks file, over the whole video."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import read_scores
from objmask.detections.frames_table import FrameTable

NEAR_S = 0.5
"""What is near in time, seconds before and after."""


@dataclass(frozen=True)
class OwnScores:
    """Where each track was found, and with which score.

    Attributes:
        times_s: (n,) seconds, of all frames of the video.
        looked: (n + 1,) how many of the frames before each row the network saw.
        of: rows of the frames in which a track was found, rising, and the sums of its scores before each of them,
            by its number.
    """

    times_s: npt.NDArray[np.float64]
    looked: npt.NDArray[np.int64]
    of: dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]

    @classmethod
    def read(cls, path: Path, table: FrameTable) -> OwnScores:
        """Reads a tracks file.

        Raises:
            DataError: the file is damaged.
        """
        columns = read_scores(path).to_pydict()
        frame, track, carried, score = (np.array(columns[name]) for name in columns)
        own = (carried == 0) & (track >= 0)
        rows, track, score = np.searchsorted(table.number, frame[own]), track[own], score[own].astype(np.float64)
        order = np.lexsort((-score, rows, track))
        rows, track, score = rows[order], track[order], score[order]
        # Of several detections of a track in one frame the best counts.
        first = (np.diff(track, prepend=-1) != 0) | (np.diff(rows, prepend=-1) != 0)
        rows, track, score = rows[first], track[first], score[first]
        starts = np.flatnonzero(np.diff(track, prepend=-1)).tolist()
        of = {
            int(track[start]): (rows[start:stop], np.append(0.0, np.cumsum(score[start:stop])))
            for start, stop in pairwise([*starts, len(track)])
        }
        return cls(table.time_s, np.append(0, np.cumsum(table.inferred)), of)

    def mean(self, track: int, row: int) -> float:
        """The mean own score of a track near a frame, 0..1; where the network missed it, it is 0."""
        low = int(np.searchsorted(self.times_s, self.times_s[row] - NEAR_S))
        stop = int(np.searchsorted(self.times_s, self.times_s[row] + NEAR_S, "right"))
        looked = int(self.looked[stop] - self.looked[low])
        if track not in self.of or not looked:
            return 0.0
        rows, sums = self.of[track]
        first, last = np.searchsorted(rows, (low, stop))
        return float(sums[last] - sums[first]) / looked
