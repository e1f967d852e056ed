"""From soft masks in boxes to pixels.

Pixel i of a frame of height H has the normalised coordinate i / (H - 1). The first and last samples of a soft mask
lie on the edges of its box. These are the conventions of TensorFlow's `crop_and_resize`, which the Object Detection API
uses for the same purpose (`reframe_box_masks_to_image_masks`). So masks get the same pixels as with the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections


@dataclass(frozen=True)
class Patch:
    """A boolean mask over part of a frame.

    Attributes:
        top: first row of the frame that the patch covers, pixels.
        left: first column of the frame that the patch covers, pixels.
        mask: (h, w) bool; may be empty.
    """

    top: int
    left: int
    mask: npt.NDArray[np.bool_]

    @property
    def rows(self) -> slice:
        """The rows of the frame that the patch covers."""
        return slice(self.top, self.top + self.mask.shape[0])

    @property
    def columns(self) -> slice:
        """The columns of the frame that the patch covers."""
        return slice(self.left, self.left + self.mask.shape[1])

    def trimmed(self) -> Patch:
        """The smallest patch with the same pixels."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        if not len(rows):
            return Patch(self.top, self.left, np.zeros((0, 0), np.bool_))
        inside = self.mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Patch(self.top + int(rows[0]), self.left + int(columns[0]), inside)


def padded(mask: npt.NDArray[Any], above: int = 0, below: int = 0, before: int = 0, after: int = 0) -> npt.NDArray[Any]:
    """A mask with more rows and columns of nothing. `np.pad` takes ten times as long for small ones."""
    height, width = mask.shape
    wider = np.zeros((above + height + below, before + width + after), mask.dtype)
    wider[above : above + height, before : before + width] = mask
    return wider


def union(patches: Sequence[Patch]) -> Patch:
    """What any of some patches covers; at least one of them."""
    if len(patches) == 1:
        return patches[0]
    top, left = min(one.top for one in patches), min(one.left for one in patches)
    bottom, right = max(one.rows.stop for one in patches), max(one.columns.stop for one in patches)
    mask = np.zeros((bottom - top, right - left), np.bool_)
    for one in patches:
        mask[one.top - top :, one.left - left :][: one.mask.shape[0], : one.mask.shape[1]] |= one.mask
    return Patch(top, left, mask)


def share_of(found: Detections, i: int, level: np.float32) -> float:
    """About which share of the frame the mask of a detection takes, 0..1.

    Args:
        found: the detections of a frame.
        i: index of one of them.
        level: a sample above this belongs to the mask, 0..255.
    """
    sides = found.boxes[i, 2:] - found.boxes[i, :2]
    return float(sides.prod()) * np.count_nonzero(found.masks[i] > level) / found.masks[i].size


def paste(
    mask: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], height: int, width: int, threshold: float
) -> Patch:
    """The pixels of a frame in which a soft mask exceeds a threshold.

    Args:
        mask: (h, w) uint8, probability x 255, align-corners over the box.
        box: (4,) normalised (ymin, xmin, ymax, xmax).
        height: height of the frame, pixels.
        width: width of the frame, pixels.
        threshold: probability, 0..1; a pixel belongs to the mask when its interpolated probability is higher.

    Returns:
        The patch under the box, clipped to the frame.
    """
    top, left, soft = soften(mask, box, height, width)
    return Patch(top, left, soft > np.float32(threshold * 255))


def soften(
    mask: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], height: int, width: int
) -> tuple[int, int, npt.NDArray[np.float32]]:
    """The interpolated values of a soft mask in the pixels of the frame under its box.

    Args:
        mask: (h, w) uint8, probability x 255, align-corners over the box.
        box: (4,) normalised (ymin, xmin, ymax, xmax).
        height: height of the frame, pixels.
        width: width of the frame, pixels.

    Returns:
        First row, first column, and the values, (h, w) float32 in 0..255.
    """
    ymin, xmin, ymax, xmax = box
    top, row, row_share = _samples(ymin, ymax, mask.shape[0], height)
    left, column, column_share = _samples(xmin, xmax, mask.shape[1], width)
    soft = mask.astype(np.float32)
    # Columns first, while there are few rows; whole rows are then cheap to gather.
    soft = _blend(soft[:, column], soft[:, np.minimum(column + 1, mask.shape[1] - 1)], column_share)
    return top, left, _blend(soft[row], soft[np.minimum(row + 1, mask.shape[0] - 1)], row_share[:, None])


def _samples(
    low: np.float32, high: np.float32, samples: int, size_px: int
) -> tuple[int, npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Along one axis: the first pixel in [low, high], and for each there the sample before it and the next one's share.

    In float32 and in TensorFlow's order of operations: at a frame's very edge rounding decides whether the last pixel
    still lies in the box, and it should decide as it does there.
    """
    # A single sample stands for the whole box, as two equal ones do; `crop_and_resize` would fill the frame with it.
    one, last = np.float32(1), np.float32(max(samples - 1, 1))
    start, stop = (np.float32(0) - low) / (high - low), (one - low) / (high - low)
    if size_px > 1:
        step = (stop - start) * last / np.float32(size_px - 1)
        position = start * last + _pixels(size_px) * step
    else:
        position = np.array([np.float32(0.5) * (start + stop) * last], np.float32)
    inside = np.flatnonzero((position >= 0) & (position <= last))
    position = position[inside]
    before = np.minimum(position.astype(np.intp), max(samples - 2, 0))
    return int(inside[0]) if len(inside) else 0, before, position - before.astype(np.float32)


@cache
def _pixels(count: int) -> npt.NDArray[np.float32]:
    return np.arange(count, dtype=np.float32)


def _blend(
    a: npt.NDArray[np.float32], b: npt.NDArray[np.float32], share: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    b -= a
    b *= share
    b += a
    return b
