"""Frames held against their table."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError


@dataclass(frozen=True)
class Frame:
    number: int
    pts: int


FRAMES = [Frame(k, 7 * k + 3) for k in range(2, 12)]


def table_of(frames: list[Frame]) -> FrameTable:
    n = len(frames)
    return FrameTable(
        number=np.array([frame.number for frame in frames], np.int64),
        pts=np.array([frame.pts for frame in frames], np.int64),
        duration_pts=np.full(n, 7, np.int64),
        inferred=np.ones(n, bool),
        detections=np.zeros(n, np.int32),
        time_base=Fraction(1, 100),
        start_pts=3,
    )


def test_its_own_frames():
    assert list(table_of(FRAMES).matched(FRAMES, "a.mp4")) == list(enumerate(FRAMES))


@given(st.data())
def test_whatever_is_not_the_same_is_refused(data):
    """Frames left out, added or at another time: what was yielded before is right, and it does not end in peace."""
    frames = list(FRAMES)
    k = data.draw(st.integers(0, len(frames) - 1))
    change = data.draw(st.sampled_from(["lose", "add", "move"]))
    if change == "lose":
        del frames[k]
    elif change == "add":
        frames.append(Frame(frames[-1].number + 1, frames[-1].pts + 7))
    else:
        frames[k] = Frame(frames[k].number, frames[k].pts + data.draw(st.integers(1, 6)))
    seen = []
    with pytest.raises(DataError, match="run detect again"):
        seen.extend(table_of(FRAMES).matched(frames, "a.mp4"))
    assert seen == list(enumerate(FRAMES))[: len(seen)]


@given(st.lists(st.integers(0, len(FRAMES) - 1), unique=True).map(sorted))
def test_some_of_them_among_others(rows):
    assert list(table_of(FRAMES).matched(FRAMES, "a.mp4", rows)) == [(row, FRAMES[row]) for row in rows]


def test_of_some_each_must_be_there_at_its_time():
    moved = [*FRAMES[:4], Frame(FRAMES[4].number, 99), *FRAMES[5:]]
    for frames in (FRAMES[:4] + FRAMES[5:], FRAMES[:4], moved):
        with pytest.raises(DataError, match="run detect again"):
            list(table_of(FRAMES).matched(frames, "a.mp4", [1, 4]))
