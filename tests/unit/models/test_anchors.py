"""Predictions at anchors, as MediaPipe's detectors make them."""

from __future__ import annotations

import numpy as np

from objmask.models.networks.anchors import anchors, decode, weighted


def test_anchors_are_the_centres_of_cells() -> None:
    places = anchors(192, ((4, 1),))
    assert places.shape == (2304, 2)
    assert places[[0, 1, 48, -1]].tolist() == [[2, 2], [2, 6], [6, 2], [190, 190]]
    places = anchors(128, ((8, 2), (16, 6)))
    assert places.shape == (896, 2)
    assert places[[0, 1, 2, 511, 512, 517, 518]].tolist() == [
        *([4, 4], [4, 4], [4, 12], [124, 124]),
        *([8, 8], [8, 8], [8, 24]),
    ]


def test_predictions_are_distances_from_their_anchors() -> None:
    numbers = np.array([[1, 2, 10, 20, 3, -4], [0, 0, 8, 8, 0, 0]], np.float32)
    scores, points = decode(numbers, np.array([0, -5], np.float32), np.array([[100.0, 50.0], [0.0, 0.0]]), 0.1)
    assert scores.tolist() == [0.5]
    assert points.tolist() == [[[92, 46], [112, 56], [96, 53]]]


def test_scores_that_no_float_holds_and_boxes_without_a_size_do_no_harm() -> None:
    numbers = np.zeros((3, 6), np.float32)
    numbers[:2, 2:4] = 20
    scores, _ = decode(numbers, np.array([3e38, -3e38, 5], np.float32), np.full((3, 2), 96.0), 0.0)
    assert scores.round(6).tolist() == [1.0, 0.0]
    scores, points = decode(numbers, np.zeros(3, np.float32), np.full((3, 2), 96.0), 0.9)
    assert (scores.shape, points.shape) == ((0,), (0, 3, 2))


def test_what_overlaps_is_joined_where_the_scores_say() -> None:
    points = np.array(
        [[[0, 0], [10, 10], [7, 0]], [[0, 4], [10, 14], [1, 0]], [[50, 50], [60, 60], [2, 0]]], np.float64
    )
    best, means = weighted(np.array([0.6, 0.2, 0.9]), points, limit=10)
    assert best.tolist() == [2, 0]
    np.testing.assert_allclose(means, [[[50, 50], [60, 60], [2, 0]], [[0, 1], [10, 11], [5.5, 0]]])
    best, means = weighted(np.zeros(0), np.zeros((0, 3, 2)), limit=10)
    assert (best.shape, means.shape) == ((0,), (0, 3, 2))
    assert len(weighted(np.array([0.6, 0.2, 0.9]), points, limit=1)[0]) == 1
