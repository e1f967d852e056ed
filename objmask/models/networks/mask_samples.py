"""Soft masks in boxes, sampled from what a network gives over the whole picture: a field of cells.

A mask's samples are align-corners, as in `crop_and_resize`: the first and last lie on the edges of its box, and a
sample at u is the centre of frame pixel u * (n - 1) of n. In continuous coordinates, where pixel i covers i..i+1, that
is half a pixel more. Cell c of a field has its centre at c + 0.5 cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import MAX_MASK_SIDE

Float32 = npt.NDArray[np.float32]

_COUNTING = np.arange(MAX_MASK_SIDE, dtype=np.float64)
_STEP = 5  # of 255: a probability to within 0.01, 0 and 1 exact, 0.5 in a step's middle; halves the bytes


@dataclass(frozen=True)
class Samples:
    """Where the samples of a mask lie on a field, along one axis.

    Attributes:
        lower: (n,) the cell before each sample.
        weight: (n,) the share of the cell after that, 0..1.
    """

    lower: npt.NDArray[np.intp]
    weight: Float32

    @classmethod
    def between(cls, first: float, last: float, cells: int, count: int) -> Samples:
        """`count` samples (at most MAX_MASK_SIDE are made) from a place on a field to another.

        Args:
            first: place of the first sample, in cells; a whole number is a cell's centre.
            last: place of the last one.
            cells: of the field, at least 2. Beyond the outermost centres it goes on as it ends, as in every
                half-pixel resize.
            count: at least 2.
        """
        count = min(count, MAX_MASK_SIDE)
        position = first + _COUNTING[:count] * ((last - first) / (count - 1))
        position = np.minimum(np.maximum(position, 0), cells - 1)
        lower = np.minimum(position.astype(np.intp), cells - 2)
        return cls(lower, (position - lower).astype(np.float32))

    @property
    def window(self) -> slice:
        """The cells that the samples lie between."""
        return slice(int(self.lower[0]), int(self.lower[-1]) + 2)


def interpolated(window: npt.NDArray[Any], rows: Samples, columns: Samples) -> Float32:
    """A field at the samples, bilinear.

    Args:
        window: the field's cells `[rows.window, columns.window]`.
        rows: samples along the first axis.
        columns: along the second.
    """
    values = window.astype(np.float32, copy=False)
    return _between(_between(values, rows).T, columns).T


def probability(logits: Float32) -> Float32:
    """The logistic function: 1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2, which cannot overflow."""
    shares: Float32 = 0.5 + 0.5 * np.tanh(0.5 * logits)
    return shares


def stored_mask(probabilities: Float32) -> npt.NDArray[np.uint8]:
    """A soft mask as detections hold it: uint8, probability x 255, in steps."""
    mask: npt.NDArray[np.uint8] = (np.rint(probabilities * (255 // _STEP)) * _STEP).astype(np.uint8, order="C")
    return mask


def _between(field: Float32, samples: Samples) -> Float32:
    """Rows between the rows of a window."""
    lower = samples.lower - samples.lower[0]
    below = field[lower]
    values: Float32 = below + (field[lower + 1] - below) * samples.weight[:, None]
    return values
