"""A soft mask on the grid of a frame. It can move along the flow and become a box with a mask again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import MAX_MASK_SIDE
from objmask.detections.masks import padded, soften
from objmask.objects.motion import Field

SUPPORT = 13
"""Level (of 255) from which a pixel counts as part of a soft mask; below it no threshold is of use."""
_INSIDE = 128
_EVERY, _MARGIN_PX = 4, 4
_SURE = 0.9
"""The error of a step is that which so many of the object's pixels stay under."""
Soft = npt.NDArray[np.uint8]
BoxArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Region:
    """The place of an object on the grid of a frame.

    Attributes:
        top, left: first row and column that the mask covers, in pixels of the grid, inside the grid.
        soft: (h, w) uint8, probability x 255, not empty.
        drift_px: possible error of the place, in pixels of the grid, from the steps that carried the mask here.
    """

    top: int
    left: int
    soft: Soft
    drift_px: float = 0.0

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """First row and column, and those after the last."""
        return self.top, self.left, self.top + self.soft.shape[0], self.left + self.soft.shape[1]

    @cached_property
    def area(self) -> int:
        """Pixels of the grid that are more likely inside than not."""
        return int(np.count_nonzero(self.soft >= _INSIDE))

    @classmethod
    def of(cls, mask: Soft, box: BoxArray, size: tuple[int, int]) -> Region:
        """The mask of a detection on a grid of (height, width) pixels. It has at least the pixel in the middle."""
        top, left, soft = soften(mask, box, *size)
        if not soft.size:
            y, x = (box[:2] + box[2:]) / 2 * (size[0] - 1, size[1] - 1)
            return cls(round(float(y)), round(float(x)), np.full((1, 1), mask.max(), np.uint8))
        return cls(top, left, np.rint(soft).astype(np.uint8))

    def shifted(self, there: Field) -> Region:
        """The approximate mask in a neighbouring frame: moved as a whole by the median motion of its pixels."""
        top, left, bottom, right = self.bounds
        x, y = (_quantile(there[top:bottom:_EVERY, left:right:_EVERY, axis].ravel(), 0.5) for axis in (0, 1))
        return replace(self, top=top + round(y), left=left + round(x))

    def moved(self, there: Field, here: Field) -> Region | None:
        """The mask in a neighbouring frame; None when it has left the picture.

        Args:
            there: from pixels of this region's frame to those of the neighbour.
            here: from pixels of the neighbour to those of this region's frame.
        """
        top, left, bottom, right = self.bounds
        height, width = there.shape[:2]
        # A sample of the steps will do, with a margin.
        steps = there[top:bottom:_EVERY, left:right:_EVERY]
        # One axis after the other: NumPy takes twenty times as long for both at once.
        (x_low, x_high), (y_low, y_high) = ((int(way.min()), int(way.max())) for way in (steps[..., 0], steps[..., 1]))
        rows = slice(max(0, top + y_low - _MARGIN_PX), min(height, bottom + y_high + _MARGIN_PX))
        columns = slice(max(0, left + x_low - _MARGIN_PX), min(width, right + x_high + _MARGIN_PX))
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return None
        # Where each pixel of the neighbour comes from, in this region.
        came = here[rows, columns]
        x = came[..., 0] + np.arange(columns.start - left, columns.stop - left, dtype=np.float32)
        y = came[..., 1] + np.arange(rows.start - top, rows.stop - top, dtype=np.float32)[:, None]
        soft = cv2.remap(self.soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        moved = Region(rows.start, columns.start, soft.astype(np.uint8, copy=False), self.drift_px).trimmed()
        if moved is None:
            return None
        # There and back again: by how much that misses is by how much the step may be wrong.
        some = (slice(None, None, _EVERY),) * 2
        inside = soft[some] >= _INSIDE
        if not inside.any():
            return moved
        from_x, from_y = x[some][inside] + left, y[some][inside] + top
        missed = came[some][inside] + cv2.remap(there, from_x, from_y, cv2.INTER_LINEAR).reshape(-1, 2)
        errors = np.hypot(missed[:, 0], missed[:, 1])
        return replace(moved, drift_px=self.drift_px + _quantile(errors, _SURE))

    def trimmed(self) -> Region | None:
        """The smallest region that holds all pixels with a noticeable value; None when there are none."""
        inside = self.soft >= SUPPORT
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        if not len(rows):
            return None
        soft = self.soft[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return replace(self, top=self.top + int(rows[0]), left=self.left + int(columns[0]), soft=soft)

    def as_mask(self, size: tuple[int, int]) -> tuple[BoxArray, Soft]:
        """The box and the soft mask in it, in the form that detections have."""
        top, left, bottom, right = self.bounds
        # A pixel more on each side, where the grid has one: a box of one row would have no height.
        above, before, below, after = (int(room > 0) for room in (top, left, size[0] - bottom, size[1] - right))
        soft = padded(self.soft, above, below, before, after)
        box = np.array(
            [
                *((top - above) / (size[0] - 1), (left - before) / (size[1] - 1)),
                *((bottom - 1 + below) / (size[0] - 1), (right - 1 + after) / (size[1] - 1)),
            ],
            np.float32,
        )
        return box, limited(soft)


def _quantile(values: npt.NDArray[np.floating], share: float) -> float:
    """The value that a share of all are at most, between two by the straight line; 0 of none. As `np.quantile`, which
    takes ten times as long for a few hundred values.
    """
    if not values.size:
        return 0.0
    place = share * (values.size - 1)
    low = int(place)
    high = min(low + 1, values.size - 1)
    ordered = np.partition(values, (low, high))
    return float(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


def limited(soft: Soft) -> Soft:
    """The mask, scaled down to at most `MAX_MASK_SIDE` samples per side."""
    return sampled(soft, tuple(min(side, MAX_MASK_SIDE) for side in soft.shape))


def sampled(soft: Soft, shape: tuple[int, ...]) -> Soft:
    """The mask with another number of samples. The first and last samples stay on the edges of its box."""
    if shape == soft.shape:
        return soft
    y, x = (_places(old, new) for old, new in zip(soft.shape, shape, strict=True))
    columns, rows = every_pair(x, y)
    return cv2.remap(soft, columns, rows, cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def every_pair(x: BoxArray, y: BoxArray) -> BoxArray:
    """The maps of a grid, (2, len(y), len(x)) float32. `np.meshgrid` takes five times as long for small ones."""
    maps = np.empty((2, len(y), len(x)), np.float32)
    maps[0], maps[1] = x, y[:, None]
    return maps


@lru_cache(maxsize=4096)
def _places(old: int, new: int) -> BoxArray:
    """Where so many new samples lie among the old ones."""
    return np.linspace(0, old - 1, new, dtype=np.float32)
