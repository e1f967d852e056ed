"""Soft masks of shapes that are known by their corners: hands, turned lines of text."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import MAX_MASK_SIDE

Float64 = npt.NDArray[np.float64]


def polygon_mask(
    points: npt.NDArray[np.floating], height: int, width: int, grow_px: float = 0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]] | None:
    """The convex hull of some points as a box and a soft mask in it, both cut at the frame's edges.

    The probability rises from 0 to 1 across the outline, over a pixel or over the distance of two samples where they
    are further apart, and is 0.5 on it. So the mask at 0.5 is the hull, and at less it is larger.

    Args:
        points: (n, 2) float, x and y in pixels of the frame, n >= 1, finite, in any order; pixel i covers i to i + 1.
        height: of the frame, pixels.
        width: of the frame, pixels.
        grow_px: the hull is grown so far on all sides, pixels, its corners rounded.

    Returns:
        The box, (4,) float32 normalised (ymin, xmin, ymax, xmax), and the mask over it, uint8 (h, w), probability x
        255, align-corners as everywhere; None where less than a pixel a side, or nothing, lies in the frame.
    """
    corners: Float64 = points.astype(np.float64)
    size = np.array([height, width, height, width], np.float64)
    low, high = corners.min(axis=0)[::-1] - grow_px, corners.max(axis=0)[::-1] + grow_px
    edges = np.clip(np.concatenate([low, high]), 0, size)
    if (edges[2:] - edges[:2] < 1).any():
        return None
    box = (edges / size).astype(np.float32)
    (rows, row_step), (columns, column_step) = (
        _samples(float(box[axis]), float(box[axis + 2]), length) for axis, length in ((0, height), (1, width))
    )
    inside = grow_px + _depth(corners, rows[:, None], columns[None])
    probability = np.clip(0.5 + inside / max(1.0, row_step, column_step), 0, 1)
    mask = np.rint(probability * 255).astype(np.uint8)
    return (box, mask) if mask.any() else None


def _samples(low: float, high: float, length: int) -> tuple[Float64, float]:
    """Where a mask's samples lie along an axis of the frame, pixels, and how far from each other.

    A sample at u is the centre of pixel u * (length - 1), half a pixel after its start.
    """
    first, last = (share * (length - 1) + 0.5 for share in (low, high))
    count = min(math.ceil(last - first) + 1, MAX_MASK_SIDE)
    return np.linspace(first, last, count), (last - first) / max(count - 1, 1)


def _depth(points: Float64, y: Float64, x: Float64) -> Float64:
    """How deep places lie in the hull of some points: their distance from its outline, negative outside.

    Args:
        points: (n, 2) x and y.
        y: (h, 1).
        x: (1, w).
    """
    middle = points.mean(axis=0)  # OpenCV works in float32
    hull = cv2.convexHull((points - middle).astype(np.float32), clockwise=False)[:, 0].astype(np.float64) + middle
    shape = (y.shape[0], x.shape[1])
    nearest, within = np.full(shape, np.inf), np.full(shape, len(hull) > 2)
    for start, end in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        length = math.dist(start, end)
        along_x, along_y = (end - start) / length if length else (1.0, 0.0)
        ahead = (x - start[0]) * along_x + (y - start[1]) * along_y
        aside = (x - start[0]) * along_y - (y - start[1]) * along_x
        np.minimum(nearest, np.hypot(ahead - np.clip(ahead, 0, length), aside), out=nearest)
        within &= aside <= 0
    return np.where(within, nearest, -nearest)
