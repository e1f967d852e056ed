"""Average precision by COCO's rules, by pycocotools itself, over any number of pictures in little memory.

pycocotools keeps every mask until the end. What it concludes of a picture is small, so it judges a few pictures at a
time, and the conclusions are put together. They also hold for higher score floors: it matches detections from the most
confident one down, so leaving out the others changes no match.
"""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.evaluation.document import AnnotatedInstance

Kind = Literal["segm", "bbox"]
KINDS: tuple[Kind, ...] = ("segm", "bbox")
MOST_DETECTIONS = 100
_PICTURES_AT_ONCE = 32
_IOU_50, _IOU_75 = 0, 5
"""Places of IoU 0.5 and 0.75 in COCO's table of precisions."""
_NAN = float("nan")
_Table = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Marked:
    """An object of the truth, or one that was found.

    Attributes:
        name: its class.
        runs: its pixels as COCO's compressed run lengths.
        box: (left, top, width, height), pixels.
        area: pixels.
        crowd: a region to leave out of account.
        score: of what was found, 0..1.
    """

    name: str
    runs: Mapping[str, Any]
    box: tuple[float, float, float, float]
    area: float
    crowd: bool = False
    score: float = 0.0


@dataclass(frozen=True)
class Figures:
    """Average precision and recall, 0..1; not a number where there is nothing to find.

    Attributes:
        ap: mean over IoU 0.5 to 0.95.
        ap50, ap75: at IoU 0.5 and 0.75.
        ar: the largest recall, mean over IoU 0.5 to 0.95, of at most 100 detections a picture.
    """

    ap: float = _NAN
    ap50: float = _NAN
    ap75: float = _NAN
    ar: float = _NAN


@dataclass(frozen=True)
class _Matches:
    """What COCO's rules conclude of one class in one picture.

    Attributes:
        scores: (d,) float64, falling.
        matched, ignored: (10, d) bool, by IoU: found an object; counts neither way.
        truth_ignored: (g,) bool.
    """

    scores: npt.NDArray[np.float64]
    matched: npt.NDArray[np.bool_]
    ignored: npt.NDArray[np.bool_]
    truth_ignored: npt.NDArray[np.bool_]

    def from_score(self, score: float) -> dict[str, Any]:
        """As COCOeval keeps it, without what scores less."""
        kept = self.scores >= np.float32(score)
        return {
            "dtScores": self.scores[kept],
            "dtMatches": self.matched[:, kept],
            "dtIgnore": self.ignored[:, kept],
            "gtIgnore": self.truth_ignored,
        }


def mark_found(found: Detections, height: int, width: int, threshold: float) -> list[Marked]:
    """Detections as they are pasted into a picture.

    Args:
        found: detections.
        height: of the picture, pixels.
        width: of the picture, pixels.
        threshold: mask probability above which a pixel belongs to an object, 0..1.
    """
    marked = []
    for score, name, box, mask in zip(found.scores, found.classes, found.boxes, found.masks, strict=True):
        patch = paste(mask, box, height, width, threshold)
        whole = np.zeros((height, width), np.uint8, order="F")
        whole[patch.rows, patch.columns] = patch.mask
        ymin, xmin, ymax, xmax = (float(v) for v in box * np.array([height, width] * 2, np.float32))
        area = int(patch.mask.sum())
        marked.append(
            Marked(name, rle.encode(whole), (xmin, ymin, xmax - xmin, ymax - ymin), area, False, float(score))
        )
    return marked


def mark_truth(instance: AnnotatedInstance, mask: npt.NDArray[np.uint8]) -> Marked:
    """An annotated object whose pixels are known: (height, width) uint8, 1 inside."""
    ymin, xmin, ymax, xmax = instance.box
    runs = rle.encode(np.asfortranarray(mask))
    return Marked(instance.name, runs, (xmin, ymin, xmax - xmin, ymax - ymin), instance.area, instance.crowd)


class Precision:
    """Collects what was found beside the truth, picture by picture.

    Args:
        names: classes that are judged; objects of others are nothing.
        rename: class to what it counts as, for those that are joined; None: all count as themselves.
    """

    def __init__(self, names: Sequence[str], rename: Mapping[str, str] | None = None) -> None:
        self.names = tuple(names)
        self._rename = {name: name for name in names} if rename is None else dict(rename)
        self._numbers = {name: k for k, name in enumerate(self.names, start=1)}
        self._matches: dict[tuple[Kind, str], list[_Matches]] = {(k, n): [] for k in KINDS for n in self.names}
        self._tables: dict[tuple[Kind, str, float], _Table] = {}
        self._waiting: list[tuple[int, int, list[Marked], list[Marked]]] = []
        self.instances = dict.fromkeys(self.names, 0)
        """Objects of each class in the truth, regions to ignore not counted."""

    def add(self, height: int, width: int, truth: Sequence[Marked], found: Sequence[Marked]) -> None:
        """A picture of that size in pixels; of what was found the best 100 count."""
        true, best = self._renamed(truth), self._renamed(found)
        best = sorted(best, key=lambda one: -one.score)[:MOST_DETECTIONS]
        for one in true:
            self.instances[one.name] += not one.crowd
        self._waiting.append((height, width, true, best))
        if len(self._waiting) == _PICTURES_AT_ONCE:
            self._judge()

    def figures(self, kind: Kind, names: Iterable[str] | None = None, *, score: float = 0.0) -> Figures:
        """Means over classes that have objects, counting what scores at least `score`.

        Args:
            kind: masks or boxes.
            names: classes; None: all.
            score: 0..1.
        """
        self._judge()
        wanted = [name for name in (self.names if names is None else names) if self.instances[name]]
        if not wanted:
            return Figures()
        tables = [self._table(kind, name, score) for name in wanted]
        precision, recall = (np.stack(part) for part in zip(*tables, strict=True))
        values = (precision, precision[:, _IOU_50], precision[:, _IOU_75], recall)
        return Figures(*(float(value.mean()) for value in values))

    def _renamed(self, some: Sequence[Marked]) -> list[Marked]:
        renamed = [(one, self._rename.get(one.name)) for one in some]
        return [one if one.name == name else replace(one, name=name) for one, name in renamed if name in self._numbers]

    def _table(self, kind: Kind, name: str, score: float) -> _Table:
        """Precision (10 IoUs, 101 recalls) and largest recall (10,) of a class that has objects."""
        key = (kind, name, score)
        if key not in self._tables:
            pictures = [one.from_score(score) for one in self._matches[kind, name]]
            judge = _coco_judge(kind, range(len(pictures)), [1])
            judge.evalImgs = pictures
            judge._paramsEval = copy.deepcopy(judge.params)
            with _quiet():
                judge.accumulate()
            self._tables[key] = judge.eval["precision"][:, :, 0, 0, 0], judge.eval["recall"][:, 0, 0, 0]
        return self._tables[key]

    def _judge(self) -> None:
        """Lets pycocotools judge the pictures that wait, and forgets their masks."""
        if not self._waiting:
            return
        self._tables = {}
        sizes = [(height, width) for height, width, _, _ in self._waiting]
        truth = self._coco(sizes, [part[2] for part in self._waiting])
        found = self._coco(sizes, [part[3] for part in self._waiting])
        present = sorted({self._numbers[one.name] for part in self._waiting for one in (*part[2], *part[3])})
        for kind in KINDS:
            judge = _coco_judge(kind, range(1, len(sizes) + 1), present, truth, found)
            with _quiet():
                judge.evaluate()
            for number, concluded in enumerate(judge.evalImgs):
                if concluded is not None:
                    name = self.names[present[number // len(sizes)] - 1]
                    self._matches[kind, name].append(_kept(concluded))
        self._waiting = []

    def _coco(self, sizes: Sequence[tuple[int, int]], marked: Sequence[Sequence[Marked]]) -> COCO:
        coco = COCO()
        coco.dataset = {
            "images": [{"id": k, "height": height, "width": width} for k, (height, width) in enumerate(sizes, 1)],
            "categories": [{"id": number, "name": name} for name, number in self._numbers.items()],
            "annotations": [
                {
                    "id": k,
                    "image_id": image,
                    "category_id": self._numbers[one.name],
                    "bbox": list(one.box),
                    "segmentation": one.runs,
                    "area": one.area,
                    "iscrowd": int(one.crowd),
                    "score": one.score,
                }
                for k, (image, one) in enumerate(((i, one) for i, some in enumerate(marked, 1) for one in some), 1)
            ],
        }
        with _quiet():
            coco.createIndex()
        return coco


def _coco_judge(
    kind: Kind, images: Iterable[int], classes: Sequence[int], truth: COCO | None = None, found: COCO | None = None
) -> COCOeval:
    """COCO's evaluation, for objects of all sizes."""
    judge = COCOeval(truth, found, kind)
    judge.params.imgIds, judge.params.catIds = list(images), list(classes)
    judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
    judge.params.maxDets = [MOST_DETECTIONS]
    return judge


def _kept(concluded: Mapping[str, Any]) -> _Matches:
    return _Matches(
        np.asarray(concluded["dtScores"], np.float64),
        np.asarray(concluded["dtMatches"]) > 0,
        np.asarray(concluded["dtIgnore"]) > 0,
        np.asarray(concluded["gtIgnore"]).astype(np.bool_),
    )


def _quiet() -> contextlib.redirect_stdout[io.StringIO]:
    """It prints as it goes."""
    return contextlib.redirect_stdout(io.StringIO())
