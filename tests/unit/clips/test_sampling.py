"""Which frames a clip is made of: the original's, the same every time, and by time when that is asked for."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from objmask.clips.sampling import NOTHING, ClipSampling, candidates_of
from objmask.detections.frames_table import FrameTable
from objmask.errors import ConfigError


def table(pts, *, time_base=Fraction(1, 1000), last=None, inferred=None, start=0):
    """A frames table; `last` is the duration of the last frame."""
    pts = np.array(pts, np.int64) + start
    ends = [*pts[1:], pts[-1] + (last or (pts[-1] - pts[-2] if len(pts) > 1 else 40))]
    seen = np.ones(len(pts), bool) if inferred is None else np.array(inferred)
    numbers = np.arange(len(pts), dtype=np.int64)
    return FrameTable(numbers, pts, ends - pts, seen, np.zeros(len(pts), np.int32), time_base, start)


def chosen(sampling, count, video="a"):
    return sampling.choose(video, np.arange(count))


def test_start_and_step_are_those_that_the_original_draws_from():
    """Of 200 frames: a step of 1..5, and a start from which 40 such steps fit; all of them occur."""
    seen = Counter()
    for k in range(3000):
        (rows,) = chosen(ClipSampling(), 200, f"video {k}")
        (step,) = set(np.diff(rows).tolist())
        assert 0 <= rows[0] <= 200 - 40 * step
        seen[step, rows[0]] += 1
    steps = Counter(step for step, _ in seen.elements())
    assert set(steps) == {1, 2, 3, 4, 5}
    assert all(count == pytest.approx(600, rel=0.2) for count in steps.values())
    assert {start for step, start in seen if step == 4} >= {0, 40}
    assert [start for step, start in seen if step == 5] == [0]


@pytest.mark.parametrize("count", [40, 41, 79])
def test_one_step_fits_up_to_79_frames(count):
    (rows,) = chosen(ClipSampling(), count)
    assert set(np.diff(rows).tolist()) == {1}
    assert rows[-1] < count


def test_the_same_every_time_and_different_for_each_video_seed_and_clip():
    three = ClipSampling(per_video=3)
    assert chosen(three, 1000).tolist() == chosen(three, 1000).tolist()
    assert len({tuple(rows) for rows in chosen(three, 1000).tolist()}) == 3
    # Asking for more clips changes none of those that are there.
    assert chosen(ClipSampling(), 1000)[0].tolist() == chosen(three, 1000)[0].tolist()
    others = [chosen(ClipSampling(), 1000, "b"), chosen(ClipSampling(seed=1), 1000)]
    assert all(other.tolist() != chosen(ClipSampling(), 1000).tolist() for other in others)


def test_what_is_drawn_is_fixed_for_ever():
    """A recorded draw: clips made last year agree with those made now."""
    (rows,) = chosen(ClipSampling(), 1000, "typing/mini_subject_2_typeset")
    assert (rows[0], rows[1] - rows[0]) == (74, 23)


@pytest.mark.parametrize(
    ("short", "expected"),
    [("repeat", [0, 0, 0, 1, 2]), ("loop", [0, 1, 2, 0, 1]), ("zeros", [0, 1, 2, NOTHING, NOTHING])],
)
@pytest.mark.parametrize("kind", ["random", "even"])
def test_short_videos_are_completed(short, expected, kind):
    assert chosen(ClipSampling(frames=5, short=short, kind=kind), 3)[0].tolist() == expected


@pytest.mark.parametrize("short", ["repeat", "loop"])
def test_one_frame(short):
    assert chosen(ClipSampling(short=short), 1)[0].tolist() == [0] * 40


def test_a_video_too_short_for_the_smallest_step_keeps_the_step():
    assert chosen(ClipSampling(frames=5, step_min=4, short="zeros"), 10)[0].tolist() == [0, 4, 8, NOTHING, NOTHING]
    assert chosen(ClipSampling(frames=5, step_min=4), 20)[0].tolist() == [0, 4, 8, 12, 16]


def test_steps_have_bounds():
    steps = {int(chosen(ClipSampling(step_min=3, step_max=6), 4000, str(k))[0, 1]) for k in range(200)}
    rows = [chosen(ClipSampling(step_min=3, step_max=6), 4000, str(k))[0] for k in range(200)]
    assert {int(row[1] - row[0]) for row in rows} == {3, 4, 5, 6}
    assert len(steps) > 50
    with pytest.raises(ConfigError, match="step_max"):
        ClipSampling(step_min=3, step_max=2)


def test_even_spreads_over_all_and_clips_lie_between_each_other():
    assert chosen(ClipSampling(frames=4, kind="even"), 10).tolist() == [[0, 2, 5, 7]]
    assert chosen(ClipSampling(frames=4, kind="even", per_video=2), 80).tolist() == [[0, 20, 40, 60], [10, 30, 50, 70]]
    # As the loader of the original's network does when it is not training: every n // 40-th.
    assert chosen(ClipSampling(kind="even"), 200)[0].tolist() == list(range(0, 200, 5))


def test_frames_that_nothing_looked_at_have_no_masks():
    frames = table(range(0, 240, 40), inferred=[True, False, False, True, False, False])
    assert candidates_of(frames, None, inferred=True).tolist() == [0, 3]
    assert candidates_of(frames, None, inferred=False).tolist() == list(range(6))


@pytest.mark.parametrize("fps", [15, 30, 60, 120])
def test_at_a_rate_videos_of_all_rates_give_the_same_times(fps):
    """Times in milliseconds, as some cameras round them: no frame is taken for its neighbour."""
    frames = table([round(k * 1000 / fps) for k in range(4 * fps)], last=round(1000 / fps), start=500)
    rows = candidates_of(frames, 15, inferred=False)
    assert rows.tolist() == list(range(0, 4 * fps, fps // 15))


def test_at_a_rate_variable_videos_show_what_is_shown_then():
    frames = table([0, 100, 1000, 1050], last=150)
    rows = candidates_of(frames, 5, inferred=False)  # 0, 200, 400, 600, 800, 1000 ms
    assert rows.tolist() == [0, 1, 1, 1, 1, 2]
    assert candidates_of(frames, None, inferred=False).tolist() == [0, 1, 2, 3]


def test_at_a_rate_faster_than_the_video_frames_repeat():
    rows = candidates_of(table([0, 100], last=100), 20, inferred=False)
    assert rows.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("rate", [0.1, 29.97, 1000])
def test_at_any_rate_one_frame_is_one_frame(rate):
    rows = candidates_of(table([0], last=1), rate, inferred=False)
    assert set(rows.tolist()) == {0}
    assert len(rows) == 1
