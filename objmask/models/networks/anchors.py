"""Boxes and keypoints at anchors, as MediaPipe's small detectors of faces and palms predict them.

All anchors have one size: a prediction is a distance, in pixels of the input, from the centre of a cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from objmask.detections.boxes import box_iou

Float64 = npt.NDArray[np.float64]

_IOU = 0.3
_MOST_LOGIT = 100.0


def anchors(side: int, grids: Sequence[tuple[int, int]]) -> Float64:
    """(n, 2) y, x of the anchors, input pixels: the centres of the cells of each grid, row by row.

    Args:
        side: of the input, pixels.
        grids: in order: stride in input pixels, and anchors a cell.
    """
    parts = []
    for stride, count in grids:
        centres = (np.arange(side // stride) + 0.5) * stride
        grid = np.stack(np.meshgrid(centres, centres, indexing="ij"), -1).reshape(-1, 2)
        parts.append(np.repeat(grid, count, axis=0))
    return np.concatenate(parts)


def decode(
    numbers: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], centres: Float64, floor: float
) -> tuple[Float64, Float64]:
    """What a network's outputs say, in input pixels.

    Args:
        numbers: (n, 4 + 2 k) of each anchor, in input pixels: x, y of the box's centre, its width and height, x, y of k
            landmarks; places are distances from the anchor.
        logits: (n,) scores, before the logistic function.
        centres: (n, 2) y, x of the anchors, input pixels.
        floor: predictions below this score are left out, and those without a size.

    Returns:
        Scores (m,), 0..1, and (m, 2 + k, 2) y, x of the box's first and last corner, then of the landmarks.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits, -_MOST_LOGIT, _MOST_LOGIT).astype(np.float64)))
    pairs = numbers.astype(np.float64).reshape(len(numbers), numbers.shape[1] // 2, 2)[..., ::-1]
    (candidates,) = np.nonzero((scores >= floor) & (pairs[:, 1] > 0).all(1))
    pairs, centres = pairs[candidates], centres[candidates, None]
    middle, size = pairs[:, :1] + centres, pairs[:, 1:2]
    return scores[candidates], np.concatenate([middle - size / 2, middle + size / 2, pairs[:, 2:] + centres], 1)


def weighted(scores: Float64, points: Float64, limit: int) -> tuple[npt.NDArray[np.intp], Float64]:
    """Joins what overlaps, as MediaPipe does: the best one's place is the mean of all, weighted by their scores.

    Args:
        scores: (n,).
        points: (n, m, 2): the box's first and last corner, and whatever else is to be averaged.
        limit: the most to keep.

    Returns:
        Indices of the best ones, falling in score, and (k, m, 2) means.
    """
    boxes = points[:, :2].reshape(len(points), 4)
    left = np.argsort(-scores, kind="stable")
    best: list[np.intp] = []
    means = [points[:0]]
    while len(left) and len(best) < limit:
        same = box_iou(boxes[left], boxes[left[:1]])[:, 0] > _IOU
        best.append(left[0])
        means.append(np.average(points[left[same]], axis=0, weights=scores[left[same]])[None])
        left = left[~same]
    return np.array(best, np.intp), np.concatenate(means)
