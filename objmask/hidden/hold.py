"""How long a detection hides its place before and after its own frame, in frames or in seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from objmask.detections.frames_table import FrameTable
from objmask.errors import ConfigError
from objmask.streams.neighbours import Spans

_TEXT = re.compile(r"(\d+)|(\d+(?:\.\d+)?) ?s")


@dataclass(frozen=True)
class Hold:
    """A number of frames, or a time.

    Attributes:
        frames: number of frames on either side.
        seconds: seconds on either side, used instead of `frames`; None = `frames` counts.
    """

    frames: int = 0
    seconds: Fraction | None = None

    def __post_init__(self) -> None:
        if self.frames < 0 or (self.seconds is not None and self.seconds < 0):
            raise ValueError("expected a hold of at least 0")

    @classmethod
    def parse(cls, text: str | int) -> Hold:
        """Reads `2` (frames) or `0.1 s`.

        Raises:
            ConfigError: the text is neither.
        """
        match = _TEXT.fullmatch(str(text))
        if match is None:
            raise ConfigError(f"hold: {text} is neither a number of frames, such as 2, nor a time, such as '0.1 s'")
        return cls(int(match[1])) if match[1] else cls(seconds=Fraction(match[2]))

    def spans(self, table: FrameTable, scenes: Iterable[range]) -> Spans:
        """For each frame: the rows of the table whose detections hide in it, [from, to), within its scene.

        Args:
            table: the frames of the video.
            scenes: rows of each scene (`VideoInfo.scenes`).
        """
        rows = np.arange(len(table))
        if self.seconds is None:
            first, stop = rows - self.frames, rows + self.frames + 1
        else:
            # In the units of the frames' own clock, so that equal is equal.
            reach_pts = self.seconds // table.time_base
            first = np.searchsorted(table.pts, table.pts - reach_pts, "left")
            stop = np.searchsorted(table.pts, table.pts + reach_pts, "right")
        for scene in scenes:
            within = slice(scene.start, scene.stop)
            first[within] = np.maximum(first[within], scene.start)
            stop[within] = np.minimum(stop[within], scene.stop)
        return zip(first.tolist(), stop.tolist(), strict=True)

    def distances(self, table: FrameTable, row: int, first: int, count: int) -> list[float]:
        """How far frames are from a frame, as share of this time: 0 is the frame itself, 1 the farthest one.

        A number of frames is what somebody wants of all objects, so all of those frames are near.

        Args:
            table: the frames of the video.
            row: row of the frame.
            first: row of the first one of the others.
            count: how many they are.
        """
        if self.seconds is None:
            return [0.0] * count
        away = np.abs(table.pts[first : first + count] - table.pts[row])
        distances: list[float] = (away / max(self.seconds // table.time_base, 1)).tolist()
        return distances
