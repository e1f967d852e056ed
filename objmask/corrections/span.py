"""From when to when a correction holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

_ROUNDING_S = 0.0005
"""Times are shown in milliseconds: a frame whose time rounds to an end of the span belongs to it."""


@dataclass(frozen=True)
class Span:
    """A stretch of time, both ends included.

    Attributes:
        from_s: seconds since the video's first frame.
        to_s: seconds since the video's first frame.
    """

    from_s: float = -math.inf
    to_s: float = math.inf

    def __contains__(self, time_s: float) -> bool:
        return self.from_s - _ROUNDING_S <= time_s <= self.to_s + _ROUNDING_S

    def progress(self, time_s: float) -> float:
        """How much of a span has passed, 0..1; of one without length nothing."""
        length = self.to_s - self.from_s
        return min(max((time_s - self.from_s) / length, 0.0), 1.0) if length > 0 else 0.0
