"""Masks on a grid: moved by known motion, and back to boxes with masks in them."""

from __future__ import annotations

import numpy as np
import pytest

from objmask.detections.masks import paste
from objmask.objects.region import Region, limited, sampled

SIZE = (60, 80)


def flow(dx: float, dy: float) -> np.ndarray:
    """(x, y), the same everywhere."""
    return np.broadcast_to(np.array([dx, dy], np.float32), (*SIZE, 2)).copy()


def full(top: int, left: int, height: int, width: int) -> Region:
    return Region(top, left, np.full((height, width), 255, np.uint8))


def moved(region: Region, dx: float, dy: float) -> Region | None:
    return region.moved(flow(dx, dy), flow(-dx, -dy))


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (3, -2), (-7, 11), (25, 20)])
def test_a_mask_moves_with_the_picture(dx, dy):
    there = moved(full(20, 30, 10, 12), dx, dy)
    assert there is not None
    assert there.bounds == (20 + dy, 30 + dx, 30 + dy, 42 + dx)
    assert (there.soft == 255).all()
    assert there.drift_px == 0


def test_motion_of_part_of_a_pixel_adds_up():
    region: Region | None = full(20, 20, 9, 9)
    for _ in range(8):
        assert region is not None
        region = moved(region, 0.25, 0)
    assert region is not None
    inside = np.argwhere(region.soft >= 128) + np.array([region.top, region.left])
    assert inside.min(0).tolist() == [20, 22]
    assert inside.max(0).tolist() == [28, 30]


def test_of_a_mask_that_leaves_the_picture_what_is_in_it_stays():
    there = moved(full(0, 70, 10, 10), 6, -4)
    assert there is not None
    assert there.bounds == (0, 76, 6, 80)
    assert moved(there, 4, 0) is None
    assert moved(full(0, 0, 60, 80), 100, 0) is None


@pytest.mark.parametrize(("from_column", "drift_px"), [(30, 4), (40, 4), (49, 0), (50, 0)])
def test_a_step_may_be_as_wrong_as_nine_tenths_of_the_pixels_stay_under(from_column, drift_px):
    """There and back again does not end where it began, for the pixels from a column on."""
    there = flow(0, 0)
    there[:, from_column:, 1] = 4
    region = full(20, 30, 20, 20).moved(there, flow(0, 0))
    assert region is not None
    assert region.drift_px == drift_px


def test_a_single_pixel_moves():
    there = moved(full(59, 0, 1, 1), 5, -1)
    assert there is not None
    assert there.bounds == (58, 5, 59, 6)


def test_a_mask_of_nothing_is_gone_once_it_moves():
    assert moved(Region(10, 10, np.zeros((5, 5), np.uint8)), 1, 1) is None


def test_motion_that_does_not_lead_back_is_in_doubt():
    """Where forth and back disagree the mask may be off by as much, and steps add up."""
    sure = full(20, 20, 10, 10).moved(flow(4, 0), flow(-4, 0))
    doubtful = full(20, 20, 10, 10).moved(flow(4, 0), flow(-1, 0))
    assert sure is not None
    assert doubtful is not None
    assert sure.drift_px == 0
    assert doubtful.drift_px == pytest.approx(3)
    again = doubtful.moved(flow(4, 0), flow(-1, 0))
    assert again is not None
    assert again.drift_px == pytest.approx(6)


@pytest.mark.parametrize(
    "region", [full(0, 0, *SIZE), full(0, 0, 1, 1), full(59, 79, 1, 1), full(20, 79, 7, 1), full(5, 6, 30, 1)]
)
def test_as_a_detection_a_mask_has_the_same_pixels(region):
    box, mask = region.as_mask(SIZE)
    assert (box >= 0).all()
    assert (box <= 1).all()
    assert (box[2:] > box[:2]).all()
    patch = paste(mask, box, *SIZE, 0.5).trimmed()
    assert (patch.top, patch.left, patch.rows.stop, patch.columns.stop) == region.bounds
    assert patch.mask.all()


def test_a_box_between_pixels_is_the_pixel_in_its_middle():
    region = Region.of(np.full((1, 1), 200, np.uint8), np.array([0.502, 0.502, 0.503, 0.503], np.float32), SIZE)
    assert region.soft.tolist() == [[200]]
    assert (region.top, region.left) == (30, 40)


def test_stored_masks_are_small_and_keep_their_edges():
    soft = np.zeros((400, 3), np.uint8)
    soft[0], soft[-1] = 255, 100
    small = limited(soft)
    assert small.shape == (160, 3)
    assert (small[0] == 255).all()
    assert (small[-1] == 100).all()
    assert sampled(soft, (400, 3)) is soft
    assert sampled(soft[:1, :1], (5, 4)).tolist() == [[255] * 4] * 5
