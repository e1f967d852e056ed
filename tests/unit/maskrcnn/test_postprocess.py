"""Suppression of overlaps and the layout of the detections, against a plain loop over boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from objmask.maskrcnn.config import changed, named


@pytest.fixture(scope="module", autouse=True)
def _networks():
    """TensorFlow, which takes seconds to load, comes when a test runs, not when tests are collected."""
    global boxes, postprocess, tf
    import tensorflow as tf

    from objmask.maskrcnn import boxes, postprocess


SIDE = 100


def _greedy(candidates: npt.NDArray[Any], scores: npt.NDArray[Any], limit: float, most: int) -> list[int]:
    """Indices of the boxes that survive, best first."""
    kept: list[int] = []
    overlap = boxes.iou(tf.constant(candidates), tf.constant(candidates)).numpy()
    for i in np.argsort(-scores, kind="stable"):
        if len(kept) < most and all(overlap[i, j] <= limit for j in kept):
            kept.append(int(i))
    return kept


@pytest.mark.parametrize("seed", range(4))
def test_detections_equal_a_plain_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    config = changed(
        named("desk"),
        {
            "classes": ["cup", "book", "tv"],
            "class_ids": [47, 84, 72],
            "score_floor": 0.2,
            "per_class": 5,
            "detections": 9,
        },
    )
    corner = rng.uniform(-20, 90, (1, 30, 2))
    regions = np.concatenate([corner, corner + rng.uniform(5, 60, (1, 30, 2))], axis=-1).astype(np.float32)
    logits = rng.normal(0, 2, (1, 30, 4)).astype(np.float32)
    offsets = rng.normal(0, 1, (1, 30, 3, 4)).astype(np.float32)
    valid = np.arange(30)[None] < 27
    found = postprocess.detections(*map(tf.constant, (logits, offsets, regions, valid)), SIDE, SIDE, config)

    decoded = boxes.decode(tf.constant(offsets), tf.constant(regions[:, :, None])).numpy()[0]
    scores = tf.nn.softmax(logits).numpy()[0, :, 1:]
    expected = []
    for channel in range(3):
        usable = np.flatnonzero(valid[0] & (scores[:, channel] > 0.2))
        picked = usable[_greedy(decoded[usable, channel], scores[usable, channel], 0.6, 5)] if len(usable) else []
        expected += [(scores[i, channel], channel, np.clip(decoded[i, channel], 0, SIDE)) for i in picked]
    expected = [e for e in expected if (e[2][2] - e[2][0]) * (e[2][3] - e[2][1]) > 0]
    expected = sorted(expected, key=lambda e: -e[0])[:9]
    count = int(found.valid.numpy().sum())
    assert count == len(expected) > 3
    np.testing.assert_allclose(found.scores[0, :count], [e[0] for e in expected], atol=1e-6)
    np.testing.assert_array_equal(found.classes[0, :count], [e[1] for e in expected])
    np.testing.assert_allclose(found.boxes[0, :count], [e[2] for e in expected], atol=1e-3)
    assert not found.boxes[0, count:].numpy().any()


def test_boxes_outside_the_picture_leave_their_places_to_others() -> None:
    config = changed(named("desk"), {"classes": ["cup"], "class_ids": [47], "detections": 2, "per_class": 8})
    outside = [[-50.0, 0, -10, 40], [120, 0, 160, 40]]
    inside = [[0.0, 0, 20, 20], [50, 50, 80, 80]]
    regions = tf.constant([outside + inside])
    logits = tf.constant([[[0.0, 5], [0, 4], [0, 3], [0, 2]]])
    found = postprocess.detections(
        logits, tf.zeros((1, 4, 1, 4)), regions, tf.ones((1, 4), tf.bool), SIDE, SIDE, config
    )
    np.testing.assert_array_equal(found.boxes[0], inside)


def test_only_the_regions_that_there_are_become_detections() -> None:
    config = changed(named("desk"), {"classes": ["cup"], "class_ids": [47]})
    regions = tf.zeros((2, 3, 4))
    nothing = tf.zeros((2, 3), tf.bool)
    found = postprocess.detections(tf.zeros((2, 3, 2)), tf.zeros((2, 3, 1, 4)), regions, nothing, SIDE, SIDE, config)
    assert not found.valid.numpy().any()
    assert found.boxes.shape == (2, 50, 4)
