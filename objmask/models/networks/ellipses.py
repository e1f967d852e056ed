"""Ellipses as soft masks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LEAST_SAMPLES, _MOST_SAMPLES = 8, 32
"""A side of a mask. An ellipse is smooth: more would say nothing new, and be stored for every frame."""


@dataclass(frozen=True)
class Ellipse:
    """A turned ellipse in a picture. Pixel i covers i..i+1.

    Attributes:
        y: of the centre, pixels.
        x: of the centre, pixels.
        along: half of the axis that stands upright before it is turned, pixels.
        across: half of the other one, pixels.
        turn: of the upright axis, radians, from down (the y-axis) to the left.
    """

    y: float
    x: float
    along: float
    across: float
    turn: float = 0.0

    def mask(self, height: int, width: int) -> tuple[tuple[float, float, float, float], npt.NDArray[np.uint8]] | None:
        """The ellipse as a detection's box and soft mask. See `objmask.detections.arrays.Detections`.

        Args:
            height: of the picture, pixels.
            width: of the picture, pixels.

        Returns:
            The normalised box (ymin, xmin, ymax, xmax) around it, clipped to the picture, and the mask, which rises to
            255 within a sample around the ellipse. None: nothing of it lies in the picture.
        """
        sine, cosine = math.sin(self.turn), math.cos(self.turn)
        reach_y = math.hypot(self.along * cosine, self.across * sine)
        reach_x = math.hypot(self.along * sine, self.across * cosine)
        top, bottom = max(self.y - reach_y, 0.0), min(self.y + reach_y, float(height))
        left, right = max(self.x - reach_x, 0.0), min(self.x + reach_x, float(width))
        if not (bottom - top >= 1 and right - left >= 1):
            return None
        box = top / height, left / width, bottom / height, right / width
        y, step_y = _samples(box[0], box[2], height)
        x, step_x = _samples(box[1], box[3], width)
        y, x = y[:, None] - self.y, x[None] - self.x
        # 0 in the centre, 1 on the ellipse.
        radius = np.hypot((y * cosine - x * sine) / self.along, (y * sine + x * cosine) / self.across)
        inside = (1 - radius) * min(self.along, self.across) / max(step_y, step_x)
        mask: npt.NDArray[np.uint8] = np.rint(np.clip(0.5 + inside, 0, 1) * 255).astype(np.uint8)
        return (box, mask) if mask.any() else None


def _samples(low: float, high: float, size_px: int) -> tuple[npt.NDArray[np.float64], float]:
    """Places of a mask's samples along one axis, pixels, and the distance between them.

    Args:
        low: lower side of the box, normalised.
        high: upper side.
        size_px: of the picture.
    """
    # A sample at u is the centre of the picture's pixel u * (size_px - 1).
    first, last = (u * (size_px - 1) + 0.5 for u in (low, high))
    count = min(max(math.ceil(last - first) + 1, _LEAST_SAMPLES), _MOST_SAMPLES)
    return np.linspace(first, last, count), (last - first) / (count - 1)
