"""From maps of text to rectangles, and rectangles put together where they are too many."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from rapidocr.ch_ppocr_det.utils import DBPostProcess

from objmask.models.networks.text_map import joined, lines_of

HEIGHT, WIDTH = 200, 320
Corners = np.ndarray


def drawn(*rectangles: tuple[tuple[float, float], tuple[float, float], float], level: float = 0.9) -> np.ndarray:
    """A map of rectangles (centre, size, angle), by the centres of its pixels."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    probability = np.zeros((HEIGHT, WIDTH), np.float32)
    for centre, (width, height), angle in rectangles:
        cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        along, across = (x - centre[0]) * cos + (y - centre[1]) * sin, (y - centre[1]) * cos - (x - centre[0]) * sin
        probability[(np.abs(along) <= width / 2) & (np.abs(across) <= height / 2)] = level
    return probability


def grown(width: float, height: float) -> float:
    """By how much each side moves out."""
    return 1.6 * width * height / (2 * (width + height))


def overlap(a: Corners, b: Corners) -> float:
    """Intersection over union of two rectangles."""
    common, _ = cv2.intersectConvexConvex(a.astype(np.float32), b.astype(np.float32))
    areas = sum(cv2.contourArea(one.astype(np.float32)) for one in (a, b))
    return common / (areas - common)


def test_a_region_becomes_a_rectangle_that_is_grown_to_the_line() -> None:
    [(score, corners)] = lines_of(drawn(((100, 60), (120, 10), 0)), 0.3)
    out = grown(120, 10)
    np.testing.assert_allclose(corners.min(axis=0), [40 - out, 55 - out], atol=1e-3)
    np.testing.assert_allclose(corners.max(axis=0), [160 + out, 65 + out], atol=1e-3)
    assert score == pytest.approx(0.9, abs=0.1)


@pytest.mark.parametrize("angle", [-60, -20, 7, 35, 80])
def test_it_lies_as_the_line_does(angle: float) -> None:
    [(_, corners)] = lines_of(drawn(((150, 100), (120, 12), angle)), 0.3)
    out = 2 * grown(120, 12)
    # Pixels that the line covers in part are covered as a whole.
    assert overlap(corners, cv2.boxPoints(((150, 100), (120 + out, 12 + out), angle))) > 0.85


def test_each_region_is_one_line_and_holes_are_none() -> None:
    probability = drawn(((60, 40), (80, 10), 0), ((220, 100), (100, 40), 0))
    probability[92:108, 190:250] = 0
    assert len(lines_of(probability, 0)) == 2


def test_specks_doubtful_regions_and_other_thicknesses_are_dropped() -> None:
    assert lines_of(drawn(((60, 40), (2, 2), 0)), 0) == []
    faint = drawn(((60, 40), (80, 10), 0), level=0.4)
    assert len(lines_of(faint, 0.3)) == 1
    assert lines_of(faint, 0.5) == []
    assert lines_of(drawn(((60, 40), (80, 10), 0), level=0.29), 0) == []
    both = drawn(((60, 40), (80, 10), 0), ((220, 100), (100, 40), 0))
    assert [round(corners[:, 0].mean()) for _, corners in lines_of(both, 0, 0, 20)] == [60]
    assert [round(corners[:, 0].mean()) for _, corners in lines_of(both, 0, 20)] == [220]
    assert lines_of(np.zeros((HEIGHT, WIDTH), np.float32), 0) == []


def test_lines_are_those_that_rapidocr_makes_of_the_same_map() -> None:
    rng = np.random.default_rng(3)
    places = [((60 + 100 * (k % 3), 25 + 40 * (k // 3)), (70, 4 + k), float(rng.uniform(-12, 12))) for k in range(12)]
    probability = cv2.GaussianBlur(drawn(*places), (0, 0), 1)
    theirs, scores = DBPostProcess(thresh=0.3, box_thresh=0.5, unclip_ratio=1.6, use_dilation=True)(
        probability[None, None], (HEIGHT, WIDTH)
    )
    ours = lines_of(probability, 0.5)
    assert len(ours) == len(theirs) == len(places)
    for box, score in zip(theirs, scores, strict=True):
        near = max(ours, key=lambda line: overlap(line[1], box))
        assert overlap(near[1], box) > 0.85  # theirs are rounded to pixels
        assert near[0] == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize("limit", [40, 12, 5, 1])
def test_lines_that_are_too_many_become_one_with_their_neighbours(limit: int) -> None:
    """None of them is lost, none becomes less sure, and no more are joined than must."""
    rng = np.random.default_rng(limit)
    lines = [
        (float(rng.uniform(0.3, 0.9)), cv2.boxPoints(((60 + 90 * (k % 3), 12 + 15 * (k // 3)), (60, 8), k % 4)))
        for k in range(36)
    ]
    lines = [(score, corners.astype(np.float64)) for score, corners in lines]
    together = joined(lines, HEIGHT, WIDTH, limit)
    assert min(limit, 3) <= len(together) <= limit
    if limit >= len(lines):
        assert together == lines
    for score, corners in lines:
        assert any(
            best >= score
            and all(
                cv2.pointPolygonTest(hull.astype(np.float32), tuple(map(float, one)), True) > -0.1 for one in corners
            )
            for best, hull in together
        )
