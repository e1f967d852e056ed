"""Which frames of a video a clip is made of.

The defaults are those of the original: of `n` frames, a step drawn from 1..n // 40, a start drawn from where 40 such
steps still fit, and every step-th frame from there. What is drawn depends on the seed, the video's name and the clip's
number alone, so that another run gives the same clips and another video changes none of them.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from objmask.detections.frames_table import FrameTable
from objmask.errors import ConfigError

Rows = npt.NDArray[np.intp]
Short = Literal["repeat", "loop", "zeros"]
NOTHING = -1
"""In place of a row: there is no frame, the picture is black."""


@dataclass(frozen=True)
class ClipSampling:
    """How frames are chosen.

    Attributes:
        frames: pictures a clip, at least 1.
        per_video: clips a video, at least 1.
        kind: `random` start and step, or `even`ly over the whole video.
        seed: of random starts and steps.
        rate: frames a second that the video is read as, by time, before a clip is chosen; None = its own frames.
        step_min: smallest random step, frames.
        step_max: largest random step, frames; None = what fits.
        short: what completes a clip that has too few frames: `repeat` the first one in front, `loop` all of them, or
            `zeros`, black pictures, after them.

    Raises:
        ConfigError: the largest step is below the smallest.
    """

    frames: int = 40
    per_video: int = 1
    kind: Literal["random", "even"] = "random"
    seed: int = 0
    rate: float | None = None
    step_min: int = 1
    step_max: int | None = None
    short: Short = "repeat"

    def __post_init__(self) -> None:
        if self.step_max is not None and self.step_max < self.step_min:
            raise ConfigError(f"clips: step_max {self.step_max} is below step_min {self.step_min}; raise or drop it")

    def choose(self, video: str, candidates: Rows) -> Rows:
        """Chooses the frames of all clips of a video.

        Args:
            video: its name.
            candidates: (n,) rows of the frames table that clips may show, n >= 1, in order.

        Returns:
            (per_video, frames) rows, `NOTHING` where there is none.
        """
        places = np.stack([self._places(video, clip, len(candidates)) for clip in range(self.per_video)])
        return np.where(places == NOTHING, NOTHING, candidates[places])

    def _places(self, video: str, clip: int, count: int) -> Rows:
        """(frames,) places among `count` candidates of one clip."""
        longest = min(count // self.frames, self.step_max or count)
        if self.kind == "even" and count >= self.frames:
            shifted = np.arange(self.frames, dtype=np.int64) * self.per_video + clip
            return (shifted * count // (self.frames * self.per_video)).astype(np.intp)
        if self.kind == "even" or longest < self.step_min:
            step = 1 if self.kind == "even" else self.step_min
            return complete(np.arange(0, count, step)[: self.frames], self.frames, self.short)
        step = self.step_min + self._draw(longest - self.step_min + 1, video, clip, "step")
        start = self._draw(count - step * self.frames + 1, video, clip, "start")
        return start + step * np.arange(self.frames)

    def _draw(self, count: int, video: str, clip: int, what: str) -> int:
        """One of 0..count - 1. From a checksum, which unlike a generator's stream is the same in every version."""
        key = f"{self.seed}\0{video}\0{clip}\0{what}"
        return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") * count >> 64


def complete(places: Rows, frames: int, short: Short) -> Rows:
    """(frames,) of at most as many places, at least one."""
    missing = frames - len(places)
    if short == "repeat":
        return np.pad(places, (missing, 0), mode="edge")
    if short == "loop":
        return np.resize(places, frames)
    return np.pad(places, (0, missing), constant_values=NOTHING)


def candidates_of(table: FrameTable, rate: float | None, *, inferred: bool) -> Rows:
    """Rows of a frames table that clips may show, in order.

    Args:
        table: the frames of the video.
        rate: frames a second to read the video as: each time takes the frame that is shown then. None = all frames.
        inferred: only frames that every model has looked at. The others have no masks, which is not the same as none.
    """
    seen = table.known if inferred else np.ones(len(table), bool)
    rows = np.flatnonzero(seen)
    if rate is None or not len(rows):
        return rows
    ticks = table.pts[rows] - table.pts[rows[0]]
    step = 1 / (Fraction(repr(float(rate))) * table.time_base)
    length = int(table.pts[-1] + table.duration_pts[-1] - table.pts[rows[0]])
    # Rounded up: times in files are themselves rounded to ticks, by less than one.
    times = [math.ceil(k * step) for k in range(math.ceil(length / step))]
    return rows[np.searchsorted(ticks, np.array(times, np.int64), side="right") - 1]
