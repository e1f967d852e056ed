"""The history of a track over the whole video: its class, and the scores of its detections over time."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

LIKE_SIZE = 0.7
"""A detection with a smaller share of the area of another one says nothing about it."""


@dataclass
class History:
    """The detections of a track, one entry per detection.

    Attributes:
        rows: rows of the frames, increasing.
        scores: scores of the detections.
        areas: of their boxes, share of the frame.
        votes: sum of the scores for each class.
    """

    rows: array[int] = field(default_factory=lambda: array("q"))
    scores: array[float] = field(default_factory=lambda: array("f"))
    areas: array[float] = field(default_factory=lambda: array("f"))
    votes: Counter[str] = field(default_factory=Counter)

    def add(self, row: int, name: str, score: float, area: float) -> None:
        """Adds a detection."""
        self.rows.append(row)
        self.scores.append(score)
        self.areas.append(area)
        self.votes[name] += score  # type: ignore[assignment]

    @property
    def name(self) -> str:
        """The class with the most votes. Among equal ones it is the first by name."""
        return min(self.votes, key=lambda name: (-self.votes[name], name))

    def score_at(self, row: int, area: float, times_s: npt.NDArray[np.float64], memory_s: float) -> float:
        """The best score of a detection of like size or larger within `memory_s` of a frame.

        A network that is sure of a hand is not sure of the half of the picture around it that it takes for the same
        object a moment later. If none of like size is so near, it is the better one of the neighbours in time.

        Args:
            row: row of the frame.
            area: of the box that gets the score, share of the frame.
            times_s: (n,) seconds, of all frames of the video.
            memory_s: seconds.
        """
        low = bisect_left(self.rows, np.searchsorted(times_s, times_s[row] - memory_s))
        high = bisect_right(self.rows, np.searchsorted(times_s, times_s[row] + memory_s, "right") - 1)
        if low == high:
            low, high = max(0, low - 1), min(len(self.rows), high + 1)
        near = self.scores[low:high]
        like = [score for score, other in zip(near, self.areas[low:high], strict=True) if other >= LIKE_SIZE * area]
        return max(like) if like else min(near)
