"""Intervals by resampling: videos, and within each blocks of neighbouring frames, which are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

BLOCK_S = 2.0
"""Neighbouring frames are alike; blocks of this length count as independent in the intervals."""
RESAMPLES = 1000
LEVEL = 0.95
MIN_VIDEOS = MIN_BLOCKS = 3
_SEED = 0
_DRAWS_PER_VIDEO = 200
Interval = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | tuple[None, None]
"""(g,) low and high, or none where there is too little to resample."""


class Blocks(Protocol):
    """Values of one video's frames, summed over blocks."""

    @property
    def block_sums(self) -> npt.NDArray[np.float64]:
        """(b, g) summed value of each block."""

    @property
    def block_frames(self) -> npt.NDArray[np.float64]:
        """(b,) frames of each block."""


def block_starts(times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Index of the first frame of each block of at least `BLOCK_S`; a rest that is shorter joins the block before."""
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    length_s = BLOCK_S - 1e-6  # the times are written with six decimals
    starts = [0]
    while (row := int(np.searchsorted(times_s, times_s[starts[-1]] + length_s))) < len(times_s):
        starts.append(row)
    if len(starts) > 1 and times_s[-1] + step - times_s[starts[-1]] < length_s:
        starts.pop()
    return np.array(starts, np.intp)


def interval_of_means(videos: Sequence[Blocks]) -> Interval:
    """Of the mean of several videos' means."""
    if len(videos) < MIN_VIDEOS:
        return None, None
    rng = np.random.default_rng(_SEED)
    draws = np.stack([_block_draws(v, _DRAWS_PER_VIDEO, rng) for v in videos])
    means = np.empty((RESAMPLES, draws.shape[2]))
    for resample in range(RESAMPLES):
        chosen = rng.integers(len(videos), size=len(videos))
        means[resample] = draws[chosen, rng.integers(_DRAWS_PER_VIDEO, size=len(videos))].mean(0)
    return _middle(means)


def block_interval(video: Blocks) -> Interval:
    """Of one video's mean."""
    if len(video.block_frames) < MIN_BLOCKS:
        return None, None
    return _middle(_block_draws(video, RESAMPLES, np.random.default_rng(_SEED)))


def _middle(means: npt.NDArray[np.float64]) -> Interval:
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def _block_draws(video: Blocks, draws: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(draws, g) means of the video with its blocks resampled."""
    blocks = len(video.block_frames)
    weights = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=draws).astype(np.float64)
    drawn: npt.NDArray[np.float64] = (weights @ video.block_sums) / (weights @ video.block_frames)[:, None]
    return drawn
