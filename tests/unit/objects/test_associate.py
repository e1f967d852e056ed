"""Which detection belongs to which track, and which detections are one object."""

from __future__ import annotations

import numpy as np
import pytest
from builders import found

from objmask.detections.arrays import Detections
from objmask.objects.associate import match, overlaps, twins
from objmask.objects.region import Region

SIZE = (101, 101)


def places(detections: Detections) -> list[Region]:
    return [Region.of(mask, box, SIZE) for mask, box in zip(detections.masks, detections.boxes, strict=True)]


def pairs(tracks: Detections, detections: Detections) -> list[tuple[int, int]]:
    return sorted(match(places(tracks), tracks.classes, detections, places(detections)))


def test_each_detection_goes_to_the_track_it_overlaps_most():
    tracks = found(("cup", 0.9, (0.1, 0.1, 0.3, 0.3)), ("cup", 0.9, (0.2, 0.2, 0.4, 0.4)))
    later = found(("cup", 0.9, (0.21, 0.2, 0.41, 0.4)), ("cup", 0.9, (0.11, 0.1, 0.31, 0.3)))
    assert pairs(tracks, later) == [(0, 1), (1, 0)]


def test_all_tracks_are_served_before_one_is_served_best():
    """The best pair alone would leave the other track with nothing near."""
    tracks = found(("cup", 0.9, (0.1, 0.10, 0.5, 0.50)), ("cup", 0.9, (0.1, 0.25, 0.5, 0.65)))
    later = found(("cup", 0.9, (0.1, 0.20, 0.5, 0.60)), ("cup", 0.9, (0.1, 0.40, 0.5, 0.80)))
    assert pairs(tracks, later) == [(0, 0), (1, 1)]


def test_what_lies_elsewhere_is_another_object():
    assert pairs(found(("cup", 0.9, (0, 0, 0.2, 0.2))), found(("cup", 0.9, (0.15, 0.15, 0.35, 0.35)))) == []


def test_of_two_in_one_place_the_one_of_the_same_class_is_it():
    track = found(("tv", 0.9, (0.1, 0.1, 0.5, 0.5)))
    later = found(("laptop", 0.9, (0.1, 0.1, 0.5, 0.5)), ("tv", 0.6, (0.13, 0.1, 0.5, 0.5)))
    assert pairs(track, later) == [(0, 1)]


def test_another_class_is_the_same_object_only_in_the_same_place():
    track = found(("tv", 0.9, (0.1, 0.1, 0.5, 0.5)))
    assert pairs(track, found(("laptop", 0.9, (0.12, 0.1, 0.52, 0.5)))) == [(0, 0)]
    assert pairs(track, found(("laptop", 0.9, (0.25, 0.1, 0.65, 0.5)))) == []
    assert pairs(track, found(("tv", 0.9, (0.25, 0.1, 0.65, 0.5)))) == [(0, 0)]


def test_a_weak_detection_takes_no_track_from_a_strong_one():
    track = found(("cup", 0.9, (0.1, 0.1, 0.5, 0.5)))
    later = found(("cup", 0.1, (0.1, 0.1, 0.5, 0.5)), ("cup", 0.3, (0.2, 0.1, 0.6, 0.5)))
    assert pairs(track, later) == [(0, 1)]


@pytest.mark.parametrize(("tracks", "detections"), [(0, 0), (0, 3), (3, 0)])
def test_nothing_is_matched_with_nothing(tracks, detections):
    some = [("cup", 0.9, (0.1, 0.1, 0.5, 0.5))] * 3
    assert pairs(found(*some[:tracks]), found(*some[:detections])) == []
    assert overlaps(places(found(*some[:tracks])), places(found(*some[:detections]))).shape == (tracks, detections)


def test_two_opinions_on_one_object_are_twins_of_the_surer_one():
    detections = found(
        ("laptop", 0.4, (0.1, 0.1, 0.5, 0.5)),
        ("tv", 0.8, (0.1, 0.11, 0.5, 0.5)),
        ("tv", 0.2, (0.11, 0.1, 0.5, 0.52)),
        ("cup", 0.9, (0.1, 0.1, 0.3, 0.3)),
    )
    assert twins(detections, places(detections)) == [1, 1, 1, 3]


def test_different_shapes_in_one_box_are_different_objects():
    stripe = np.zeros((40, 40), np.uint8)
    stripe[:20] = 255
    two = found(("cup", 0.9, (0.1, 0.1, 0.5, 0.5)), ("book", 0.8, (0.1, 0.1, 0.5, 0.5)))
    two = Detections(two.scores, two.classes, two.boxes, (stripe, 255 - stripe))
    assert twins(two, places(two)) == [0, 1]


def test_masks_of_nothing_in_one_place_are_twins():
    two = found(("cup", 0.9, (0.1, 0.1, 0.5, 0.5)), ("book", 0.8, (0.1, 0.1, 0.5, 0.5)))
    two = Detections(two.scores, two.classes, two.boxes, (np.zeros((2, 2), np.uint8),) * 2)
    assert twins(two, places(two)) == [0, 0]
