"""What people draw, as detections: boxes and polygons that stay, or move along a straight line."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from objmask.corrections.span import Span
from objmask.detections.arrays import MAX_MASK_SIDE, Detections

_THINNEST = 1e-4
"""Share of the frame that a drawn object has at least, from side to side."""
Corners = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Added:
    """An object that nobody found.

    Attributes:
        entry: number of the correction in its video's list, from 1.
        name: its class.
        span: when it is there.
        start: (k, 2) float32 corners of a polygon, or two of a box, as (y, x) shares of the frame, 0..1.
        end: where they are at the end of the span, to which they move evenly.
        box: whether the corners are a box's.
    """

    entry: int
    name: str
    span: Span
    start: Corners
    end: Corners
    box: bool

    def at(self, time_s: float) -> Detections:
        """The object in a frame of its span."""
        done = np.float32(self.span.progress(time_s))
        corners = self.start + (self.end - self.start) * done
        low, high = _widened(corners.min(0), corners.max(0))
        mask = np.full((2, 2), 255, np.uint8) if self.box else _filled((corners - low) / (high - low))
        box = np.concatenate([low, high])[None]
        return Detections(np.ones(1, np.float32), (self.name,), box, (mask,), ("manual",))


def _widened(low: Corners, high: Corners) -> tuple[Corners, Corners]:
    """Edges of a box that are apart, and in the frame."""
    missing = np.maximum(_THINNEST - (high - low), 0) / 2
    low = np.clip(low - missing, 0, 1 - _THINNEST)
    return low.astype(np.float32), np.clip(np.maximum(high + missing, low + _THINNEST), 0, 1).astype(np.float32)


def _filled(corners: Corners) -> npt.NDArray[np.uint8]:
    """A polygon in its box as a mask; whatever sample an edge passes belongs to it."""
    mask = np.zeros((MAX_MASK_SIDE, MAX_MASK_SIDE), np.uint8)
    points = np.rint(corners[:, ::-1] * (MAX_MASK_SIDE - 1)).astype(np.int32)
    cv2.fillPoly(mask, [points], 255)
    return mask
