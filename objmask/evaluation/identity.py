"""Whether an object keeps its track: IDF1 (Ristani et al., 2016) and switches (CLEAR MOT), as motmetrics has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from objmask.detections.masks import Patch
from objmask.evaluation.ground_truth_objects import GroundTruthObject

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
        self._video: MOTAccumulator | None = None
        self._frames = 0
        self._objects = self._painted = self._right = self._switches = 0
        """True and painted objects x frames, those whose identity is right, and switches, of the videos so far."""

    def join(self, other: Identities) -> None:
        """Counts what was counted of other videos as well."""
        self._objects += other._objects
        self._painted += other._painted
        self._right += other._right
        self._switches += other._switches

    def end_video(self) -> None:
        """Numbers mean something else in the next video, so what comes of this one is settled."""
        if self._video is None:
            return
        from motmetrics import metrics

        names = ["num_objects", "num_predictions", "idtp", "num_switches"]
        made = metrics.create().compute(self._video, metrics=names, return_dataframe=False)
        self._objects += int(made["num_objects"])
        self._painted += int(made["num_predictions"])
        self._right += int(made["idtp"])
        self._switches += int(made["num_switches"])
        self._video, self._frames = None, 0

    def add(self, shown_objects: Sequence[GroundTruthObject], tracks: Sequence[tuple[int, Patch]]) -> None:
        """A frame: what is there, and the track ids and pixels of what is painted.

        What is painted mostly on a crowd, and on nothing else, counts neither way.
        """
        from motmetrics import MOTAccumulator

        if self._video is None:
            self._video = MOTAccumulator()
        crowds = [shown_object.patch for shown_object in shown_objects if shown_object.crowd]
        shown_objects = [shown_object for shown_object in shown_objects if not shown_object.crowd]
        overlap = np.array([[_overlap(one.patch, patch) for _, patch in tracks] for one in shown_objects], np.float64)
        overlap = overlap.reshape(len(shown_objects), len(tracks))
        kept = [
            j
            for j, (_, patch) in enumerate(tracks)
            if (overlap[:, j] >= SAME).any() or not any(_lies_in(patch, crowd) for crowd in crowds)
        ]
        distance = np.where(overlap >= SAME, 1 - overlap, np.nan)[:, kept]
        numbers = [shown_object.number for shown_object in shown_objects], [tracks[j][0] for j in kept]
        self._video.update(*numbers, distance, frameid=self._frames)
        self._frames += 1

    def figures(self) -> Identity:
        """Of all videos together."""
        objects = self._objects + self._painted
        return Identity(2 * self._right / objects if objects else float("nan"), self._switches)


def _overlap(a: Patch, b: Patch) -> float:
    """Intersection over union of two trimmed patches, 0..1."""
    both = _common_px(a, b)
    return both / (np.count_nonzero(a.mask) + np.count_nonzero(b.mask) - both) if both else 0.0


def _lies_in(patch: Patch, crowd: Patch) -> bool:
    return bool(_common_px(patch, crowd) >= SAME * np.count_nonzero(patch.mask))


def _common_px(a: Patch, b: Patch) -> int:
    top, left = max(a.top, b.top), max(a.left, b.left)
    bottom, right = min(a.rows.stop, b.rows.stop), min(a.columns.stop, b.columns.stop)
    if top >= bottom or left >= right:
        return 0
    parts: list[npt.NDArray[np.bool_]] = [
        one.mask[top - one.top : bottom - one.top, left - one.left : right - one.left] for one in (a, b)
    ]
    return int(np.count_nonzero(parts[0] & parts[1]))
