"""How good detections are: average precision of masks and boxes, by COCO's rules, on the pixels that users get."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.evaluation.annotations import Annotations, Picture
from objmask.evaluation.precision import MOST_DETECTIONS, Precision, mark_found, mark_truth

Detect = Callable[[Sequence[npt.NDArray[np.uint8]]], list[Detections]]
"""Detections of RGB frames (height, width, 3), as `objmask.models.detector.Detector.detect`."""
SCORE_FLOOR = 0.05
MASK_THRESHOLD = 0.5


@dataclass(frozen=True)
class ClassResult:
    """How well one class is found.

    Attributes:
        instances: objects in the truth, regions to ignore not counted.
        ap, ap50: mask average precision, 0..1; not a number without instances.
        box_ap: the same of boxes.
    """

    instances: int
    ap: float
    ap50: float
    box_ap: float


@dataclass(frozen=True)
class Evaluation:
    """How well all classes are found; averages over the classes that have instances.

    Attributes:
        pictures: how many were judged.
        ap: mask average precision over IoU 0.5 to 0.95, 0..1.
        ap50, ap75: at IoU 0.5 and 0.75.
        box_ap, box_ap50: of boxes.
        classes: name to result.
    """

    pictures: int
    ap: float
    ap50: float
    ap75: float
    box_ap: float
    box_ap50: float
    classes: Mapping[str, ClassResult]

    def table(self) -> str:
        """A line a class, then one for all, for people."""
        rows = [("class", "objects", "mask AP", "AP50", "box AP")]
        for name, one in self.classes.items():
            rows.append((name, str(one.instances), f"{one.ap:.3f}", f"{one.ap50:.3f}", f"{one.box_ap:.3f}"))
        count = sum(one.instances for one in self.classes.values())
        rows.append(("all", str(count), f"{self.ap:.3f}", f"{self.ap50:.3f}", f"{self.box_ap:.3f}"))
        return "\n".join(f"{a:<16}{b:>8}{c:>9}{d:>9}{e:>9}" for a, b, c, d, e in rows)


def mask_ap(detect: Detect, data: Annotations, *, frames_at_once: int = 1) -> Evaluation:
    """Judges a detector by annotated pictures, at their full size.

    Masks are pasted as for painting, at 0.5; at most 100 detections a picture that score 0.05 or more count, those of
    classes that the data does not know do not. Regions that are to be ignored are neither right nor wrong to find.

    Args:
        detect: finds objects.
        data: pictures and truth.
        frames_at_once: pictures a call; those of one call have one size.

    Raises:
        DataError: a picture or a segmentation is damaged.
    """
    judged = Precision(data.classes)
    for picture, found in found_on(detect, data.pictures, frames_at_once):
        truth = [mark_truth(one, picture.mask(one)) for one in picture.instances]
        chosen = found.select(score=SCORE_FLOOR, classes=data.classes)
        best = chosen.take(np.argsort(-chosen.scores, kind="stable")[:MOST_DETECTIONS])
        judged.add(
            picture.height, picture.width, truth, mark_found(best, picture.height, picture.width, MASK_THRESHOLD)
        )
    results = {}
    for name in data.classes:
        one = judged.figures("segm", [name])
        results[name] = ClassResult(judged.instances[name], one.ap, one.ap50, judged.figures("bbox", [name]).ap)
    masks, boxes = judged.figures("segm"), judged.figures("bbox")
    return Evaluation(len(data.pictures), masks.ap, masks.ap50, masks.ap75, boxes.ap, boxes.ap50, results)


def found_on(detect: Detect, pictures: Sequence[Picture], frames_at_once: int) -> Iterator[tuple[Picture, Detections]]:
    """Each picture with what a detector finds on it.

    Args:
        detect: finds objects.
        pictures: what to look at.
        frames_at_once: pictures a call; those of one call have one size.

    Raises:
        DataError: a picture is damaged.
    """
    waiting: list[tuple[Picture, npt.NDArray[np.uint8]]] = []
    for picture in pictures:
        frame = picture.read()
        if waiting and (len(waiting) == frames_at_once or waiting[0][1].shape != frame.shape):
            yield from _found(detect, waiting)
            waiting = []
        waiting.append((picture, frame))
    if waiting:
        yield from _found(detect, waiting)


def _found(
    detect: Detect, waiting: Sequence[tuple[Picture, npt.NDArray[np.uint8]]]
) -> Iterator[tuple[Picture, Detections]]:
    return zip((picture for picture, _ in waiting), detect([frame for _, frame in waiting]), strict=True)
