"""Leaks of neighbouring frames put together: one moment an object and stretch of time, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from objmask.audit.leaks import Kind, Leak
from objmask.detections.boxes import Box, iou_of_two

_GAP_FRAMES = 2
"""An object that is not seen in so many frames may still be the same."""
_SAME = 0.3
"""Intersection over union from which two boxes are of one object."""
_WORSE = 1.2
"""A picture is taken again when the leak is so much worse than on the one before."""


@dataclass
class LeakMoment:
    """An object seen in one frame or several.

    Attributes:
        worst: the leak that the picture shows, within a fifth of the worst one.
        row: its frame, a row of the frames table.
        first: row of the first frame in which it is seen.
        last: row of the last one.
        frames: in how many it is seen.
        kinds: of its leaks.
        sure: whether it counts as a leak in any frame.
        length: the most letters and digits that can be read in a frame.
        picture: WebP in base64, or None.
        box: where it was seen last.
        reach: the smallest box around all places where it was seen.
    """

    worst: Leak
    row: int
    first: int
    last: int
    frames: int = 1
    kinds: set[Kind] = field(default_factory=set)
    sure: bool = False
    length: int = 0
    picture: str | None = None
    box: Box = (0, 0, 0, 0)
    reach: Box = (1, 1, 0, 0)

    def to_json(self, at: Callable[[int], tuple[int, float]]) -> dict[str, Any]:
        """A document; `at` gives number and time of a row."""
        number, time_s = at(self.row)
        (first, first_s), (last, last_s) = at(self.first), at(self.last)
        return {
            "frame": number,
            "time_s": round(time_s, 3),
            "first": {"frame": first, "time_s": round(first_s, 3)},
            "last": {"frame": last, "time_s": round(last_s, 3)},
            "frames": self.frames,
            "class": self.worst.name,
            "score": round(self.worst.score, 4),
            "shown": round(self.worst.shown, 3),
            "severity": round(self.worst.severity, 5),
            "box": [round(side, 4) for side in self.worst.box],
            "reach": [round(side, 4) for side in self.reach],
            "why": sorted(self.kinds),
            "leak": self.sure,
            "length": self.length or None,
            "picture": self.picture,
        }


class Moments:
    """Collects moments frame by frame.

    Args:
        pictures: how many of them have a picture, the worst ones.
    """

    def __init__(self, pictures: int) -> None:
        self._pictures = pictures
        self._open: list[LeakMoment] = []
        self._done: list[LeakMoment] = []
        self._pictured = 0

    def add(self, row: int, leaks: Iterable[Leak], photograph: Callable[[Leak], str]) -> None:
        """The leaks of a frame, rows rising; `photograph` makes the picture of one."""
        self._close(row)
        for leak in sorted(leaks, key=lambda one: (-one.severity, one.kind, one.box)):
            known = max(self._open, key=lambda moment: iou_of_two(moment.box, leak.box), default=None)
            if known is None or iou_of_two(known.box, leak.box) < _SAME:
                known = LeakMoment(leak, row, row, row, frames=0)
                known.last = -1
                self._open.append(known)
            known.kinds.add(leak.kind)
            known.sure |= leak.sure
            known.length = max(known.length, leak.length)
            if known.last != row:
                known.frames, known.last, known.box = known.frames + 1, row, leak.box
            known.reach = around(known.reach, leak.box)
            if known.picture is None or leak.severity > _WORSE * known.worst.severity:
                known.worst, known.row = leak, row
                known.picture = photograph(leak) if self._pictures else ""

    def worst_first(self) -> list[LeakMoment]:
        """All moments, when there are no more frames."""
        self._close(None)
        self._done.sort(key=rank)
        self._forget_pictures()
        return self._done

    def _close(self, row: int | None) -> None:
        kept = [moment for moment in self._open if row is not None and row - moment.last <= _GAP_FRAMES + 1]
        self._done += [moment for moment in self._open if moment not in kept]
        self._pictured += len(self._open) - len(kept)
        self._open = kept
        # So that memory does not grow with the video; and not in every frame, so that time does not with its square.
        if self._pictured > 2 * self._pictures + 100:
            self._done.sort(key=rank)
            self._forget_pictures()

    def _forget_pictures(self) -> None:
        for moment in self._done[self._pictures :]:
            moment.picture = None
        self._pictured = min(self._pictures, len(self._done))


def rank(moment: LeakMoment) -> tuple[bool, float, int, str]:
    """Sorts leaks before what is only to be looked at, and of both the worst first."""
    return not moment.sure, -moment.worst.severity, moment.row, moment.worst.name


def around(a: Box, b: Box) -> Box:
    """The smallest box around two."""
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
