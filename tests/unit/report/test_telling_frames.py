"""Which frames are shown."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from objmask.report.telling_frames import informative


def chosen(groups, fraction=None, count=2):
    groups = np.array(groups, np.int64)
    return informative(groups, np.zeros(len(groups)) if fraction is None else np.array(fraction, float), count)


def test_each_part_of_a_video_gives_the_frame_with_most_groups():
    assert chosen([0, 1, 0, 0, 0, 3]) == [5, 1]


def test_of_equals_the_fullest():
    assert chosen([1, 1, 1, 1], [0.1, 0.2, 0.4, 0.3]) == [2, 1]


def test_where_nothing_was_found_the_middle_is_shown():
    assert chosen([0] * 10, count=2) == [2, 7]


def test_frames_that_nobody_looked_at_are_shown_last():
    assert chosen([-1, 0, -1, -1], count=1) == [1]


def test_short_videos_and_none():
    assert chosen([0], count=6) == [0]
    assert chosen([], count=6) == []
    assert chosen([1, 2, 3], count=0) == []


@given(st.lists(st.integers(-1, 8), max_size=60), st.integers(0, 24))
def test_never_too_many_and_none_twice(groups, count):
    rows = chosen(groups, count=count)
    assert len(rows) == len(set(rows)) == min(count, len(groups))
    assert all(0 <= row < len(groups) for row in rows)
