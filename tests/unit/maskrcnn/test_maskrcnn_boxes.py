"""Boxes and anchors, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objmask.maskrcnn.config import changed, named


@pytest.fixture(scope="module", autouse=True)
def _networks():
    """TensorFlow, which takes seconds to load, comes when a test runs, not when tests are collected."""
    global anchors, boxes, tf
    import tensorflow as tf

    from objmask.maskrcnn import boxes
    from objmask.maskrcnn.anchors import anchors


CORNERS = st.tuples(*[st.floats(-300, 300, width=32)] * 2, *[st.floats(1, 300, width=32)] * 2)


def test_encode_by_hand() -> None:
    # An anchor of 20 x 40 around (10, 20); the box is 2 lower, 4 to the right, and twice as high.
    anchor, box = tf.constant([0.0, 0, 20, 40]), tf.constant([-8.0, 4, 32, 44])
    np.testing.assert_allclose(boxes.encode(box, anchor), [10 * 2 / 20, 10 * 4 / 40, 5 * np.log(2), 0], atol=1e-5)


@given(CORNERS, CORNERS)
def test_decode_reverses_encode(first: tuple[float, ...], second: tuple[float, ...]) -> None:
    box, anchor = (tf.constant([c[0], c[1], c[0] + c[2], c[1] + c[3]]) for c in (first, second))
    np.testing.assert_allclose(boxes.decode(boxes.encode(box, anchor), anchor), box, atol=0.02)


def test_iou_and_clip_by_hand() -> None:
    a = tf.constant([[0.0, 0, 10, 10], [5, 5, 5, 20]])
    b = tf.constant([[0.0, 5, 10, 15], [20, 20, 30, 30], [5, 5, 5, 20]])
    np.testing.assert_allclose(boxes.iou(a, b), [[1 / 3, 0, 0], [0, 0, 0]], atol=1e-6)
    np.testing.assert_array_equal(boxes.clip(tf.constant([-3.0, 2, 50, 90]), 40, 80), [0, 2, 40, 80])


def test_anchors_are_ordered_by_row_column_ratio_scale() -> None:
    config = changed(named("desk"), {"anchor_base_px": 16, "anchor_scales": [1.0, 2.0], "anchor_ratios": [1.0, 4.0]})
    found = anchors(config, 2, 3).numpy()
    assert found.shape == (2 * 3 * 4, 4)
    np.testing.assert_array_equal(found[:4], [[-8, -8, 8, 8], [-16, -16, 16, 16], [-4, -16, 4, 16], [-8, -32, 8, 32]])
    np.testing.assert_array_equal(found[4], [-8, 0, 8, 16])
    np.testing.assert_array_equal(found[12], [0, -8, 16, 8])


@pytest.mark.parametrize(
    ("picture", "inside"),
    [((720, 1280), (768, 1365)), ((480, 640), (800, 1067)), ((1280, 720), (1365, 768)), ((100, 100), (800, 800))],
)
def test_pictures_keep_their_shape(picture: tuple[int, int], inside: tuple[int, int]) -> None:
    assert named("inception_resnet_v2_atrous_coco").resized(*picture) == inside
