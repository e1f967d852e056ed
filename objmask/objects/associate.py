"""Assigns the detections of a frame to tracks: by overlap first, and by class when overlaps are equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from objmask.detections.arrays import Detections
from objmask.detections.boxes import box_iou
from objmask.objects.region import Region

STRONG = 0.3
"""Detections from this score up choose their tracks first, as in ByteTrack (Zhang et al., ECCV 2022)."""
_OVERLAP, _OVERLAP_OTHER_CLASS = 0.2, 0.5
"""How much two boxes must overlap, intersection over union, to be one object; more when the classes differ."""
_OTHER_CLASS_COSTS = 0.3
_SAME_BOX, _SAME_MASK = 0.6, 0.7
"""From these overlaps up two detections of one frame are two opinions on one object."""
_NEVER = 1e6
Overlaps = npt.NDArray[np.float64]


def match(
    regions: Sequence[Region], classes: Sequence[str], found: Detections, places: Sequence[Region]
) -> list[tuple[int, int]]:
    """Pairs (track, detection) that belong together.

    Args:
        regions: regions of the tracks, carried to this frame.
        classes: classes of the tracks.
        found: detections of the frame.
        places: masks of the detections on the grid.
    """
    overlap = overlaps(regions, places)
    other = np.array([[one != name for name in found.classes] for one in classes], np.bool_).reshape(overlap.shape)
    cost = 1 - overlap + _OTHER_CLASS_COSTS * other
    cost[overlap < np.where(other, _OVERLAP_OTHER_CLASS, _OVERLAP)] = _NEVER
    strong = found.scores >= np.float32(STRONG)
    free = np.ones(len(regions), np.bool_)
    pairs: list[tuple[int, int]] = []
    for these in (strong, ~strong):
        tracks, detections = np.flatnonzero(free), np.flatnonzero(these)
        chosen = zip(*linear_sum_assignment(cost[np.ix_(tracks, detections)]), strict=True)
        new = [(int(tracks[i]), int(detections[j])) for i, j in chosen]
        new = [(i, j) for i, j in new if cost[i, j] < _NEVER]
        free[[i for i, _ in new]] = False
        pairs += new
    return pairs


def twins(found: Detections, places: Sequence[Region]) -> list[int]:
    """For each detection: the detection with the highest score for the same object in this frame. It may be itself."""
    best = list(range(len(found)))
    order = np.argsort(-found.scores, kind="stable").tolist()
    overlap = overlaps(places, places)
    for rank, j in enumerate(order):
        for i in order[:rank]:
            if overlap[i, j] >= _SAME_BOX and best[i] == i and _mask_overlap(places[i], places[j]) >= _SAME_MASK:
                best[j] = i
                break
    return best


def overlaps(a: Sequence[Region], b: Sequence[Region]) -> Overlaps:
    """Intersection over union of the rectangles, (len(a), len(b)) float64, 0..1."""
    first, second = (np.array([one.bounds for one in regions], np.float64).reshape(-1, 4) for regions in (a, b))
    return box_iou(first, second)


def _mask_overlap(a: Region, b: Region) -> float:
    top, left = min(a.top, b.top), min(a.left, b.left)
    bottom, right = max(a.bounds[2], b.bounds[2]), max(a.bounds[3], b.bounds[3])
    masks = np.zeros((2, bottom - top, right - left), np.bool_)
    for mask, one in zip(masks, (a, b), strict=True):
        place = mask[one.top - top :, one.left - left :]
        place[: one.soft.shape[0], : one.soft.shape[1]] = one.soft >= 128
    union = np.count_nonzero(masks.any(0))
    return float(np.count_nonzero(masks.all(0)) / union) if union else 1.0
