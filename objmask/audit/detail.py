"""Where the detail of a picture is still there in its protected version, and where it is gone.

Measured on pixels, so it holds whatever style, settings or program hid something: in what is hidden, nothing that
changes from pixel to pixel goes along with the source. Where the source itself is plain, nothing can be told.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.masks import Patch

Grid = npt.NDArray[np.float32]

CELL_PX = 4
"""Side of the squares that are judged."""
_WINDOW_PX = 5
"""Detail is what differs from the mean of so many pixels around."""
_NOISE = 9.0
"""Mean square of detail that is sure to come through the encoder, levels squared."""
_SHOWN = 0.3
"""Share of the source's detail from which a cell counts as shown: what is hidden keeps under 0.1, the rest over 0.5."""
_CHANGED = 4.0
"""A cell without detail is changed when its mean differs by more levels: encoding alone does not move it so far."""


@dataclass(frozen=True)
class Detail:
    """A picture and its protected version, by cells of `CELL_PX` x `CELL_PX` pixels; the last ones may be cut off.

    Attributes:
        told: (h, w) float32, 1 where the source has detail, else 0.
        shown: (h, w) float32, 1 where it also has come through, else 0.
        lost: (h, w) float32, 1 where the picture is another one: its detail gone, or where it has none its level.
    """

    told: Grid
    shown: Grid
    lost: Grid

    @classmethod
    def of(cls, source: npt.NDArray[np.uint8], protected: npt.NDArray[np.uint8]) -> Detail:
        """Compares two pictures of one size, luma uint8 (h, w)."""
        before, after = _detail(source), _detail(protected)
        energy, common = _cells(before * before), _cells(before * after)
        told, alike = energy > _NOISE, common > _SHOWN * energy
        moved = np.abs(_cells(source.astype(np.float32)) - _cells(protected.astype(np.float32))) > _CHANGED
        lost = np.where(told, ~alike, moved)
        return cls(told.astype(np.float32), (told & alike).astype(np.float32), lost.astype(np.float32))

    def inside(self, patch: Patch) -> tuple[float, float]:
        """Cells with detail in a patch of pixels, and how many of them are shown; parts of cells count as parts."""
        if not patch.mask.size:
            return 0.0, 0.0
        rows, columns, share = covered(patch)
        return float((self.told[rows, columns] * share).sum()), float((self.shown[rows, columns] * share).sum())


def covered(patch: Patch) -> tuple[slice, slice, Grid]:
    """The rows and columns of cells that a patch of pixels reaches, and the share of each that it covers, 0..1."""
    top, left = patch.top % CELL_PX, patch.left % CELL_PX
    padded = cv2.copyMakeBorder(
        patch.mask.astype(np.float32),
        *(top, -(top + patch.mask.shape[0]) % CELL_PX),
        *(left, -(left + patch.mask.shape[1]) % CELL_PX),
        cv2.BORDER_CONSTANT,
    )
    share = _shrunk(padded.astype(np.float32, copy=False))
    row, column = patch.top // CELL_PX, patch.left // CELL_PX
    return slice(row, row + share.shape[0]), slice(column, column + share.shape[1]), share


def _detail(luma: npt.NDArray[np.uint8]) -> Grid:
    levels = luma.astype(np.float32)
    detail: Grid = levels - cv2.blur(levels, (_WINDOW_PX, _WINDOW_PX))
    return detail


def _cells(values: Grid) -> Grid:
    height, width = values.shape
    return _shrunk(
        cv2.copyMakeBorder(values, 0, -height % CELL_PX, 0, -width % CELL_PX, cv2.BORDER_CONSTANT).astype(np.float32)
    )


def _shrunk(values: Grid) -> Grid:
    """Means of cells."""
    size = (values.shape[1] // CELL_PX, values.shape[0] // CELL_PX)
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
