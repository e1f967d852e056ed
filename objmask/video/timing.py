"""The one rule that gives every frame its presentation time.

Decoders mostly hand out pictures in order of strictly increasing timestamps, and then a timestamp is kept as it is.
Real files also repeat timestamps, lack them, step back, or (B-frames in AVI) hand them out in decoding order; MP4
refuses repeated ones, and a frame without a time could not be found again. `choose_rule` looks at all timestamps of a
video and picks one of

- `kept`: all are present and strictly increasing: nothing is changed.
- `sorted`: all are present and distinct, and each lies within 16 places of its place in sorted order: the i-th smallest
  belongs to the i-th frame.
- `repaired`: otherwise, frame by frame: a missing one is the last plus the nominal step, and where the first ones are
  missing, they lie nominal steps before the first that is not; one that repeats or steps back by at most a nominal
  frame is the last plus one tick; a larger step back means that the clock was restarted: this frame comes a nominal
  step after the last, and all later timestamps are moved by as much.

`retime` applies the rule to a stream of frames in constant memory. Probing and reading both use these two functions, so
that they cannot disagree.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from objmask.video.info import PtsRule

MAX_PTS = 2**62
"""The largest time: they have 64 bits, and more is added to them."""
REORDER_FRAMES = 16
"""How far from its sorted place a timestamp may be: the most that H.264 and HEVC can reorder."""

T = TypeVar("T")


def nominal_step(rate: Fraction, time_base: Fraction) -> int:
    """Ticks of `time_base` (s) between frames at `rate` (frames a second), at least one."""
    return max(1, round(1 / (rate * time_base)))


def choose_rule(pts: Sequence[int | None]) -> PtsRule:
    """The rule for a video whose decoder gave these timestamps, in its order of output; None = missing."""
    present = [p for p in pts if p is not None]
    if len(present) < len(pts) or len(set(present)) < len(present):
        return "repaired"
    if all(a < b for a, b in pairwise(present)):
        return "kept"
    order = sorted(range(len(present)), key=present.__getitem__)
    return "sorted" if all(abs(place - i) <= REORDER_FRAMES for place, i in enumerate(order)) else "repaired"


def first_time(pts: Iterable[int | None], step: int) -> int:
    """When the first frame is shown, of timestamps of which the first ones may be missing; `step` in ticks."""
    return next((time - number * step for number, time in enumerate(pts) if time is not None), 0)


def retime(items: Iterable[tuple[int | None, T]], rule: PtsRule, step: int, start: int) -> Iterator[tuple[int, T]]:
    """Gives each item its final pts, strictly increasing, keeping the items in order.

    Args:
        items: (timestamp or None, anything), in the decoder's order of output.
        rule: what `choose_rule` said of all timestamps.
        step: nominal distance of frames, ticks.
        start: of the first item, if it has none: what `first_time` said of all timestamps.

    Raises:
        ValueError: the timestamps do not fit the rule: these are not the frames that it was chosen for.
    """
    last: int | None = None
    in_file = _sorted if rule == "sorted" else _kept
    for pts, item in _repaired(items, step, start) if rule == "repaired" else in_file(items):
        if last is not None and pts <= last:
            raise ValueError(f"timestamp {pts} after {last} does not fit rule {rule!r}")
        last = pts
        yield pts, item


def _kept(items: Iterable[tuple[int | None, T]]) -> Iterator[tuple[int, T]]:
    for pts, item in items:
        if pts is None:
            raise ValueError("a timestamp is missing")
        yield pts, item


def _sorted(items: Iterable[tuple[int | None, T]]) -> Iterator[tuple[int, T]]:
    """Holds back 16 items: the smallest timestamp among the pending ones is then the smallest of all that come."""
    smallest: list[int] = []
    waiting: list[T] = []
    for pts, item in _kept(items):
        heapq.heappush(smallest, pts)
        waiting.append(item)
        if len(waiting) > REORDER_FRAMES:
            yield heapq.heappop(smallest), waiting.pop(0)
    for item in waiting:
        yield heapq.heappop(smallest), item


def _repaired(items: Iterable[tuple[int | None, T]], step: int, start: int) -> Iterator[tuple[int, T]]:
    last: int | None = None
    moved_by = 0
    for stored, item in items:
        pts = None if stored is None else stored + moved_by
        if last is None:
            pts = start if pts is None else pts
        elif pts is None:
            pts = last + step
        elif pts < last - step:
            moved_by += last + step - pts
            pts = last + step
        elif pts <= last:
            pts = last + 1
        last = pts
        yield pts, item
