"""One mask per object and frame, steady over time, for painting and counting. Hiding uses all masks instead."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import MAX_MASK_SIDE, Detections
from objmask.detections.boxes import common_and_union
from objmask.objects.region import BoxArray, Soft, every_pair, sampled
from objmask.streams.neighbours import beside, sliding

_WEIGHTS = (1, 2, 1)
"""Of the frame before, the frame itself and the one after."""
_INSIDE = 128
_SAME_BOX, _SAME_MASK = 0.3, 0.5
"""From these overlaps up, intersection over union, two objects of one class are one."""


@dataclass(frozen=True)
class Seen:
    """The detections of a frame, and the distance to the nearest frames that the network saw.

    Attributes:
        found: rows of a tracks file. Without tracks they stay unchanged.
        before: number of frames back to the last one that the network saw; 0: this one; inf: there is none.
        after: number of frames forward to the next one.
    """

    found: Detections
    before: float
    after: float


def merged(frames: Iterable[Seen]) -> Iterator[Detections]:
    """Yields the objects of each frame, with one mask per object.

    - An object that was found counts once. Its box and mask are averaged with those of the frames before and after,
      if it was found there as well.
    - An object that was missed between two frames in which it was found gets the average of the masks carried from both
      sides. The nearer one has more weight.
    - An object that is carried from one side only counts in frames that the network did not see: up to the middle of
      the way to the frame in which the network did not find it.
    - Of two tracks of one class in one place, the one with the higher score counts. A track raises its weak detections,
      and a second track of the same object would otherwise count as a second object.

    Args:
        frames: all frames, in order.
    """
    for around, here in sliding((_without_twins(_one_each(seen)) for seen in frames), beside(1)):
        yield _smoothed(around, here) if 0 < here < len(around) - 1 else around[here]


def _one_each(seen: Seen) -> Detections:
    found = seen.found
    rows_of: dict[int, list[int]] = {}
    for i, number in enumerate(found.track_ids):
        rows_of.setdefault(number, []).append(i)
    kept = [found.take(rows_of.pop(-1, []))]
    kept += [one for rows in rows_of.values() if (one := _one(found, rows, seen)) is not None]
    return Detections.concatenate(kept)


def _without_twins(found: Detections) -> Detections:
    """Without tracked objects that lie where a surer one of their class does; of equal ones the older track stays."""
    common, union = common_and_union(found.boxes, found.boxes)
    near = common >= _SAME_BOX * union
    kept: list[int] = []
    for j in sorted(range(len(found)), key=lambda j: (-float(found.scores[j]), found.track_ids[j])):
        rivals = (i for i in kept if near[i, j] and found.classes[i] == found.classes[j])
        if found.track_ids[j] < 0 or not any(found.track_ids[i] >= 0 and _same_place(found, i, j) for i in rivals):
            kept.append(j)
    return found if len(kept) == len(found) else found.take(sorted(kept))


def _same_place(found: Detections, i: int, j: int) -> bool:
    boxes = found.boxes[[i, j]]
    box = np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])
    shape = _samples(box, boxes, [found.masks[k].shape for k in (i, j)])
    a, b = (_over(found.masks[k], found.boxes[k], box, shape) >= _INSIDE for k in (i, j))
    return bool(np.count_nonzero(a & b) >= _SAME_MASK * max(1, int(np.count_nonzero(a | b))))


def _one(found: Detections, rows: Sequence[int], seen: Seen) -> Detections | None:
    here = [i for i in rows if not found.carried[i]]
    if here:
        return found.take([max(here, key=lambda i: (found.scores[i], -i))])
    on = min((i for i in rows if found.carried[i] > 0), key=lambda i: found.carried[i], default=None)
    back = max((i for i in rows if found.carried[i] < 0), key=lambda i: found.carried[i], default=None)
    if on is not None and back is not None:
        nearer, farther = sorted((on, back), key=lambda i: abs(found.carried[i]))
        return _between(found, nearer, farther)
    if on is not None and found.carried[on] == seen.before <= seen.after:
        return found.take([on])
    if back is not None and -found.carried[back] == seen.after < seen.before:
        return found.take([back])
    return None


def _between(found: Detections, nearer: int, farther: int) -> Detections:
    """The nearer of two carried masks, averaged with the other."""
    pair, weights = (nearer, farther), [1 / abs(found.carried[i]) for i in (nearer, farther)]
    boxes = found.boxes[list(pair)]
    box = np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])
    shape = _samples(box, boxes, [found.masks[i].shape for i in pair])
    soft = sum(w * _over(found.masks[i], found.boxes[i], box, shape) for i, w in zip(pair, weights, strict=True))
    mask = np.rint(soft / sum(weights)).astype(np.uint8)
    return replace(found.take([nearer]), boxes=box[None], masks=(mask,))


def _samples(box: BoxArray, boxes: BoxArray, shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """As many samples in a box as keep the finer of the masks in it."""
    spans = (boxes[:, 2:] - boxes[:, :2]) / (box[2:] - box[:2])
    finest = (np.array(shapes) / spans).max(0)
    height, width = (int(min(MAX_MASK_SIDE, math.ceil(side))) for side in finest)
    return height, width


def _over(mask: Soft, own: BoxArray, box: BoxArray, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """A mask in its own box, sampled over another one; nothing outside its own."""
    maps = []
    for axis in (0, 1):
        low, high = own[axis], own[axis + 2]
        places = np.linspace(box[axis], box[axis + 2], shape[axis])
        maps.append(((places - low) / (high - low) * (mask.shape[axis] - 1)).astype(np.float32))
    x, y = every_pair(maps[1], maps[0])
    level = cv2.remap(mask.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return level.astype(np.float32, copy=False)


def _smoothed(around: Sequence[Detections], here: int) -> Detections:
    """The frame's masks, averaged in their boxes with those of the same objects in the frames beside."""
    found = around[here]
    beside = [
        {number: (one, i) for i, number in enumerate(one.track_ids) if number >= 0 and not one.carried[i]}
        for one in (around[here - 1], around[here + 1])
    ]
    boxes, masks = found.boxes.copy(), list(found.masks)
    for i, number in enumerate(found.track_ids):
        if found.carried[i] or not all(number in one for one in beside):
            continue
        (before, b), (after, a) = (one[number] for one in beside)
        three = ((before, b), (found, i), (after, a))
        boxes[i] = _weighted([one.boxes[k] for one, k in three])
        masks[i] = np.rint(_weighted([sampled(one.masks[k], masks[i].shape) for one, k in three])).astype(np.uint8)
    return replace(found, boxes=boxes, masks=tuple(masks))


def _weighted(three: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
    before, here, after = (w * one.astype(np.float64) for w, one in zip(_WEIGHTS, three, strict=True))
    return np.asarray((before + here + after) / sum(_WEIGHTS))
