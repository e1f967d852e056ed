"""Which moments of a track are worth a look, and how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from objmask.config.hiding import Hiding
from objmask.detections.boxes import Box
from objmask.detections.frames_table import FrameTable
from objmask.hidden.decide import chosen_by_frame
from objmask.objects.tables import Tables, found_by_frame, model_of
from objmask.review.moment import Entry, Suggestion, rounded
from objmask.review.trace import MissedStretch, Place, Trace, Traces

CONFIRMED = 3
"""Detections from which a track is more than a flicker."""
EDGE = 0.02
"""Objects enter and leave so near to the frame's edge; share of its height and width."""
AROUND_S = 0.5
"""How far a suggested box reaches beyond the end of a track, and how long a gap is as bad as any."""
WEAK = 0.5
"""What scores at least this share of the score from which objects are hidden may be one all the same."""
Span = dict[str, float]


def moments_of(video: str, tables: Tables, hidden: Hiding) -> Iterator[Suggestion]:
    """The moments of one model's tracks in a video, in no order.

    Args:
        video: its name.
        tables: tracks of one model, with the corrections that there are.
        hidden: what is hidden.

    Raises:
        DataError: a file is damaged.
    """
    ((path, table),) = tables
    traces = Traces(hidden.objects)
    for row, (found, chosen) in enumerate(zip(found_by_frame(tables), chosen_by_frame(tables, hidden), strict=True)):
        hides = frozenset(number for _, one in chosen for number in one.track_ids)
        traces.add(row, found, inferred=bool(table.inferred[row]), hides=hides)
    model = model_of(path)
    for number, trace in traces.of.items():
        if trace.name in hidden.objects or trace.other is not None:
            yield from _Finder(video, model, number, trace, table, hidden).moments()


@dataclass(frozen=True)
class _Finder:
    video: str
    model: str
    number: int
    trace: Trace
    table: FrameTable
    hidden: Hiding

    def moments(self) -> Iterator[Suggestion]:
        trace = self.trace
        if trace.name in self.hidden.objects:
            if trace.unhidden == trace.count:
                yield from self._weak(
                    trace.best, f"found {self._times()}, never above {trace.best.score:.2f}: not hidden"
                )
                return
            if trace.bare is not None and trace.bare.score >= self.hidden.score:
                what = f"not hidden in {trace.unhidden} of {trace.count} frames: too large for how sure the network is"
                yield from self._weak(trace.bare, what)
            yield from (self._gap(gap) for gap in trace.gaps)
            if trace.count == 1:
                yield self._single()
            elif trace.count >= CONFIRMED:
                yield from self._ends()
        if trace.other is not None:
            yield self._class(trace.other)

    def _weak(self, place: Place, what: str) -> Iterator[Suggestion]:
        if place.score >= WEAK * self.hidden.score:
            sure = min(1.0, place.score / self.hidden.score)
            worth = 0.4 + 0.4 * sure + 0.1 * (self.trace.count >= CONFIRMED)
            there = self._sure("it is there", self.trace.first, self.trace.last)
            yield self._moment(worth, "weak", what, place, there, self._nothing())

    def _gap(self, gap: MissedStretch) -> Suggestion:
        times = self._time(gap.before.row), self._time(gap.after.row)
        length_s = times[1] - times[0]
        frames = "1 frame" if gap.missed == 1 else f"{gap.missed} frames"
        worth = 0.3 + 0.5 * min(1.0, length_s / AROUND_S)
        middle = Place(
            (gap.before.row + gap.after.row) // 2,
            _union(gap.before.box, gap.after.box),
            gap.before.score,
            self.trace.name,
        )
        given = {
            **{"class": self.trace.name, "from_s": times[0], "to_s": times[1]},
            **{"box": rounded(gap.before.box), "to_box": rounded(gap.after.box)},
        }
        what = f"missed in {frames}, {length_s:.3f} s: masks are carried across"
        return self._moment(
            worth,
            "gap",
            what,
            middle,
            ("it can be seen", {"add": given}),
            self._sure("it is hidden", gap.before, gap.after),
        )

    def _single(self) -> Suggestion:
        place = self.trace.best
        worth = 0.2 + 0.3 * place.score
        around = {"from_s": self._time(place.row, -AROUND_S), "to_s": self._time(place.row, AROUND_S)}
        return self._moment(
            worth,
            "single",
            "found in one frame only",
            place,
            self._add(place, around),
            self._sure("it is all", place, place),
            self._nothing(),
        )

    def _ends(self) -> Iterator[Suggestion]:
        for kind, place, way in (("begins", self.trace.first, -1), ("ends", self.trace.last, 1)):
            beyond = place.row - 1 if way < 0 else place.row + 1
            if not 0 <= beyond < len(self.table) or not _amid(place.box):
                continue
            start, end = sorted((self._time(place.row), self._time(place.row, way * AROUND_S)))
            what = f"{kind} amid the picture, with {place.score:.2f}"
            add = self._add(place, {"from_s": start, "to_s": end})
            yield self._moment(0.2 + 0.5 * place.score, kind, what, place, add, self._sure("it is all", place, place))

    def _class(self, other: Place) -> Suggestion:
        trace = self.trace
        share = trace.others / trace.count
        sensitive, harmless = sorted((trace.name, other.found_as), key=lambda name: name not in self.hidden.objects)
        what = f"taken for {other.found_as} in {trace.others} of {trace.count} frames"
        return self._moment(
            0.1 + 0.4 * share, "class", what, other, *(self._named(name) for name in (sensitive, harmless))
        )

    def _moment(self, worth: float, kind: str, what: str, place: Place, *entries: tuple[str, Entry]) -> Suggestion:
        return Suggestion(
            *(worth, kind, what, self.video, int(self.table.number[place.row]), float(self.table.time_s[place.row])),
            *(place.box, self.trace.name, place.score, self.number, self.model, entries),
        )

    def _time(self, row: int, later_s: float = 0.0) -> float:
        end = float(self.table.time_s[-1])
        return round(float(np.clip(self.table.time_s[row] + later_s, 0, end)), 3)

    def _times(self) -> str:
        return "once" if self.trace.count == 1 else f"{self.trace.count} times"

    def _track(self) -> dict[str, Any]:
        return {"track": self.number, "model": self.model}

    def _add(self, place: Place, span: Span) -> tuple[str, Entry]:
        return "it can be seen", {"add": {"class": self.trace.name, **span, "box": rounded(place.box)}}

    def _sure(self, when: str, first: Place, last: Place) -> tuple[str, Entry]:
        span = {"from_s": self._time(first.row), "to_s": self._time(last.row)}
        return when, {"confirm": {**self._track(), "class": self.trace.name, **span}}

    def _nothing(self) -> tuple[str, Entry]:
        return "it is nothing", {"drop": {**self._track(), "class": self.trace.name}}

    def _named(self, name: str) -> tuple[str, Entry]:
        return f"{name} is right", {"relabel": {**self._track(), "class": name, "was": self.trace.name}}


def _amid(box: Box) -> bool:
    return min(box[:2]) > EDGE and max(box[2:]) < 1 - EDGE


def _union(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
