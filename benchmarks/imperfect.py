"""Detections as a network might have them: made from exact truth, then lost, moved and mistaken at known rates."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.evaluation.ground_truth_objects import GroundTruthObject, GroundTruthObjects

SIDE = 33
CLASSES = ("person", "tv", "laptop", "keyboard", "cell phone", "book", "cup", "bottle")


@dataclass(frozen=True)
class Faults:
    """What goes wrong.

    Attributes:
        lost: share of an object's frames in which it is not found.
        burst: it is then missed in so many frames on end.
        shifted: standard deviation of a box's place, share of its sides.
        relabelled: share of detections with another class.
    """

    lost: float = 0.0
    burst: int = 1
    shifted: float = 0.0
    relabelled: float = 0.0


@dataclass
class Network:
    """Finds what is there, with faults; the same seed, the same faults."""

    faults: Faults
    seed: str
    _missed: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311

    def detect(self, ground_truth: Sequence[GroundTruthObjects], height: int, width: int) -> list[Detections]:
        """The detections of each frame of a clip."""
        return [self._frame(shown_objects, height, width) for shown_objects in ground_truth]

    def _frame(self, shown_objects: GroundTruthObjects, height: int, width: int) -> Detections:
        found = [
            one
            for shown_object in shown_objects
            if not self._lost(shown_object)
            for one in self._found(shown_object, height, width)
        ]
        return Detections(
            np.array([score for score, *_ in found], np.float32),
            tuple(name for _, name, _, _ in found),
            np.array([box for *_, box, _ in found], np.float32).reshape(-1, 4),
            tuple(mask for *_, mask in found),
        )

    def _lost(self, shown_object: GroundTruthObject) -> bool:
        left = self._missed.get(shown_object.number, 0)
        # A burst begins so rarely that the share of lost frames is the same as without bursts.
        begins = self.faults.lost / (self.faults.burst * (1 - self.faults.lost) + self.faults.lost)
        if not left and self._random.random() < begins:
            left = self.faults.burst
        self._missed[shown_object.number] = max(0, left - 1)
        return left > 0

    def _found(
        self, shown_object: GroundTruthObject, height: int, width: int
    ) -> list[tuple[float, str, npt.NDArray[np.float32], npt.NDArray[np.uint8]]]:
        box, mask = soft_mask(shown_object, height, width)
        sides = np.tile(box[2:] - box[:2], 2)
        way = np.array([self._random.gauss(0, 1), self._random.gauss(0, 1)] * 2, np.float32)
        box = np.clip(box + way * sides * np.float32(self.faults.shifted), 0, 1).astype(np.float32)
        name = shown_object.name
        if self._random.random() < self.faults.relabelled:
            name = self._random.choice([one for one in CLASSES if one != name])
        score = round(self._random.uniform(0.5, 0.99), 3)
        return [(score, name, box, mask)] if (box[2:] > box[:2]).all() else []


def soft_mask(
    shown_object: GroundTruthObject, height: int, width: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """The box around an object, a pixel wider, and its mask in the samples that a zoo model has."""
    patch = shown_object.patch
    top, left = max(0, patch.top - 1), max(0, patch.left - 1)
    bottom, right = min(height, patch.rows.stop + 1), min(width, patch.columns.stop + 1)
    whole = np.zeros((bottom - top, right - left), np.uint8)
    whole[patch.top - top :, patch.left - left :][: patch.mask.shape[0], : patch.mask.shape[1]] = patch.mask * 255
    box = np.array([top / (height - 1), left / (width - 1), (bottom - 1) / (height - 1), (right - 1) / (width - 1)])
    size = min(SIDE, whole.shape[1]), min(SIDE, whole.shape[0])
    return box.astype(np.float32), np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
