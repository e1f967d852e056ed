"""How well the painted map, which masks and coverage show, agrees with the truth: by group, in pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.detections.classes import Palette
from objmask.evaluation.ground_truth import TrueObject, regions
from objmask.painted.decide import PaintRules, painted_map


@dataclass(frozen=True)
class GroupPixels:
    """Pixels of a picture, or of many.

    Attributes:
        common: (scores, groups) painted in a group's colour and of the group in truth.
        painted: (scores, groups) painted in its colour.
        true: (groups,) of the group in truth.
    """

    common: npt.NDArray[np.int64]
    painted: npt.NDArray[np.int64]
    true: npt.NDArray[np.int64]

    @classmethod
    def none(cls, scores: int, groups: int) -> GroupPixels:
        """No pixels."""
        common, painted = np.zeros((2, scores, groups), np.int64)
        return cls(common, painted, np.zeros(groups, np.int64))

    def __add__(self, other: GroupPixels) -> GroupPixels:
        return GroupPixels(self.common + other.common, self.painted + other.painted, self.true + other.true)

    def iou(self) -> npt.NDArray[np.float64]:
        """(scores, groups) intersection over union, 0..1; not a number where a group is in neither."""
        union = self.painted + self.true - self.common
        with np.errstate(invalid="ignore"):
            return np.asarray(self.common / union, np.float64)


def group_pixels(
    objects: Sequence[TrueObject],
    found: Detections,
    palette: Palette,
    scores: Sequence[float],
    threshold: float,
    size: tuple[int, int],
) -> GroupPixels:
    """Counts the pixels of each group, at each score floor.

    A group's truth is the union of its objects, whatever covers them. Pixels of a crowd of the group count neither way.

    Args:
        objects: the truth.
        found: detections of the classes that the truth knows.
        palette: the groups.
        scores: rising floors, 0..1.
        threshold: mask probability above which a pixel belongs to an object, 0..1.
        size: height and width, pixels.
    """
    groups = len(palette.groups)
    counts = GroupPixels.none(len(scores), groups)
    maps = _maps(found, palette, scores, threshold, size)
    for s, labels in enumerate(maps):
        counts.painted[s] = np.bincount(labels.ravel(), minlength=groups + 1)[1:]
    for k, names in _named(objects, palette).items():
        inside, ignored = regions(objects, names, *size)
        counts.true[k - 1] = inside.sum()
        for s, labels in enumerate(maps):
            counts.common[s, k - 1] = (inside & (labels == k)).sum()
            counts.painted[s, k - 1] -= (ignored & (labels == k)).sum()
    return counts


def _maps(
    found: Detections, palette: Palette, scores: Sequence[float], threshold: float, size: tuple[int, int]
) -> list[npt.NDArray[np.uint8]]:
    """The painted map at each floor; floors that choose the same detections share theirs."""
    maps: dict[int, npt.NDArray[np.uint8]] = {}
    chosen = [found.select(score=score) for score in scores]
    for some, score in zip(chosen, scores, strict=True):
        if len(some) not in maps:
            maps[len(some)] = painted_map(some, PaintRules(palette, score, threshold), *size)
    return [maps[len(some)] for some in chosen]


def _named(objects: Sequence[TrueObject], palette: Palette) -> Mapping[int, frozenset[str]]:
    """Index of each group that the truth has, to its classes."""
    present = sorted({palette.index_of[one.name] for one in objects if one.name in palette.index_of})
    return {k: frozenset(palette.groups[k - 1].objects) for k in present}
