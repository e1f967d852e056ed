"""What a review has to know of each track, gathered frame by frame; memory grows with tracks, not with frames."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

from objmask.detections.arrays import Detections
from objmask.detections.boxes import Box

_MOST_GAPS = 3
"""So many of a track's gaps are kept, the longest ones."""


@dataclass(frozen=True)
class Place:
    """Where a track was found.

    Attributes:
        row: of the frames table.
        box: normalised (ymin, xmin, ymax, xmax).
        score: 0..1.
        found_as: the class that the network gave.
    """

    row: int
    box: Box
    score: float
    found_as: str


@dataclass(order=True)
class MissedStretch:
    """A stretch in which the network looked and did not find a track, though it did before and after.

    Attributes:
        missed: frames that it looked at.
        before, after: where the track was found last and next.
    """

    missed: int
    before: Place = field(compare=False)
    after: Place = field(compare=False)


@dataclass
class Trace:
    """One track.

    Attributes:
        name: its class.
        count: in how many frames it was found.
        first, last: where, in time.
        best: where it scored most.
        others: frames in which it was found as something of the other sort: sensitive or not.
        other: the best of these.
        gaps: the longest ones.
        unhidden: frames in which it was found and is not hidden.
        bare: the one of these where it scored most.
    """

    name: str
    first: Place
    last: Place
    best: Place
    count: int = 1
    others: int = 0
    other: Place | None = None
    gaps: list[MissedStretch] = field(default_factory=list)
    unhidden: int = 0
    bare: Place | None = None

    def found(self, place: Place, missed: int) -> None:
        """The track is found again, after `missed` frames that the network looked at."""
        if missed:
            heapq.heappush(self.gaps, MissedStretch(missed, self.last, place))
            if len(self.gaps) > _MOST_GAPS:
                heapq.heappop(self.gaps)
        self.count += 1
        self.last = place
        if place.score > self.best.score:
            self.best = place


class Traces:
    """The tracks of one model in one video.

    Args:
        sensitive: object classes that are hidden.
    """

    def __init__(self, sensitive: frozenset[str]) -> None:
        self._sensitive = sensitive
        self.of: dict[int, Trace] = {}
        self._looked = 0
        self._looked_at: dict[int, int] = {}

    def add(self, row: int, found: Detections, *, inferred: bool, hides: frozenset[int]) -> None:
        """Takes a frame's rows, in order; `hides`: the tracks of which something is hidden in it."""
        self._looked += inferred
        best: dict[int, int] = {}
        for i in np.argsort(-found.scores, kind="stable").tolist():
            if found.track_ids[i] >= 0 and not found.carried[i]:
                best.setdefault(found.track_ids[i], i)
        for number, i in best.items():
            ymin, xmin, ymax, xmax = found.boxes[i].tolist()
            place = Place(row, (ymin, xmin, ymax, xmax), float(found.scores[i]), found.found_as[i])
            trace = self.of.get(number)
            if trace is None:
                trace = self.of[number] = Trace(found.classes[i], place, place, place)
            else:
                trace.found(place, self._looked - self._looked_at[number] - 1)
            self._looked_at[number] = self._looked
            if number not in hides:
                trace.unhidden += 1
                if trace.bare is None or place.score > trace.bare.score:
                    trace.bare = place
            if (found.found_as[i] in self._sensitive) != (trace.name in self._sensitive):
                trace.others += 1
                if trace.other is None or place.score > trace.other.score:
                    trace.other = place
