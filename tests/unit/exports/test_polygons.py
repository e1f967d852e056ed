"""A polygon, drawn, gives the mask back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from objmask.detections.masks import Patch
from objmask.exports.polygons import polygon_of


def drawn(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(h, w) bool: a polygon, in pixels, as training programs draw it."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1)
    return mask > 0


def shape_of(*rows: str) -> np.ndarray:
    return np.array([[pixel == "#" for pixel in row] for row in rows])


EXACT = {
    "a pixel": shape_of("#"),
    "a row": shape_of("###"),
    "two pixels": shape_of("##"),
    "a column": shape_of("#", "#", "#"),
    "a diagonal": shape_of("#..", ".#.", "..#"),
    "the other": shape_of("..#", ".#.", "#.."),
    "a corner": shape_of("#..", "#..", "###"),
    "full": np.ones((7, 9), np.bool_),
    "a hole": shape_of("#####", "#...#", "#...#", "#####"),
    "two holes": shape_of("#######", "#.#####", "#####.#", "#######"),
    "a big part and a near one": shape_of("####..", "####..", "####.#", "####.#", "####.#"),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("place", [(0, 0), (5, 2)])
def test_exact(name, place):
    mask = EXACT[name]
    corners = polygon_of(Patch(*place, mask))
    expected = np.zeros((20, 20), np.bool_)
    expected[place[0] : place[0] + mask.shape[0], place[1] : place[1] + mask.shape[1]] = mask
    got = drawn(corners, (20, 20))
    seam = got & ~expected if name.startswith("a big part") else np.zeros_like(got)
    assert seam.sum() <= 1
    assert np.array_equal(got & ~seam, expected)
    assert len(corners) >= 3
    assert cv2.contourArea(corners.astype(np.float32)) > 0 or len(np.unique(corners, axis=0)) > 2


def test_a_speck_far_away_is_not_worth_its_seam():
    mask = np.zeros((20, 40), np.bool_)
    mask[:10, :10] = True
    alone = mask.copy()
    mask[15, 38] = True
    assert np.array_equal(drawn(polygon_of(Patch(0, 0, mask)), mask.shape), alone)


def test_parts_that_an_arm_cuts_off_stay_one_instance():
    """What lies in front of an object cuts it in two: both halves belong to it, the seam costs a line of pixels."""
    mask = np.zeros((60, 100), np.bool_)
    mask[10:50, 5:95] = True
    mask[:, 45:55] = False
    got = drawn(polygon_of(Patch(0, 0, mask)), mask.shape)
    assert (got & mask).sum() == mask.sum()
    assert (got & ~mask).sum() == 10


def test_any_mask():
    """One part, with holes or without, comes back exactly; of several the smallest may go, never more than half."""
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(200):
        height, width = rng.integers(1, 40, 2)
        soft = cv2.resize(rng.random((4, 4)).astype(np.float32), (int(width), int(height)))
        mask = soft > rng.uniform(0.3, 0.6)
        if mask.any():
            got = drawn(polygon_of(Patch(0, 0, mask)), mask.shape)
            shares.append((got & mask).sum() / (got | mask).sum())
            assert shares[-1] > 0.5
            if cv2.connectedComponents(mask.astype(np.uint8))[0] == 2:
                assert shares[-1] == 1
    assert np.mean(shares) > 0.97


def test_noise_takes_no_forever():
    mask = np.random.default_rng(0).random((300, 300)) > 0.5
    assert len(polygon_of(Patch(0, 0, mask))) > 100
