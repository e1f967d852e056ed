"""The geometry of hiding: patches in 2 x 2 blocks of pixels, grown, completed and merged.

Hiding works in whole 2 x 2 blocks, because the pixels of a block share their chroma.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.masks import Patch, padded, union

_SAME_OBJECT = 0.5
"""Share of a patch's rectangle inside another's from which both are hidden as one object, with one grid of cells."""


class Size(Protocol):
    """Anything with a size: a video or a picture."""

    @property
    def height(self) -> int:
        """Pixels."""

    @property
    def width(self) -> int:
        """Pixels."""


def block_size(size: Size) -> tuple[int, int]:
    """Rows and columns of blocks of a frame; the last ones may be half outside."""
    return (size.height + 1) // 2, (size.width + 1) // 2


def to_blocks(patch: Patch) -> Patch:
    """The 2 x 2 blocks of the frame that a patch of pixels touches."""
    if not patch.mask.size:
        return patch
    bottom, right = patch.rows.stop % 2, patch.columns.stop % 2
    mask = padded(patch.mask, patch.top % 2, bottom, patch.left % 2, right)
    blocks = mask[::2, ::2] | mask[::2, 1::2] | mask[1::2, ::2] | mask[1::2, 1::2]
    return Patch(patch.top // 2, patch.left // 2, blocks)


def whole_pairs(patch: Patch, height: int) -> Patch:
    """A patch of blocks, completed to whole pairs of rows: 0 and 1, 2 and 3, ... `height` is in blocks."""
    if not patch.mask.size:
        return patch
    mask = padded(patch.mask, patch.top % 2, patch.rows.stop % 2)
    mask = (mask[::2] | mask[1::2]).repeat(2, 0)
    top = patch.top - patch.top % 2
    return Patch(top, patch.left, mask[: height - top])


def grow(patch: Patch, radius_px: int, height: int, width: int) -> Patch:
    """Every block with a pixel within `radius_px` (Euclidean) of a pixel of the patch; up to 3 pixels more.

    Args:
        patch: in blocks, not empty.
        radius_px: pixels.
        height: height of the frame, blocks.
        width: width of the frame, blocks.
    """
    # Pixels of two blocks are nearer to each other than the blocks' first pixels by at most the diagonal of a pixel.
    radius = (radius_px + math.sqrt(2)) / 2
    margin = math.ceil(radius)
    top, left = max(0, patch.top - margin), max(0, patch.left - margin)
    bottom, right = min(height, patch.rows.stop + margin), min(width, patch.columns.stop + margin)
    far = np.ones((bottom - top, right - left), np.uint8)
    far[patch.top - top : patch.rows.stop - top, patch.left - left : patch.columns.stop - left] = ~patch.mask
    return Patch(top, left, cv2.distanceTransform(far, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius)


def merge_objects(patches: Sequence[Patch]) -> list[tuple[Patch, list[int]]]:
    """One patch per object, the largest first, and which of `patches` it is made of.

    A patch that lies mostly in a larger one becomes part of it. So an object in several frames, or found twice, gets
    one grid of cells. Two grids over the same pixels would reveal more than one.
    """
    merged: list[tuple[Patch, list[int]]] = []
    order = sorted(range(len(patches)), key=lambda i: (-patches[i].mask.size, patches[i].top, patches[i].left))
    for i in order:
        patch = patches[i]
        home = next((k for k, (other, _) in enumerate(merged) if _share_inside(patch, other) >= _SAME_OBJECT), None)
        if home is None:
            merged.append((patch, [i]))
        else:
            other, made_of = merged[home]
            merged[home] = union([other, patch]), [*made_of, i]
    return sorted(merged, key=lambda one: (-max(one[0].mask.shape), one[0].top, one[0].left))


def _share_inside(patch: Patch, other: Patch) -> float:
    rows = min(patch.rows.stop, other.rows.stop) - max(patch.top, other.top)
    columns = min(patch.columns.stop, other.columns.stop) - max(patch.left, other.left)
    share: float = max(rows, 0) * max(columns, 0) / patch.mask.size
    return share


def ellipse(shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The ellipse in a rectangle, (h, w) bool."""
    y, x = (np.linspace(-1, 1, n + 1)[:-1] + 1 / n for n in shape)
    inside: npt.NDArray[np.bool_] = y[:, None] ** 2 + x[None, :] ** 2 <= 1
    return inside


def nearest_pixel(box: npt.NDArray[np.float32], size: Size) -> Patch:
    """The pixel in the middle of a box that lies between pixels."""
    y, x = (box[:2] + box[2:]) / 2 * (size.height - 1, size.width - 1)
    return Patch(round(float(y)), round(float(x)), np.ones((1, 1), np.bool_))


def polygon(corners: Sequence[Sequence[float]], size: Size) -> Patch:
    """The pixels of a convex polygon of [x, y], shares of width and height."""
    picture = np.zeros((size.height, size.width), np.uint8)
    points = np.array([[x * (size.width - 1), y * (size.height - 1)] for x, y in corners])
    # The hull, so that corners in any order hide all that lies between them.
    cv2.fillConvexPoly(picture, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    return Patch(0, 0, picture > 0).trimmed()
