"""From a map of where text is to lines: rectangles that lie as the lines do."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Corners = npt.NDArray[np.float64]
"""(4, 2) x and y of a rectangle, pixels; pixel i covers i to i + 1."""
Lines = list[tuple[float, Corners]]
"""The score, 0..1, and the rectangle of each."""

_TEXT = 0.3
"""Probability from which a pixel is text."""
_THINNEST_PX = 3.0
"""Regions of less are specks."""
_UNCLIP = 1.6
"""A map shows the inner part of a line: rectangles grow by this share of their area over their circumference."""


def lines_of(
    probability: npt.NDArray[np.float32], floor: float, thinnest_px: float = 0, thickest_px: float = np.inf
) -> Lines:
    """The lines of a map.

    Args:
        probability: (h, w) float32, 0..1.
        floor: lines below this score are dropped; a score is the mean probability in the region's rectangle.
        thinnest_px: regions thinner than this are dropped.
        thickest_px: regions thicker than this are dropped.
    """
    # Pixels of the map grow to the right and down by one. So the centres of the grown ones' outermost pixels are the
    # outer corners of the region, and regions that touch at a corner are one.
    text = cv2.dilate((probability > _TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, levels = cv2.findContours(text, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    lines: Lines = []
    for contour, level in zip(contours, levels[0] if contours else (), strict=True):
        centre, (width, height), angle = cv2.minAreaRect(contour)
        thickness = min(width, height)
        is_hole = level[3] >= 0
        if is_hole or not max(_THINNEST_PX, thinnest_px) <= thickness <= thickest_px:
            continue
        score = _mean_inside(probability, cv2.boxPoints((centre, (width, height), angle)))
        if score < floor:
            continue
        grown = 2 * _UNCLIP * width * height / (2 * (width + height))
        lines.append((score, cv2.boxPoints((centre, (width + grown, height + grown), angle)).astype(np.float64)))
    return lines


def joined(lines: Lines, height: int, width: int, limit: int) -> Lines:
    """Lines, of which there are at most so many: where there are more, neighbours become one, so that none is lost.

    Args:
        lines: in pixels of a picture.
        height: of the picture, pixels.
        width: of the picture, pixels.
        limit: the most lines, at least 1.
    """
    groups = [[line] for line in lines]
    reach = 1
    while len(groups) > limit:
        covered = np.zeros((height, width), np.uint8)
        cv2.fillPoly(covered, [_in_pixels(corners) for _, corners in lines], 1)
        closed = cv2.morphologyEx(covered, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
        _, labels = cv2.connectedComponents(closed)
        by_label: dict[int, Lines] = {}
        for line in lines:
            x, y = np.clip(_in_pixels(line[1]).mean(axis=0).astype(int), 0, (width - 1, height - 1))
            by_label.setdefault(int(labels[y, x]), []).append(line)
        groups = list(by_label.values())
        reach += 2 * max(1, reach // 4)  # stays odd, so that what is closed stays in its place
    return [group[0] if len(group) == 1 else _around(group) for group in groups]


def _around(group: Lines) -> tuple[float, Corners]:
    corners = np.concatenate([corners for _, corners in group]).astype(np.float32)
    return max(score for score, _ in group), cv2.boxPoints(cv2.minAreaRect(corners)).astype(np.float64)


def _in_pixels(corners: Corners) -> npt.NDArray[np.int32]:
    return np.rint(corners).astype(np.int32)


def _mean_inside(values: npt.NDArray[np.float32], corners: npt.NDArray[Any]) -> float:
    """Mean of the values under a rectangle."""
    height, width = values.shape
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (width - 1, height - 1))
    inside = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(inside, [(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(values[top : bottom + 1, left : right + 1], inside)[0])
