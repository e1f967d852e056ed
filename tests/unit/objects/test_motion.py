"""What is seen to move, and by how much."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scenes import info

from objmask.objects.motion import GRID_SIDE, grid_size, motions


def texture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(5).random((height, width), np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    return cv2.normalize(soft, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (5, 0), (-4, 3), (12, -9)])
def test_a_picture_that_is_moved(dx, dy):
    picture = texture(180, 240)
    later = np.roll(picture, (dy, dx), (0, 1))
    first, second = motions([picture, later], (180, 240))
    assert first is None
    assert second is not None
    inside = (slice(30, -30), slice(30, -30))
    assert np.median(second.forth[inside], (0, 1)) == pytest.approx([dx, dy], abs=0.3)
    assert np.median(second.back[inside], (0, 1)) == pytest.approx([-dx, -dy], abs=0.3)


def test_motion_counts_in_pixels_of_the_grid():
    picture = texture(360, 480)
    _, motion = motions([picture, np.roll(picture, 8, 1)], (90, 120))
    assert motion is not None
    assert motion.forth.shape == (90, 120, 2)
    assert np.median(motion.forth[20:-20, 20:-20], (0, 1)) == pytest.approx([2, 0], abs=0.2)


@pytest.mark.parametrize("size", [(2, 2), (2, 480), (5, 3), (31, 33)])
def test_pictures_too_small_to_search_have_a_motion_all_the_same(size):
    height, width = size
    pictures = [np.full((height, width), level, np.uint8) for level in (10, 200, 10)]
    _, one, two = motions(pictures, size)
    assert one is not None
    assert two is not None
    assert one.back.shape == two.forth.shape == (height, width, 2)
    assert np.isfinite(one.back).all()


def test_no_pictures_no_motion():
    assert list(motions([], (40, 40))) == []


@pytest.mark.parametrize(
    ("width", "height", "expected"), [(1920, 1080, (270, 480)), (1080, 1920, (480, 270)), (64, 48, (48, 64))]
)
def test_the_grid_keeps_the_shape_of_the_picture(width, height, expected):
    assert grid_size(info(width, height)) == expected
    assert max(expected) <= GRID_SIDE


def test_a_very_long_picture_has_a_grid():
    assert grid_size(info(8000, 1)) == (2, 480)


def test_the_same_pictures_give_the_same_motion():
    pictures = [texture(120, 160), np.roll(texture(120, 160), 3, 0)]
    first, second = (list(motions(pictures, (120, 160)))[1] for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.back.tobytes() == second.back.tobytes()
    assert first.forth.tobytes() == second.forth.tobytes()
