"""Overlap of boxes (ymin, xmin, ymax, xmax), in NumPy. `objmask.maskrcnn.boxes` has the same for tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Box = tuple[float, float, float, float]
"""One box. The place of use says its unit."""
Boxes = npt.NDArray[Any]
"""(n, 4) of any float dtype, in one unit."""


def common_and_union(first: Boxes, second: Boxes) -> tuple[Boxes, Boxes]:
    """Areas of the intersection and of the union of each pair of boxes, both (n, m), in the boxes' dtype.

    Args:
        first: (n, 4).
        second: (m, 4), in the same unit.
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(-1)
    areas = ((boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (first, second))
    return common, next(areas)[:, None] + next(areas) - common


def box_iou(first: Boxes, second: Boxes) -> Boxes:
    """Intersection over union of each pair, (n, m), 0..1; 0 where both boxes are empty."""
    common, union = common_and_union(first, second)
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def iou_of_two(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1; 0 when both are empty."""
    return float(box_iou(np.array([a], np.float64), np.array([b], np.float64))[0, 0])
