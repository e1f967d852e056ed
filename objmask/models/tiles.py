"""Looking at a picture in parts as well as whole, so that a network of a small input sees small things.

After Akyon, Altinuc, Temizel: Slicing aided hyper inference and fine-tuning for small object detection, ICIP 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.detections.boxes import common_and_union
from objmask.errors import ModelError
from objmask.models.detector import Detector, Picture, check_frames

_OVERLAP = 0.2
"""Of neighbouring parts, share of a part: what is up to so large lies whole in one of them."""
_LEAST_PX = 32
_SAME, _PART_OF = 0.5, 0.7
"""Intersection over union, and over the smaller box, from which two boxes of a class are of one object."""


@dataclass(frozen=True)
class Part:
    """A part of a picture, pixels; `bottom` and `right` are exclusive."""

    top: int
    left: int
    bottom: int
    right: int


def parts_of(height: int, width: int, tiles: int) -> list[Part]:
    """The whole picture, then its overlapping parts, `tiles` a side.

    Raises:
        ModelError: they would be too small to show anything.
    """
    rows, columns = _spans(height, tiles), _spans(width, tiles)
    smallest = min(stop - start for start, stop in (*rows, *columns))
    if tiles > 1 and smallest < _LEAST_PX:
        raise ModelError(
            f"tiles: {tiles} a side of a picture of {width}x{height} would be {smallest} pixels small; lower tiles"
        )
    whole = [Part(0, 0, height, width)]
    return whole + [Part(top, left, bottom, right) for top, bottom in rows for left, right in columns]


class Tiled:
    """A detector that is given each picture whole and in parts. See `Detector`."""

    def __init__(self, detector: Detector, tiles: int, max_per_frame: int) -> None:
        """Wraps a detector.

        Args:
            detector: it; closed with this.
            tiles: parts a side, at least 2.
            max_per_frame: the most detections a frame, by score.
        """
        self._detector, self._tiles, self._limit = detector, tiles, max_per_frame
        self.info, self.runtime = detector.info, detector.runtime
        self.placement = f"{detector.placement}, {tiles}x{tiles} parts"
        self.frames_at_once = max(1, detector.frames_at_once // (1 + tiles * tiles))
        self.refuse_nan, self.close = detector.refuse_nan, detector.close

    def detect(self, frames: Sequence[Picture]) -> list[Detections]:
        """Detections of each frame. See `Detector.detect`."""
        check_frames(frames)
        parts = [parts_of(frame.shape[0], frame.shape[1], self._tiles) for frame in frames]
        # Of one size together: some networks take only such.
        cut = [
            (i, part, np.ascontiguousarray(frame[part.top : part.bottom, part.left : part.right]))
            for i, frame in enumerate(frames)
            for part in parts[i]
        ]
        cut.sort(key=lambda one: one[2].shape)
        seen: list[list[tuple[Part, Detections]]] = [[] for _ in frames]
        for _, some in groupby(cut, key=lambda one: one[2].shape):
            group = list(some)
            for (i, part, _), found in zip(group, self._detector.detect([one[2] for one in group]), strict=True):
                seen[i].append((part, found))
        return [
            joined(sorted(seen[i], key=lambda one: parts[i].index(one[0])), frame.shape[0], frame.shape[1], self._limit)
            for i, frame in enumerate(frames)
        ]


def joined(seen: Sequence[tuple[Part, Detections]], height: int, width: int, limit: int) -> Detections:
    """What was found in parts of a picture, as detections of the picture: each object once.

    An object that a part's edge cuts counts where another part, or the whole, does not show it better.

    Args:
        seen: parts, and what was found in each.
        height: of the picture, pixels.
        width: of the picture, pixels.
        limit: the most to keep, by score.
    """
    found = Detections.concatenate([_placed(part, one, height, width) for part, one in seen])
    cut = np.concatenate([_cut(part, one, height, width) for part, one in seen])
    common, union = common_and_union(found.boxes.astype(np.float64), found.boxes.astype(np.float64))
    areas = np.diagonal(common)
    smaller = np.minimum(areas[:, None], areas[None])
    same = (common > _SAME * union) | ((common > _PART_OF * smaller) & (cut[:, None] | cut[None]))
    classes = np.array(found.classes)
    kept: list[int] = []
    for i in np.lexsort((-found.scores, cut)).tolist():
        if not any(same[i, k] and classes[i] == classes[k] for k in kept):
            kept.append(i)
    kept.sort(key=lambda i: -float(found.scores[i]))
    return found.take(kept[:limit])


def _placed(part: Part, found: Detections, height: int, width: int) -> Detections:
    """Detections of a part, as they lie in the picture."""
    size = np.array([part.bottom - part.top, part.right - part.left] * 2, np.float64)
    boxes = (found.boxes * size + (part.top, part.left, part.top, part.left)) / (height, width, height, width)
    return replace(found, boxes=np.clip(boxes, 0, 1).astype(np.float32))


def _cut(part: Part, found: Detections, height: int, width: int) -> npt.NDArray[np.bool_]:
    """Which boxes end at an edge of their part that is no edge of the picture."""
    inner = np.array([part.top > 0, part.left > 0, part.bottom < height, part.right < width])
    size = np.array([part.bottom - part.top, part.right - part.left] * 2, np.float64)
    pixels = found.boxes * size
    ends = np.concatenate([pixels[:, :2] < 1, pixels[:, 2:] > size[2:] - 1], axis=1)
    touching: npt.NDArray[np.bool_] = (ends & inner).any(axis=1)
    return touching


def _spans(length: int, count: int) -> list[tuple[int, int]]:
    """(start, stop) of overlapping stretches that cover a length; all of one size."""
    size = min(length, -int(-length // (count - (count - 1) * _OVERLAP)))
    starts = [round(k * (length - size) / max(1, count - 1)) for k in range(count)]
    return [(start, start + size) for start in starts]
