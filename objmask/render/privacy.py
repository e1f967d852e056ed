"""Hides areas so that nothing of them can be recovered. Everything else stays unchanged.

The picture in place of an object depends only on the means of at most 8 cells along its longer side (`pixelate`,
`blur`), or on nothing at all (`solid`). Areas are in 2 x 2 blocks, because the pixels of a block share their chroma.
A pixel outside the hidden blocks keeps its exact Y, U and V.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from objmask.config.hiding import DEFAULT_LOOK, HiddenLook
from objmask.detections.masks import Patch
from objmask.hidden.causes import HiddenArea, hides_objects
from objmask.video.planes import Planes

Array = npt.NDArray[np.uint8]

GREY = 128
"""Level of Y, U and V in a solid area."""


class Privacy:
    """Renders protected frames.

    Args:
        look: how hidden areas look.

    Attributes:
        hides: for each rendered frame, whether anything is hidden in it apart from zones.
    """

    viewed = False

    def __init__(self, look: HiddenLook = DEFAULT_LOOK) -> None:
        self._look = look
        self.hides: list[bool] = []

    def render(self, picture: Planes, decided: Sequence[HiddenArea]) -> Planes:
        """The picture with all areas hidden, the first one first."""
        out = Planes(picture.y.copy(), picture.u.copy(), picture.v.copy())
        done = np.zeros(picture.u.shape, np.bool_)
        for area in decided:
            _hide(area.patch, done, picture, out, self._look)
        self.hides.append(hides_objects(decided))
        return out


def _hide(area: Patch, done: npt.NDArray[np.bool_], picture: Planes, out: Planes, look: HiddenLook) -> None:
    """Hides what of `area` is not hidden yet, in `out`; `done` (a value a block) remembers."""
    todo = area.mask & ~done[area.rows, area.columns]
    if not todo.any():
        return
    done[area.rows, area.columns] |= area.mask
    # In blocks, rounded up: never more than `strength` cells along the longer side.
    cell = math.ceil(max(area.mask.shape) / look.strength)
    counts = _cell_sums(area.mask, cell)
    for source, target, step in ((picture.y, out.y, 2), (picture.u, out.u, 1), (picture.v, out.v, 1)):
        place = tuple(slice(step * side.start, step * side.stop) for side in (area.rows, area.columns))
        seen, covered = source[place], target[place]
        # The last block of a frame of odd size is half outside.
        hidden = todo.repeat(step, 0).repeat(step, 1)[: seen.shape[0], : seen.shape[1]]
        if look.style == "solid":
            covered[hidden] = GREY
        else:
            means = _cell_means(_block_sums(seen, step) * area.mask, counts, cell) / step**2
            covered[hidden] = _enlarged(means, cell * step, seen.shape, smooth=look.style == "blur")[hidden]


def _block_sums(plane: Array, step: int) -> npt.NDArray[np.uint16]:
    """Sums of blocks of `step` x `step` samples; at an odd edge the samples count twice."""
    height, width = plane.shape
    odd = (0, height % step), (0, width % step)
    even = np.pad(plane, odd, mode="edge") if any(more for _, more in odd) else plane
    sums = np.zeros((even.shape[0] // step, even.shape[1] // step), np.uint16)
    for y in range(step):
        for x in range(step):
            sums += even[y::step, x::step]
    return sums


def _cell_means(values: npt.NDArray[np.uint16], counts: npt.NDArray[np.int64], cell: int) -> npt.NDArray[np.float64]:
    """Mean of the hidden blocks of each cell of `cell` x `cell` blocks; where none is hidden, the mean of all.

    Args:
        values: of each block, 0 where it is not hidden.
        counts: how many blocks of each cell are hidden.
        cell: blocks per side.
    """
    total = _cell_sums(values, cell)
    return np.where(counts > 0, total / np.maximum(counts, 1), total.sum() / counts.sum())


def _cell_sums(values: npt.NDArray[np.generic], cell: int) -> npt.NDArray[np.int64]:
    rows, columns = (np.arange(0, side, cell) for side in values.shape)
    return np.add.reduceat(np.add.reduceat(values, rows, axis=0, dtype=np.int64), columns, axis=1)


def _enlarged(means: npt.NDArray[np.float64], cell: int, shape: tuple[int, int], *, smooth: bool) -> Array:
    """A plane made of nothing but cells; smoothed by linear interpolation between their centres."""
    size = (means.shape[1] * cell, means.shape[0] * cell)
    cells = cv2.resize(means.astype(np.float32), size, interpolation=cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST)
    return np.rint(cells[: shape[0], : shape[1]]).astype(np.uint8)
