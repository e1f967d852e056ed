"""Frames of protected video in which nothing was hidden: an empty room, or a network that found nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from objmask.files.documents import Amount, Count, Whole, read_document

if TYPE_CHECKING:
    from objmask.detections.frames_table import FrameTable

LONG_S = 2.0
"""A stretch without hiding needs a look when it is at least this long, seconds."""
MUCH = 0.5
"""A video also needs a look when nothing is hidden in this share of its frames, however short the stretches are."""
NothingHidden = Literal["warn", "fail"]
"""What becomes of such a video: it is said, or it is not made as well."""
ADVICE = "look at it: is the picture upright, and does the model know what is in it?"


@dataclass(frozen=True)
class Unhidden:
    """The frames in which nothing is hidden. Zones are always hidden and do not count.

    Attributes:
        frames: number of frames of the protected video.
        without: number of frames in which nothing at all is hidden.
        first: number of the first frame of the longest stretch without hiding; -1: there is none.
        from_s, to_s: the time of that stretch, seconds since the source's first frame, [from, to).
    """

    frames: Count
    without: Count
    first: Whole
    from_s: Amount
    to_s: Amount

    def __post_init__(self) -> None:
        if self.without > self.frames or self.from_s > self.to_s or (self.first < 0) != (self.without == 0):
            raise ValueError("expected no more frames without than there are, and a longest stretch if there are any")

    @classmethod
    def of(cls, table: FrameTable, hides: Sequence[bool]) -> Unhidden:
        """Counts.

        Args:
            table: the frames of the video.
            hides: for each frame, whether anything is hidden in it.
        """
        if len(hides) != len(table):
            raise ValueError(f"expected {len(table)} frames, got {len(hides)}")
        begin, end = table.pts.tolist(), (table.pts + table.duration_pts).tolist()
        stretches = []
        for hidden, rows in groupby(range(len(table)), lambda row: bool(hides[row])):
            if not hidden:
                first, *others = rows
                last = [first, *others][-1]
                stretches.append((end[last] - begin[first], -first, last))
        if not stretches:
            return cls(len(table), 0, -1, 0.0, 0.0)
        _, first, last = max(stretches)
        from_s, to_s = ((pts - table.start_pts) * float(table.time_base) for pts in (begin[-first], end[last]))
        without = len(table) - sum(map(bool, hides))
        return cls(len(table), without, int(table.number[-first]), round(from_s, 3), round(to_s, 3))

    @property
    def longest_s(self) -> float:
        """Length of the longest stretch without hiding, seconds."""
        return round(self.to_s - self.from_s, 3)

    @property
    def share(self) -> float:
        """Share of the frames without hiding, 0..1."""
        return self.without / self.frames if self.frames else 0.0

    @property
    def part(self) -> Literal["", "part", "all"]:
        """The part of the video without hiding, when it is long enough that a person must look at it."""
        if not self.without:
            return ""
        if self.without == self.frames:
            return "all"
        return "part" if self.longest_s >= LONG_S or self.share >= MUCH else ""

    def sentence(self, advice: str = ADVICE) -> str:
        """The sentence to tell the user about such a video.

        Args:
            advice: what to do about it.
        """
        if self.part == "all":
            return f"nothing at all is hidden in any of its {self.frames} frames; {advice}"
        percent = min(max(round(100 * self.share), 1), 99)
        return (
            f"nothing at all is hidden in {self.without} of {self.frames} frames ({percent} %), the longest stretch "
            f"from {tenths(self.from_s)} to {tenths(self.to_s)}; {advice}"
        )

    def to_json(self) -> dict[str, Any]:
        """A document for `json.dump`."""
        return asdict(self)

    @classmethod
    def read(cls, path: Path) -> Unhidden:
        """Reads what `hide` wrote.

        Raises:
            DataError: the file is missing or not valid.
        """
        return read_document(path, cls, "run hide again")


def worst_first(found: Iterable[tuple[str, Unhidden]]) -> list[tuple[str, Unhidden]]:
    """The pairs (name of a video, its `Unhidden`) that need a look, the largest share first."""
    return sorted((one for one in found if one[1].part), key=lambda one: (-one[1].share, one[0]))


def tenths(seconds: float) -> str:
    """`m:ss.t`, or `h:mm:ss.t`, rounded down."""
    whole = math.floor(seconds * 10 + 1e-6)
    minutes, rest = divmod(whole, 600)
    hours, minute = divmod(minutes, 60)
    second = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minute:02d}:{second}" if hours else f"{minutes}:{second}"
