"""Hides sensitive objects so that nothing of them can be recovered. Everything else stays unchanged.

The picture in place of an object depends only on the means of at most 8 cells along its longer side (`pixelate`,
`blur`), or on nothing at all (`solid`). Hiding works in whole 2 x 2 blocks, because the pixels of a block share their
chroma. A pixel outside the hidden blocks keeps its exact Y, U and V.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from objmask.config.hiding import DEFAULT_LOOK, HiddenLook, Hiding
from objmask.detections.arrays import Detections
from objmask.detections.masks import Patch, paste
from objmask.errors import DataError
from objmask.objects.tables import Tables
from objmask.render.hold import Hold
from objmask.video.planes import Planes

Array = npt.NDArray[np.uint8]

GREY = 128
"""Level of Y, U and V in a solid area."""
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


class FilledPatch(Patch):
    """A patch of an object that the network did not find in this frame: carried, or added by a person."""


class Privacy:
    """Renders protected frames. Its patches are in 2 x 2 blocks, not in pixels.

    Args:
        hiding: what to hide.
        info: the video, or anything with its size.
        look: how hidden areas look.
        interlaced: whether its chroma may belong to fields. Hidden areas then have whole vertical pairs of blocks,
            because two lines of chroma belong to four alternating lines of luma.

    Attributes:
        hidden: for each rendered frame, whether anything is hidden in it apart from zones.
    """

    viewed = False

    def __init__(
        self, hiding: Hiding, info: Size, look: HiddenLook = DEFAULT_LOOK, *, interlaced: bool = False
    ) -> None:
        self._hiding, self._info, self._look, self._interlaced = hiding, info, look, interlaced
        self.hold = Hold.parse(hiding.hold)
        self._whole_frame = hiding.whole_frame_when == "no_detection"
        self.hidden: list[bool] = []
        self._zones = [self._whole(to_blocks(_polygon(zone, info))) for zone in hiding.zones]

    def prepare(self, found: Detections) -> list[Patch]:
        """The grown masks of the sensitive detections of one frame, in blocks."""
        chosen = found.select(score=self._hiding.score, classes=self._hiding.objects, doubtful=True)
        patches = map(self._hidden, chosen.masks, chosen.boxes, chosen.drifts)
        return [
            patch if self._is_found(chosen, i) else FilledPatch(patch.top, patch.left, patch.mask)
            for i, patch in enumerate(patches)
        ]

    def _is_found(self, found: Detections, i: int) -> bool:
        """Whether the network itself, in this frame alone, found something that is to be hidden."""
        return (
            found.sources[i] == "detected"
            and found.found_as[i] in self._hiding.objects
            and bool(np.float32(found.found_scores[i]) >= np.float32(self._hiding.score))
        )

    def render(self, picture: Planes, around: Sequence[list[Patch]], here: int) -> Planes:
        """The picture with all sensitive objects hidden."""
        out = Planes(picture.y.copy(), picture.u.copy(), picture.v.copy())
        done = np.zeros(picture.u.shape, np.bool_)
        self.hidden.append(self.hides(around))
        for area in self.areas(around, here):
            _hide(area, done, picture, out, self._look)
        return out

    def hides(self, around: Sequence[list[Patch]]) -> bool:
        """Whether anything is hidden in a frame, apart from zones."""
        return self._whole_frame or any(around)

    def areas(self, around: Sequence[list[Patch]], here: int) -> list[Patch]:
        """The hidden areas of a frame, in blocks: one per object, the largest first."""
        patches = [patch for prepared in around for patch in prepared]
        if self._whole_frame and all(isinstance(patch, FilledPatch) for patch in around[here]):
            blocks = ((self._info.height + 1) // 2, (self._info.width + 1) // 2)
            patches = [Patch(0, 0, np.ones(blocks, np.bool_))]
        return merge_objects([*patches, *self._zones])

    def _hidden(self, mask: Array, box: npt.NDArray[np.float32], drift: float) -> Patch:
        info, hiding = self._info, self._hiding
        patch = paste(mask, box, info.height, info.width, hiding.threshold)
        if not patch.mask.size:
            patch = _nearest_pixel(box, info)
        # An object that was found but whose mask stays under the threshold everywhere must not be shown for that.
        if hiding.shape == "box" or not patch.mask.any():
            patch = Patch(patch.top, patch.left, np.ones_like(patch.mask))
        elif hiding.shape == "ellipse":
            patch = Patch(patch.top, patch.left, patch.mask | _ellipse(patch.mask.shape))
        radius_px = max(1, math.ceil(hiding.grow * max(patch.mask.shape))) + math.ceil(drift * info.height)
        blocks = grow(to_blocks(patch.trimmed()), radius_px, (info.height + 1) // 2, (info.width + 1) // 2)
        return self._whole(blocks)

    def _whole(self, patch: Patch) -> Patch:
        return whole_pairs(patch, (self._info.height + 1) // 2) if self._interlaced else patch


def refuse_gaps(tables: Tables) -> None:
    """Refuses to protect a video when a model has not seen every frame, because missed objects would be visible.

    Raises:
        DataError: a frame was not inferred.
    """
    for path, table in tables:
        unseen = table.number[~table.known]
        if len(unseen):
            raise DataError(
                f"{path}: {len(unseen)} of {len(table)} frames, the first {unseen[0]}, had no inference "
                "and would leak; lower detect.every, without tracks (tracks.enabled: false) to 1"
            )


def to_blocks(patch: Patch) -> Patch:
    """The 2 x 2 blocks of the frame that a patch of pixels touches."""
    if not patch.mask.size:
        return patch
    bottom, right = patch.rows.stop % 2, patch.columns.stop % 2
    mask = np.pad(patch.mask, ((patch.top % 2, bottom), (patch.left % 2, right)))
    blocks = mask[::2, ::2] | mask[::2, 1::2] | mask[1::2, ::2] | mask[1::2, 1::2]
    return Patch(patch.top // 2, patch.left // 2, blocks)


def whole_pairs(patch: Patch, height: int) -> Patch:
    """A patch of blocks, completed to whole pairs of rows: 0 and 1, 2 and 3, ... `height` is in blocks."""
    if not patch.mask.size:
        return patch
    mask = np.pad(patch.mask, ((patch.top % 2, patch.rows.stop % 2), (0, 0)))
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


def merge_objects(patches: Iterable[Patch]) -> list[Patch]:
    """One patch per object, the largest first. A patch that lies mostly in a larger one becomes part of it.

    So an object in several frames, or found twice, gets one grid of cells. Two grids over the same pixels would reveal
    more than one.
    """
    merged: list[Patch] = []
    for patch in sorted(patches, key=lambda p: (-p.mask.size, p.top, p.left)):
        home = next((k for k, other in enumerate(merged) if _share_inside(patch, other) >= _SAME_OBJECT), None)
        if home is None:
            merged.append(patch)
        else:
            merged[home] = _union(merged[home], patch)
    return sorted(merged, key=lambda p: (-max(p.mask.shape), p.top, p.left))


def _share_inside(patch: Patch, other: Patch) -> float:
    rows = min(patch.rows.stop, other.rows.stop) - max(patch.top, other.top)
    columns = min(patch.columns.stop, other.columns.stop) - max(patch.left, other.left)
    share: float = max(rows, 0) * max(columns, 0) / patch.mask.size
    return share


def _union(a: Patch, b: Patch) -> Patch:
    top, left = min(a.top, b.top), min(a.left, b.left)
    mask = np.zeros((max(a.rows.stop, b.rows.stop) - top, max(a.columns.stop, b.columns.stop) - left), np.bool_)
    for patch in (a, b):
        mask[patch.top - top :, patch.left - left :][: patch.mask.shape[0], : patch.mask.shape[1]] |= patch.mask
    return Patch(top, left, mask)


def _hide(area: Patch, done: npt.NDArray[np.bool_], picture: Planes, out: Planes, look: HiddenLook) -> None:
    """Hides what of `area` is not hidden yet, in `out`; `done` (a value a block) remembers."""
    todo = area.mask & ~done[area.rows, area.columns]
    if not todo.any():
        return
    done[area.rows, area.columns] |= area.mask
    # In blocks, rounded up: never more than `strength` cells along the longer side.
    cell = math.ceil(max(area.mask.shape) / look.strength)
    for source, target, step in ((picture.y, out.y, 2), (picture.u, out.u, 1), (picture.v, out.v, 1)):
        place = tuple(slice(step * side.start, step * side.stop) for side in (area.rows, area.columns))
        seen, covered = source[place], target[place]
        # The last block of a frame of odd size is half outside.
        hidden = todo.repeat(step, 0).repeat(step, 1)[: seen.shape[0], : seen.shape[1]]
        if look.style == "solid":
            covered[hidden] = GREY
        else:
            means = _cell_means(_block_sums(seen, step), area.mask, cell) / step**2
            covered[hidden] = _enlarged(means, cell * step, seen.shape, smooth=look.style == "blur")[hidden]


def _block_sums(plane: Array, step: int) -> npt.NDArray[np.uint16]:
    """Sums of blocks of `step` x `step` samples; at an odd edge the samples count twice."""
    height, width = plane.shape
    even = np.pad(plane, ((0, height % step), (0, width % step)), mode="edge")
    sums = np.zeros((even.shape[0] // step, even.shape[1] // step), np.uint16)
    for y in range(step):
        for x in range(step):
            sums += even[y::step, x::step]
    return sums


def _cell_means(values: npt.NDArray[np.uint16], mask: npt.NDArray[np.bool_], cell: int) -> npt.NDArray[np.float64]:
    """Mean of the hidden blocks of each cell of `cell` x `cell` blocks; where none is hidden, the mean of all."""
    rows, columns = (np.arange(0, side, cell) for side in mask.shape)
    total, count = (
        np.add.reduceat(np.add.reduceat(part, rows, axis=0, dtype=np.int64), columns, axis=1)
        for part in (values * mask, mask)
    )
    means: npt.NDArray[np.float64] = np.where(count > 0, total / np.maximum(count, 1), total.sum() / count.sum())
    return means


def _enlarged(means: npt.NDArray[np.float64], cell: int, shape: tuple[int, int], *, smooth: bool) -> Array:
    """A plane made of nothing but cells; smoothed by linear interpolation between their centres."""
    size = (means.shape[1] * cell, means.shape[0] * cell)
    cells = cv2.resize(means.astype(np.float32), size, interpolation=cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST)
    return np.rint(cells[: shape[0], : shape[1]]).astype(np.uint8)


def _ellipse(shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    y, x = (np.linspace(-1, 1, n + 1)[:-1] + 1 / n for n in shape)
    inside: npt.NDArray[np.bool_] = y[:, None] ** 2 + x[None, :] ** 2 <= 1
    return inside


def _nearest_pixel(box: npt.NDArray[np.float32], info: Size) -> Patch:
    """The pixel in the middle of a box that lies between pixels."""
    y, x = (box[:2] + box[2:]) / 2 * (info.height - 1, info.width - 1)
    return Patch(round(float(y)), round(float(x)), np.ones((1, 1), np.bool_))


def _polygon(corners: Sequence[Sequence[float]], info: Size) -> Patch:
    picture = np.zeros((info.height, info.width), np.uint8)
    points = np.array([[x * (info.width - 1), y * (info.height - 1)] for x, y in corners])
    # The hull, so that corners in any order hide all that lies between them.
    cv2.fillConvexPoly(picture, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    return Patch(0, 0, picture > 0).trimmed()
