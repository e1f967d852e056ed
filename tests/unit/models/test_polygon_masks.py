"""Masks of polygons: the pixels whose centres lie in them."""

import numpy as np
import pytest

from objmask.detections.arrays import MAX_MASK_SIDE
from objmask.detections.masks import paste
from objmask.models.networks.polygons import polygon_mask

HEIGHT, WIDTH = 100, 160
TILTED = np.array([[20, 30], [120, 10.3], [130.2, 40], [30.1, 60.2]], np.float64)


def painted(points: np.ndarray, grow_px: float = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    box, mask = polygon_mask(points, height, width, grow_px)
    patch = paste(mask, box, height, width, 0.5)
    pixels = np.zeros((height, width), bool)
    pixels[patch.rows, patch.columns] = patch.mask
    return pixels


def centres_within(corners: np.ndarray, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """By definition; the corners go round clockwise on the screen."""
    y, x = np.mgrid[:height, :width] + 0.5
    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    return np.all([(b[0] - a[0]) * (y - a[1]) >= (b[1] - a[1]) * (x - a[0]) for a, b in sides], axis=0)


def differ(a: np.ndarray, b: np.ndarray) -> float:
    """Pixels that are only in one, as a share of the second."""
    return (a ^ b).sum() / b.sum()


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3]])
def test_the_pixels_within_are_painted_whatever_the_order_of_the_corners(order):
    box, mask = polygon_mask(TILTED[order], HEIGHT, WIDTH)
    np.testing.assert_allclose(box * [HEIGHT, WIDTH, HEIGHT, WIDTH], [10.3, 20, 60.2, 130.2], rtol=1e-6)
    assert mask.dtype == np.uint8
    assert differ(painted(TILTED[order]), centres_within(TILTED)) < 0.01


def test_large_polygons_keep_to_the_outline_with_few_samples():
    corners = TILTED * 12
    _, mask = polygon_mask(corners, HEIGHT * 12, WIDTH * 12)
    assert max(mask.shape) == MAX_MASK_SIDE
    size = (HEIGHT * 12, WIDTH * 12)
    assert differ(painted(corners, 0, *size), centres_within(corners, *size)) < 0.002


def test_growing_adds_a_rim_with_round_corners():
    plain, grown = painted(TILTED), painted(TILTED, 6)
    assert (grown | plain == grown).all()
    around = np.hypot(*(TILTED - np.roll(TILTED, 1, axis=0)).T).sum()
    assert grown.sum() - plain.sum() == pytest.approx(6 * around + np.pi * 36, rel=0.02)
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    far = np.hypot(x - 20, y - 30) > 6.5
    assert not (grown & far & (x < 20) & (y < 30)).any()


def test_a_point_grows_to_a_disc_and_a_line_to_a_capsule():
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    disc = np.hypot(x - 40.5, y - 30.5) <= 9
    assert (painted(np.array([[40.5, 30.5]]), 9) ^ disc).sum() <= 8
    capsule = painted(np.array([[40, 30], [80, 60], [60, 45]]), 5)
    assert capsule.sum() == pytest.approx(2 * 5 * 50 + np.pi * 25, rel=0.03)


def test_what_reaches_out_of_the_frame_is_cut_at_its_edge():
    corners = TILTED - np.array([60, 30])
    box, _ = polygon_mask(corners, HEIGHT, WIDTH)
    np.testing.assert_allclose(box * [HEIGHT, WIDTH, HEIGHT, WIDTH], [0, 0, 30.2, 70.2], rtol=1e-6)
    assert differ(painted(corners), centres_within(corners)) < 0.01
    corners = TILTED + np.array([60, 60])
    box, mask = polygon_mask(corners, HEIGHT, WIDTH)
    assert box[2:].tolist() == [1, 1]
    assert mask[-1, -1] == 255
    # Whether a frame's last row and column lie in a box that ends with it is a matter of rounding: see `paste`.
    inner = np.s_[: HEIGHT - 1, : WIDTH - 1]
    assert differ(painted(corners)[inner], centres_within(corners)[inner]) < 0.01


@pytest.mark.parametrize(
    "points",
    [
        TILTED + np.array([0, 500]),  # out of the frame
        TILTED - np.array([129.7, 0]),  # half a pixel reaches in
        np.array([[3.0, 3.0]]),  # a point
        np.array([[-50, 10], [10, -50], [-50, -50]]),  # only its box reaches in
    ],
)
def test_what_takes_no_pixel_gives_no_mask(points):
    assert polygon_mask(points, HEIGHT, WIDTH) is None
