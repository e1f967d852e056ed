"""Leaks of one object in neighbouring frames are one moment."""

from __future__ import annotations

import pytest

from objmask.audit.leaks import Leak
from objmask.audit.moments import Moments

HERE, THERE = (0.1, 0.1, 0.5, 0.5), (0.6, 0.6, 0.9, 0.9)


def leak(score: float = 0.5, box=HERE, kind="found", *, sure: bool = True, name: str = "person") -> Leak:
    return Leak(kind, name, score, box, 1.0, sure)


def collect(frames: dict[int, list[Leak]], pictures: int = 5):
    moments = Moments(pictures)
    for row in sorted(frames):
        moments.add(row, frames[row], lambda one, row=row: f"{row} {one.name}")
    return moments.worst_first()


def test_an_object_s_leaks_are_one_moment_with_its_worst_frame():
    [moment] = collect({3: [leak(0.3)], 4: [leak(0.9)], 6: [leak(0.5, kind="uncovered")]})
    assert (moment.first, moment.last, moment.frames, moment.row) == (3, 6, 3, 4)
    assert moment.picture == "4 person"
    document = moment.to_json(lambda row: (row + 100, row / 10))
    assert document["frame"] == 104
    assert document["first"] == {"frame": 103, "time_s": 0.3}
    assert document["why"] == ["found", "uncovered"]


def test_found_in_both_ways_in_one_frame_is_one_moment():
    [moment] = collect({0: [leak(), leak(0.4, kind="uncovered")]})
    assert (moment.frames, moment.kinds) == (1, {"found", "uncovered"})


def test_other_objects_and_later_ones_are_other_moments():
    assert len(collect({0: [leak(), leak(box=THERE)]})) == 2
    assert len(collect({0: [leak()], 3: [leak()]})) == 1
    assert len(collect({0: [leak()], 4: [leak()]})) == 2


def test_an_object_that_moves_is_followed():
    boxes = [(0.1, 0.1 + 0.02 * k, 0.5, 0.5 + 0.02 * k) for k in range(20)]
    assert len(collect({k: [leak(box=box)] for k, box in enumerate(boxes)})) == 1


def test_leaks_come_before_doubts_and_the_worst_first():
    moments = collect({0: [leak(0.9, sure=False)], 10: [leak(0.2)], 20: [leak(0.3)]})
    assert [moment.row for moment in moments] == [20, 10, 0]


@pytest.mark.parametrize("pictures", [0, 1, 3])
def test_the_worst_have_pictures(pictures):
    moments = collect({10 * k: [leak(0.1 + 0.0001 * k)] for k in range(500)}, pictures)
    assert len(moments) == 500
    assert [bool(moment.picture) for moment in moments] == [True] * pictures + [False] * (500 - pictures)


def test_nothing_is_no_moment():
    assert collect({0: [], 1: []}) == []
    assert Moments(3).worst_first() == []


def test_pictures_are_sorted_out_now_and_then_and_not_in_every_frame():
    """Time would grow with the square of the video's length; kept are never many more than are wanted."""
    moments, sorts = Moments(5), 0
    forget = moments._forget_pictures

    def counted() -> None:
        nonlocal sorts
        sorts += 1
        forget()

    moments._forget_pictures = counted  # type: ignore[method-assign]
    for k in range(2000):
        moments.add(10 * k, [leak()], lambda one: "picture")
        assert sum(moment.picture is not None for moment in moments._done) <= 2 * 5 + 100
    assert sorts <= 2000 / 100
