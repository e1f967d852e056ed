"""How far measured coverage is from the truth, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objmask.coverage.intervals import Interval, block_interval, block_starts, interval_of_means

BIAS, ABSOLUTE = 0, 1
"""Places of the two errors: with its sign, and without."""


@dataclass(frozen=True)
class _Video:
    """Errors of a video's frames, or of pictures, summed over blocks; see `objmask.coverage.intervals.Blocks`."""

    block_sums: npt.NDArray[np.float64]
    block_frames: npt.NDArray[np.float64]

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """Over its frames."""
        return np.asarray(self.block_sums.sum(0) / self.block_frames.sum(), np.float64)


@dataclass(frozen=True)
class Estimate:
    """A mean and its interval, each (2 errors, scores, groups), percentage points; no interval: not a number."""

    mean: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]


class CoverageErrors:
    """Collects errors by frame; the last of the groups is their mean.

    Args:
        scores: number of score floors.
        groups: number of groups.
    """

    def __init__(self, scores: int, groups: int) -> None:
        self._shape = (2, scores, groups + 1)
        self._frames: list[npt.NDArray[np.float64]] = []
        self._videos: list[_Video] = []

    def add(self, measured: npt.NDArray[np.float64], true: npt.NDArray[np.float64]) -> None:
        """A frame.

        Args:
            measured: (scores, groups) shares of the frame, 0..1.
            true: (groups,) the same of the truth.
        """
        error = 100 * (measured - true)
        both = np.stack([error, np.abs(error)])
        self._frames.append(np.concatenate([both, both.mean(2, keepdims=True)], 2).ravel())

    def end_video(self, times_s: Sequence[float] | None) -> None:
        """What was added since the last call is a video with these times; None: pictures of their own."""
        if not self._frames:
            return
        frames = np.array(self._frames)
        starts = np.arange(len(frames)) if times_s is None else block_starts(np.asarray(times_s, np.float64))
        sums = np.add.reduceat(frames, starts, axis=0)
        self._videos.append(_Video(sums, np.diff([*starts.tolist(), len(frames)]).astype(np.float64)))
        self._frames = []

    def estimate(self) -> Estimate:
        """Means over videos, each of which counts as one, however long; over pictures when there is one set of them.

        Intervals resample videos and blocks of neighbouring frames in each, or pictures; as `objmask.coverage.summary`.
        """
        if not self._videos:
            nothing = np.full(self._shape, np.nan)
            return Estimate(nothing, nothing, nothing)
        mean = np.mean([video.mean for video in self._videos], 0)
        one = len(self._videos) == 1
        interval: Interval = block_interval(self._videos[0]) if one else interval_of_means(self._videos)
        low, high = (np.full(mean.shape, np.nan) if end is None else end for end in interval)
        return Estimate(*(values.reshape(self._shape) for values in (mean, low, high)))
