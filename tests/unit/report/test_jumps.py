"""Groups that are large on weak evidence."""

from __future__ import annotations

import numpy as np
import pytest

from objmask.detections.masks import Patch
from objmask.detections.runs import encode
from objmask.painted.objects import PaintedObject
from objmask.report.jumps import Jumps

HEIGHT, WIDTH = 20, 40
NAMES = ("person", "oven")
Frame = list[tuple[str, int, float, int]]
"""(group, how many of the rows of pixels it fills, own score, track) of each object."""


def said(*frames: Frame, score: float = 0.3) -> list[str]:
    """What is said of frames of 0.2 s each."""
    fraction = np.zeros((len(frames), len(NAMES)))
    for row, frame in enumerate(frames):
        for name, rows, _, _ in frame:
            fraction[row, NAMES.index(name)] += rows / HEIGHT
    jumps = Jumps(fraction, NAMES, score, (HEIGHT, WIDTH))
    for row, frame in enumerate(frames):
        top, objects = 0, []
        for name, rows, own, track in frame:
            visible = encode(Patch(top, 0, np.ones((rows, WIDTH), np.bool_)), HEIGHT, WIDTH)
            objects.append(PaintedObject(name, name, 0.9, own, False, "detected", 0, track, "m", visible, b""))
            top += rows
        jumps.add(row, objects)
    return jumps.warnings(np.arange(len(frames)) / 5, len(frames) / 5)


def test_a_large_group_of_which_the_network_is_not_sure_is_named():
    weak: Frame = [("oven", 13, 0.05, 7), ("person", 4, 0.9, 1)]
    [line] = said([], weak, weak, [], [("oven", 6, 0.0, 8)], [])
    assert line == (
        "oven fills up to 65% of the picture at 0:00 (0.6 s in all, mostly track 7), "
        "but the network is not sure of it there: compare the overlay"
    )


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ([("oven", 3, 0.0, 7)], False),  # small
        ([("oven", 4, 0.0, 7)], True),
        ([("oven", 10, 0.3, 7)], False),  # sure
        ([("oven", 10, 0.29, 7)], True),
        ([("oven", 10, 0.9, 7), ("oven", 9, 0.0, 8)], False),  # less than half of it is weak
        ([("oven", 9, 0.9, 7), ("oven", 10, 0.0, 8)], True),
        ([("person", 10, 0.9, 7), ("oven", 3, 0.0, 8)], False),
        ([], False),
    ],
)
def test_what_counts_is_how_much_of_the_picture_and_of_the_group_is_weak(frame: Frame, expected: bool):
    assert bool(said(frame)) is expected


def test_objects_without_a_track_have_no_number():
    [line] = said([("oven", 10, 0.0, -1)])
    assert "track" not in line


def test_a_moment_between_others_of_which_the_network_is_sure_is_none():
    weak: Frame = [("oven", 13, 0.0, 7)]
    assert said([("oven", 10, 0.9, 7)], weak, weak) == []
    assert said(*[weak] * 3, [("oven", 9, 0.9, 7)])  # much smaller
    [line] = said([("oven", 10, 0.9, 7)], *[weak] * 8)
    assert "at 0:01 (0.6 s in all" in line  # a second later
