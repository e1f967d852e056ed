"""Detections from the outputs of the Object Detection API's graphs, whoever computed them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import MAX_MASK_SIDE, Detections
from objmask.errors import ModelError
from objmask.models.finite import refuse_non_finite
from objmask.models.formats.tf_graph import BOX_MASKS, MASKS, PICTURE_MASKS

_EACH = ("detection_scores", "detection_boxes", "detection_classes")
"""Outputs with a row a detection, beside its masks."""
_SAMPLES_PER_PIXEL = 2
"""With two, interpolating twice never carries a pixel over one half: from 1 it falls to (1 - 1/4)^2 at worst."""
_ROUNDING_PX = 1e-3
"""A box's edge in float32 that is so near to a pixel lies on it."""
_MOST_SIDES = 10
"""No box reaches that far, in sides of the picture; numbers beyond are pixels."""


def detections_of(
    outputs: Mapping[str, npt.NDArray[Any]],
    height: int,
    width: int,
    names: Mapping[int, str],
    *,
    floor: float,
    limit: int,
    model: str,
) -> Detections:
    """Detections of one frame, in order of falling score.

    Args:
        outputs: of that frame: `num_detections` (), `detection_boxes` (k, 4) normalised, `detection_scores` (k),
            `detection_classes` (k) ids; and `detection_masks` (k, h, w), probabilities within the boxes, or
            `detection_masks_reframed` (k, h, w), probabilities (or 0 and 1) in a picture of any size, or neither: then
            the masks cover their boxes.
        height: of the frame, pixels.
        width: of the frame, pixels.
        names: class id to name; detections of other ids are dropped.
        floor: detections below this score, 0..1, are dropped.
        limit: the most detections to keep.
        model: its name, for errors.

    Raises:
        ModelError: a number is none, boxes are in pixels, or there are more detections than places for them.
    """
    refuse_non_finite(model, {"num_detections": np.asarray(outputs["num_detections"])})
    count = int(outputs["num_detections"])
    if not outputs.keys() & set(MASKS):
        outputs = {**outputs, BOX_MASKS: np.ones((len(outputs["detection_boxes"]), 2, 2), np.float32)}
    masks = next(name for name in MASKS if name in outputs)
    each = (*_EACH, masks)
    places = min(len(outputs[name]) for name in each)
    if not 0 <= count <= places:
        raise ModelError(f"{model}: gives {count} detections in {places} places; its file is damaged: install it again")
    refuse_non_finite(model, {name: outputs[name][:count] for name in each})
    scores = outputs["detection_scores"][:count].astype(np.float32)
    boxes = outputs["detection_boxes"][:count].astype(np.float64)
    if np.abs(boxes).max(initial=0) > _MOST_SIDES:
        raise ModelError(f"{model}: its boxes are in pixels; export it with boxes as shares of the picture, 0..1")
    numbers = outputs["detection_classes"][:count].astype(np.int64)
    clipped = np.clip(boxes, 0, 1)
    sides_px = (clipped[:, 2:] - clipped[:, :2]) * (height, width)
    usable = (scores >= np.float32(floor)) & np.all(sides_px >= 1, axis=1) & np.isin(numbers, list(names))
    order = np.argsort(-scores, kind="stable")
    kept = order[usable[order]][:limit]
    return Detections(
        np.clip(scores[kept], 0, 1),
        tuple(names[int(numbers[i])] for i in kept),
        clipped[kept].astype(np.float32),
        tuple(_CUTS[masks](outputs[masks][i], boxes[i], clipped[i]) for i in kept),
    )


def clip_mask(
    mask: npt.NDArray[Any], box: npt.NDArray[np.float64], clipped: npt.NDArray[np.float64]
) -> npt.NDArray[np.uint8]:
    """A box-relative mask, sampled anew over the part of its box that lies in the frame.

    Samples are align-corners, as in TensorFlow's `crop_and_resize`: the first and last lie on the box's edges.

    Args:
        mask: (h, w) probabilities.
        box: (4,) ymin, xmin, ymax, xmax that the mask covers.
        clipped: (4,) the part of it to keep.

    Returns:
        uint8, probability x 255, of the mask's size but at most MAX_MASK_SIDE a side.
    """
    values = mask.astype(np.float32).clip(0, 1)
    for axis in (0, 1):
        side, length = values.shape[axis], box[axis + 2] - box[axis]
        if side <= MAX_MASK_SIDE and box[axis] == clipped[axis] and box[axis + 2] == clipped[axis + 2]:
            continue
        at = np.linspace(clipped[axis], clipped[axis + 2], min(side, MAX_MASK_SIDE))
        values = _sampled(values, np.clip((at - box[axis]) / length * (side - 1), 0, side - 1), axis)
    return _stored(values)


def crop_mask(mask: npt.NDArray[Any], box: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """A mask of the whole picture, sampled over a box.

    Pixels and samples lie where `objmask.detections.masks` says, so pasting the result gives the same mask again: up to
    80 pixels a side exactly, beyond that with the outline smoothed within the distance of the samples.

    Args:
        mask: (h, w) probabilities, or 0 and 1.
        box: (4,) ymin, xmin, ymax, xmax within 0..1.

    Returns:
        uint8, probability x 255, twice as many samples as pixels a side but at most MAX_MASK_SIDE.
    """
    last = np.array(mask.shape) - 1
    low, high = box[:2] * last, box[2:] * last
    # Beyond its box a mask is empty whatever the object is. So the samples on the edges take the pixels inside; a box
    # between two pixels takes these.
    inner = np.ceil(low - _ROUNDING_PX), np.floor(high + _ROUNDING_PX)
    first, end = np.minimum(*inner), np.maximum(*inner) + 1
    rows, columns = (slice(int(first[axis]), int(end[axis])) for axis in (0, 1))
    inside = np.ascontiguousarray(mask[rows, columns], np.float32).clip(0, 1)
    # A sample that stands for several pixels is their mean.
    height, width = (2 * int(pixels // (2 * (MAX_MASK_SIDE - 1))) + 1 for pixels in high - low)
    values = np.asarray(cv2.blur(inside, (width, height), borderType=cv2.BORDER_REPLICATE), np.float32)
    for axis in (0, 1):
        count = min(math.ceil(_SAMPLES_PER_PIXEL * (high[axis] - low[axis])) + 1, MAX_MASK_SIDE)
        position = np.linspace(low[axis], high[axis], count) - first[axis]
        values = _sampled(values, np.clip(position, 0, values.shape[axis] - 1), axis)
    return _stored(values)


def _sampled(values: npt.NDArray[np.float32], position: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float32]:
    """`values` interpolated along an axis, at positions in 0..its side - 1."""
    lower = position.astype(np.intp)
    weight = np.expand_dims((position - lower).astype(np.float32), 1 - axis)
    before, after = values.take(lower, axis), values.take(np.minimum(lower + 1, values.shape[axis] - 1), axis)
    between: npt.NDArray[np.float32] = before + (after - before) * weight
    return between


def _stored(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    rounded: npt.NDArray[np.uint8] = np.rint(values * 255).astype(np.uint8)
    return rounded


_CUTS: Mapping[str, Callable[..., npt.NDArray[np.uint8]]] = {
    BOX_MASKS: clip_mask,
    PICTURE_MASKS: lambda mask, _, clipped: crop_mask(mask, clipped),
}
"""What is kept of a mask, from (mask, box, the part of the box in the frame)."""
