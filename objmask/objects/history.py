"""The history of a track over the whole video: its class, and the scores of its detections over time."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass
class History:
    """The detections of a track, one entry per detection.

    Attributes:
        rows: rows of the frames, increasing.
        scores: scores of the detections.
        votes: sum of the scores for each class.
    """

    rows: array[int] = field(default_factory=lambda: array("q"))
    scores: array[float] = field(default_factory=lambda: array("f"))
    votes: Counter[str] = field(default_factory=Counter)

    def add(self, row: int, name: str, score: float) -> None:
        """Adds a detection."""
        self.rows.append(row)
        self.scores.append(score)
        self.votes[name] += score  # type: ignore[assignment]

    @property
    def name(self) -> str:
        """The class with the most votes. Among equal ones it is the first by name."""
        return min(self.votes, key=lambda name: (-self.votes[name], name))

    def score_at(self, row: int, times_s: npt.NDArray[np.float64], memory_s: float) -> float:
        """The best score within `memory_s` of a frame. If there is none, the better one of its neighbours in time.

        Args:
            row: row of the frame.
            times_s: (n,) seconds, of all frames of the video.
            memory_s: seconds.
        """
        low = bisect_left(self.rows, np.searchsorted(times_s, times_s[row] - memory_s))
        high = bisect_right(self.rows, np.searchsorted(times_s, times_s[row] + memory_s, "right") - 1)
        if low == high:
            low, high = max(0, low - 1), min(len(self.rows), high + 1)
        near: Sequence[float] = self.scores[low:high]
        return max(near)
