"""Whether an object keeps its track: IDF1 (Ristani et al., 2016) and switches (CLEAR MOT), as motmetrics has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from objmask.evaluation.actors import Actor
from objmask.masks import Patch

if TYPE_CHECKING:
    from motmetrics import MOTAccumulator

SAME = 0.5
"""Intersection over union of masks from which a painted object may be a true one."""


@dataclass(frozen=True)
class Identity:
    """What came of it.

    Attributes:
        idf1: 0..1; nan without objects.
        switches: how often a true object was taken for another one than before.
    """

    idf1: float
    switches: int


class Identities:
    """Collects which painted objects lie on which true ones, a video at a time."""

    def __init__(self) -> None:
        self._videos: list[MOTAccumulator] = []
        self._frames = 0

    def end_video(self) -> None:
        """Numbers mean something else in the next video."""
        self._frames = 0

    def add(self, cast: Sequence[Actor], tracks: Sequence[tuple[int, Patch]]) -> None:
        """A frame: what is there, and the track ids and pixels of what is painted."""
        from motmetrics import MOTAccumulator

        if not self._frames:
            self._videos.append(MOTAccumulator())
        overlap = np.array([[_overlap(one.patch, patch) for _, patch in tracks] for one in cast], np.float64)
        overlap = overlap.reshape(len(cast), len(tracks))
        distance = np.where(overlap >= SAME, 1 - overlap, np.nan)
        numbers = [actor.number for actor in cast], [number for number, _ in tracks]
        self._videos[-1].update(*numbers, distance, frameid=self._frames)
        self._frames += 1

    def figures(self) -> Identity:
        """Of all videos together."""
        from motmetrics import metrics

        if not self._videos:
            return Identity(float("nan"), 0)
        table = metrics.create().compute_many(self._videos, metrics=["idf1", "num_switches"], generate_overall=True)
        return Identity(float(table["idf1"].iloc[-1]), int(table["num_switches"].iloc[-1]))


def _overlap(a: Patch, b: Patch) -> float:
    """Intersection over union of two trimmed patches, 0..1."""
    top, left = max(a.top, b.top), max(a.left, b.left)
    bottom, right = min(a.rows.stop, b.rows.stop), min(a.columns.stop, b.columns.stop)
    if top >= bottom or left >= right:
        return 0.0
    parts: list[npt.NDArray[np.bool_]] = [
        one.mask[top - one.top : bottom - one.top, left - one.left : right - one.left] for one in (a, b)
    ]
    both = np.count_nonzero(parts[0] & parts[1])
    return both / (np.count_nonzero(a.mask) + np.count_nonzero(b.mask) - both)
