"""How good detections are: average precision of masks and boxes, by COCO's rules, on the pixels that users get."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from objmask.detections import Detections
from objmask.maskrcnn.annotations import Annotations
from objmask.masks import paste

Detect = Callable[[Sequence[npt.NDArray[np.uint8]]], list[Detections]]
"""Detections of RGB frames (height, width, 3), as `objmask.models.detector.Detector.detect`."""
SCORE_FLOOR = 0.05
MOST_DETECTIONS = 100
MASK_THRESHOLD = 0.5
_IOU_50, _IOU_75 = 0, 5
"""Places of IoU 0.5 and 0.75 in COCO's table of precisions."""


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
    numbers = {name: i for i, name in enumerate(data.classes, start=1)}
    found: list[dict[str, Any]] = []
    waiting: list[tuple[int, npt.NDArray[np.uint8]]] = []
    for image, picture in enumerate(data.pictures, start=1):
        frame = picture.read()
        if waiting and (len(waiting) == frames_at_once or waiting[0][1].shape != frame.shape):
            found += _found(detect, waiting, numbers)
            waiting = []
        waiting.append((image, frame))
    found += _found(detect, waiting, numbers) if waiting else []
    truth = _truth(data, numbers)
    tables = {kind: _precision(truth, _coco(data, numbers, found), kind) for kind in ("segm", "bbox")}
    masks, boxes = tables["segm"], tables["bbox"]
    counts = {n: sum(i.name == n and not i.crowd for p in data.pictures for i in p.instances) for n in numbers}
    results = {
        name: ClassResult(counts[name], _mean(masks[:, :, k]), _mean(masks[_IOU_50, :, k]), _mean(boxes[:, :, k]))
        for k, name in enumerate(numbers)
    }
    return Evaluation(
        len(data.pictures),
        _mean(masks),
        _mean(masks[_IOU_50]),
        _mean(masks[_IOU_75]),
        _mean(boxes),
        _mean(boxes[_IOU_50]),
        results,
    )


def _found(
    detect: Detect, frames: Sequence[tuple[int, npt.NDArray[np.uint8]]], numbers: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Detections as COCO's result entries, by image number."""
    entries = []
    for (image, frame), some in zip(frames, detect([frame for _, frame in frames]), strict=True):
        height, width = frame.shape[:2]
        best = some.select(score=SCORE_FLOOR, classes=numbers)
        best = best.take(np.argsort(-best.scores, kind="stable")[:MOST_DETECTIONS])
        for score, name, box, mask in zip(best.scores, best.classes, best.boxes, best.masks, strict=True):
            patch = paste(mask, box, height, width, MASK_THRESHOLD)
            whole = np.zeros((height, width), np.uint8, order="F")
            whole[patch.rows, patch.columns] = patch.mask
            ymin, xmin, ymax, xmax = (float(v) for v in box * np.array([height, width] * 2, np.float32))
            entries.append(
                {
                    "image_id": image,
                    "category_id": numbers[name],
                    "score": float(score),
                    "bbox": [xmin, ymin, xmax - xmin, ymax - ymin],
                    "segmentation": rle.encode(whole),
                    "area": int(whole.sum()),
                    "iscrowd": 0,
                }
            )
    return entries


def _truth(data: Annotations, numbers: Mapping[str, int]) -> COCO:
    entries = []
    for image, picture in enumerate(data.pictures, start=1):
        for instance in picture.instances:
            ymin, xmin, ymax, xmax = instance.box
            entries.append(
                {
                    "image_id": image,
                    "category_id": numbers[instance.name],
                    "bbox": [xmin, ymin, xmax - xmin, ymax - ymin],
                    "segmentation": rle.encode(np.asfortranarray(picture.mask(instance))),
                    "area": instance.area,
                    "iscrowd": int(instance.crowd),
                }
            )
    return _coco(data, numbers, entries)


def _coco(data: Annotations, numbers: Mapping[str, int], entries: Sequence[Mapping[str, Any]]) -> COCO:
    coco = COCO()
    coco.dataset = {
        "images": [{"id": i, "height": p.height, "width": p.width} for i, p in enumerate(data.pictures, start=1)],
        "categories": [{"id": number, "name": name} for name, number in numbers.items()],
        "annotations": [{**entry, "id": i} for i, entry in enumerate(entries, start=1)],
    }
    with contextlib.redirect_stdout(io.StringIO()):  # it prints as it goes
        coco.createIndex()
    return coco


def _precision(truth: COCO, found: COCO, kind: str) -> npt.NDArray[np.float64]:
    """(10 IoUs, 101 recalls, classes) precision of all sizes of objects; -1 where a class has no instances."""
    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(truth, found, kind)
        judge.evaluate()
        judge.accumulate()
    table: npt.NDArray[np.float64] = judge.eval["precision"][:, :, :, 0, -1]
    return table


def _mean(precision: npt.NDArray[np.float64]) -> float:
    known = precision[precision > -1]
    return float(known.mean()) if known.size else float("nan")
