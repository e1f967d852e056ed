"""Detections from the five outputs of the Object Detection API's graphs, whoever computed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import MAX_MASK_SIDE, Detections
from objmask.errors import ModelError
from objmask.models.finite import refuse_non_finite

_EACH = ("detection_scores", "detection_boxes", "detection_classes", "detection_masks")
"""Outputs with a row a detection."""


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
            `detection_classes` (k) ids, `detection_masks` (k, h, w) probabilities.
        height: of the frame, pixels.
        width: of the frame, pixels.
        names: class id to name; detections of other ids are dropped.
        floor: detections below this score, 0..1, are dropped.
        limit: the most detections to keep.
        model: its name, for errors.

    Raises:
        ModelError: a number is none, or there are more detections than places for them.
    """
    refuse_non_finite(model, {"num_detections": np.asarray(outputs["num_detections"])})
    count = int(outputs["num_detections"])
    places = min(len(outputs[name]) for name in _EACH)
    if not 0 <= count <= places:
        raise ModelError(f"{model}: gives {count} detections in {places} places; its file is damaged: install it again")
    refuse_non_finite(model, {name: outputs[name][:count] for name in _EACH})
    scores = outputs["detection_scores"][:count].astype(np.float32)
    boxes = outputs["detection_boxes"][:count].astype(np.float64)
    numbers = outputs["detection_classes"][:count].astype(np.int64)
    clipped = np.clip(boxes, 0, 1)
    sides_px = (clipped[:, 2:] - clipped[:, :2]) * (height, width)
    usable = (scores >= np.float32(floor)) & np.all(sides_px >= 1, axis=1) & np.isin(numbers, list(names))
    order = np.argsort(-scores, kind="stable")
    kept = order[usable[order]][:limit]
    masks = outputs["detection_masks"]
    return Detections(
        np.clip(scores[kept], 0, 1),
        tuple(names[int(numbers[i])] for i in kept),
        clipped[kept].astype(np.float32),
        tuple(clip_mask(masks[i], boxes[i], clipped[i]) for i in kept),
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
        position = np.clip((at - box[axis]) / length * (side - 1), 0, side - 1)
        lower = position.astype(np.intp)
        weight = np.expand_dims((position - lower).astype(np.float32), 1 - axis)
        before, after = values.take(lower, axis), values.take(np.minimum(lower + 1, side - 1), axis)
        values = before + (after - before) * weight
    rounded: npt.NDArray[np.uint8] = np.rint(values * 255).astype(np.uint8)
    return rounded
