"""How long a detection hides its place: known answers at any rate, and never in another scene."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import info

from objmask.detections.frames_table import FrameTable
from objmask.errors import ConfigError
from objmask.hidden.hold import Hold


def table(pts: list[int], time_base: Fraction, first: int = 0) -> FrameTable:
    n = len(pts)
    return FrameTable(
        np.arange(first, first + n, dtype=np.int64),
        np.array(pts, np.int64),
        np.ones(n, np.int64),
        np.ones(n, np.bool_),
        np.zeros(n, np.int32),
        time_base,
        pts[0] if pts else 0,
    )


def reach(hold: str, rate: Fraction | int) -> int:
    """By how many frames a detection in the middle of many hides before and after it, at an even rate."""
    frames = table([i * 1001 for i in range(400)], 1 / (Fraction(rate) * 1001))
    first, stop = list(Hold.parse(hold).spans(frames, []))[200]
    assert 200 - first == stop - 201
    return 200 - first


@pytest.mark.parametrize(
    ("hold", "rate", "frames"),
    [
        *(("2", rate, 2) for rate in (Fraction(1, 2), 30, 120)),
        *(
            ("0.1 s", rate, frames)
            for rate, frames in [(Fraction(1, 2), 0), (9, 0), (10, 1), (Fraction(30000, 1001), 2)]
        ),
        *(("0.1 s", rate, frames) for rate, frames in [(25, 2), (30, 3), (60, 6), (120, 12), (1000, 100)]),
        *[
            ("0 s", 30, 0),
            ("0", 30, 0),
            ("2 s", Fraction(1, 2), 1),
            ("1.999999 s", Fraction(1, 2), 0),
            ("0.5s", 30, 15),
        ],
    ],
)
def test_frames_and_seconds_at_many_rates(hold: str, rate: Fraction | int, frames: int) -> None:
    assert reach(hold, rate) == frames


def test_seconds_follow_the_times_of_a_variable_rate() -> None:
    frames = table([0, 50, 100, 101, 900, 1000], Fraction(1, 1000))
    assert list(Hold.parse("0.1 s").spans(frames, [])) == [(0, 3), (0, 4), (0, 4), (1, 4), (4, 6), (4, 6)]
    assert list(Hold.parse("0.099 s").spans(frames, [])) == [(0, 2), (0, 4), (1, 4), (1, 4), (4, 5), (5, 6)]


@pytest.mark.parametrize("hold", ["3", "1 s"])
def test_nothing_is_held_across_a_cut(hold: str) -> None:
    frames = table(list(range(10)), Fraction(1, 3))
    video = replace(info(64, 48), cuts=[4, 5])
    spans = list(Hold.parse(hold).spans(frames, video.scenes(frames.number)))
    assert spans == [(0, 4)] * 4 + [(4, 5)] + [(5, 9), (5, 10), (5, 10), (5, 10), (6, 10)]


def test_a_window_leaves_cuts_where_they_are() -> None:
    video = replace(info(64, 48), cuts=[4, 12, 40])
    assert video.scenes(np.arange(10, 20)) == [range(2), range(2, 10)]
    assert video.scenes(np.arange(4, 12)) == [range(8)]
    assert video.scenes(np.arange(0)) == []


@given(
    steps=st.lists(st.integers(1, 400), min_size=1, max_size=40),
    ticks=st.integers(1, 1000),
    hold=st.one_of(
        st.integers(0, 5).map(Hold), st.fractions(0, 2, max_denominator=1000).map(lambda s: Hold(seconds=s))
    ),
    cuts=st.sets(st.integers(1, 45)),
    first=st.integers(0, 9),
)
def test_any_frames_hold_and_cuts(steps: list[int], ticks: int, hold: Hold, cuts: set[int], first: int) -> None:
    frames = table(np.cumsum(steps).tolist(), Fraction(1, ticks), first)
    video = replace(info(64, 48), cuts=sorted(cuts))
    times = [Fraction(int(pts), ticks) for pts in frames.pts]

    def hides(j: int, i: int) -> bool:
        near = abs(i - j) <= hold.frames if hold.seconds is None else abs(times[i] - times[j]) <= hold.seconds
        return near and not any(min(i, j) + first < cut <= max(i, j) + first for cut in cuts)

    rows = range(len(frames))
    expected = [[j for j in rows if hides(j, i)] for i in rows]
    assert [list(range(*span)) for span in hold.spans(frames, video.scenes(frames.number))] == expected


@pytest.mark.parametrize("wrong", ["-1", "0.1", "0.1 m", "s", "", "nan s", "1e1 s", "-0.1 s", "2 frames"])
def test_what_is_no_hold_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="neither a number of frames"):
        Hold.parse(wrong)


def test_none_is_less_than_none() -> None:
    for wrong in ({"frames": -1}, {"seconds": Fraction(-1, 10)}):
        with pytest.raises(ValueError, match="at least 0"):
            Hold(**wrong)


def test_distances_are_shares_of_the_time_and_none_of_a_number():
    frames = table([0, 10, 30, 60, 100], Fraction(1, 100))
    assert Hold.parse("0.5 s").distances(frames, 2, 0, 5) == [0.6, 0.4, 0.0, 0.6, 1.4]
    assert Hold.parse("0.5 s").distances(frames, 2, 1, 3) == [0.4, 0.0, 0.6]
    assert Hold.parse("2").distances(frames, 2, 0, 5) == [0.0] * 5
    assert Hold.parse("0 s").distances(frames, 2, 2, 1) == [0.0]
