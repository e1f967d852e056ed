"""Overlaps of boxes."""

import numpy as np
import pytest

from objmask.detections.boxes import box_iou, common_and_union, iou_of_two

HERE, THERE = (0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0)


def test_of_two():
    assert iou_of_two(HERE, HERE) == 1
    assert iou_of_two(HERE, THERE) == 0
    assert iou_of_two((0, 0, 0, 0), (0, 0, 0, 0)) == 0
    assert iou_of_two((0, 0, 2, 2), (0, 1, 2, 3)) == pytest.approx(1 / 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_many_each_pair_is_counted_in_pixels(dtype):
    """Boxes with whole-number edges: the pixels inside can be counted."""
    rng = np.random.default_rng(3)
    first, second = (np.sort(rng.integers(0, 20, (n, 2, 2)), axis=1).reshape(n, 4).astype(dtype) for n in (7, 5))
    common, union = common_and_union(first, second)
    assert common.dtype == union.dtype == box_iou(first, second).dtype == dtype

    def pixels(box):
        picture = np.zeros((20, 20), bool)
        top, left, bottom, right = box.astype(int)
        picture[top:bottom, left:right] = True
        return picture

    for i, a in enumerate(map(pixels, first)):
        for j, b in enumerate(map(pixels, second)):
            assert (common[i, j], union[i, j]) == ((a & b).sum(), (a | b).sum())


def test_of_none():
    assert box_iou(np.zeros((0, 4)), np.ones((3, 4))).shape == (0, 3)
