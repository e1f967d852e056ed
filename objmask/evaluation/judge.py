"""Everything that is counted of one model, picture by picture, and the tables that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.detections.classes import Palette
from objmask.evaluation.coverage_error import ABSOLUTE, BIAS, CoverageErrors, Estimate
from objmask.evaluation.ground_truth import Annotated, true_objects
from objmask.evaluation.hiding import HidingCounts
from objmask.evaluation.pixels import GroupPixels, group_pixels
from objmask.evaluation.precision import KINDS, Precision, mark_found

Row = dict[str, str | int | float]
"""A table's row; what is not known is not a number."""
_KIND_NAMES = {"segm": "mask", "bbox": "box"}
ALL = "all"
"""The row that is for all groups."""


@dataclass(frozen=True)
class JudgeSettings:
    """By what models are judged.

    Attributes:
        scores: rising score floors, 0..1.
        palette: the groups.
        threshold: mask probability above which a pixel belongs to an object, 0..1.
        hiding: what is hidden; its score and hold do not count.
    """

    scores: tuple[float, ...]
    palette: Palette
    threshold: float
    hiding: Hiding

    def __post_init__(self) -> None:
        if not self.scores or list(self.scores) != sorted(set(self.scores)) or not 0 <= self.scores[0] <= 1:
            raise ValueError(f"scores: expected rising numbers in 0..1, got {self.scores}")


@dataclass(frozen=True)
class Judged:
    """What came of a model.

    Attributes:
        model: its name.
        sha256: of the network, hex.
        pictures: pictures or frames that were judged.
        ms: wall time of detection, a picture, milliseconds; not a number where it was not measured.
        scores, groups, classes: rows of the tables.
    """

    model: str
    sha256: str
    pictures: int
    ms: float
    scores: list[Row]
    groups: list[Row]
    classes: list[Row]


class Judge:
    """Collects one model's figures.

    Args:
        settings: by what it is judged.
        classes: those that the truth knows, whether or not the model does.
    """

    def __init__(self, settings: JudgeSettings, classes: Sequence[str]) -> None:
        self._settings = settings
        self._classes = tuple(classes)
        groups = tuple(
            replace(group, objects=known)
            for group in settings.palette.groups
            if (known := tuple(name for name in group.objects if name in classes))
        )
        self._palette = Palette(groups)
        self._by_class = Precision(self._classes)
        owner = {name: group.name for group in groups for name in group.objects}
        self._by_group = Precision([group.name for group in groups], owner)
        self._pixels = GroupPixels.none(len(settings.scores), len(groups))
        self._errors = CoverageErrors(len(settings.scores), len(groups))
        self._coverage = np.zeros((len(settings.scores) + 1, len(groups)))
        self._hiding = HidingCounts(settings.hiding, settings.scores)
        self._pictures = 0

    def add(self, truth: Annotated, found: Detections) -> None:
        """A picture or frame.

        Raises:
            DataError: a segmentation is damaged or for another size.
        """
        height, width = truth.height, truth.width
        objects = true_objects(truth)
        known = found.select(score=self._settings.scores[0], classes=self._classes)
        marked = mark_found(known, height, width, self._settings.threshold)
        for precision in (self._by_class, self._by_group):
            precision.add(height, width, [one.marked for one in objects], marked)
        pixels = group_pixels(
            objects, known, self._palette, self._settings.scores, self._settings.threshold, (height, width)
        )
        self._pixels += pixels
        measured, true = pixels.painted / (height * width), pixels.true / (height * width)
        self._errors.add(measured, true)
        self._coverage += np.concatenate([measured, true[None]])
        self._hiding.add(objects, found, truth)
        self._pictures += 1

    def end_video(self, times_s: Sequence[float] | None = None) -> None:
        """The frames since the last call are a video's, at these times; None: pictures, each of its own."""
        self._errors.end_video(times_s)

    def judged(self, model: str, sha256: str, ms: float = float("nan")) -> Judged:
        """All tables.

        Args:
            model: its name.
            sha256: of the network, hex.
            ms: wall time of detection a picture, milliseconds.
        """
        estimate, iou = self._errors.estimate(), self._pixels.iou()
        tables: tuple[list[Row], list[Row], list[Row]] = ([], [], [])
        for s, score in enumerate(self._settings.scores):
            start: Row = {"model": model, "score": score}
            tables[0].append({**start, **self._all(s, score, estimate, iou)})
            tables[1].extend({**start, **row} for row in self._of_groups(s, score, estimate, iou))
            tables[2].extend({**start, **row} for row in self._of_classes(s, score))
        return Judged(model, sha256, self._pictures, ms, *tables)

    def _all(self, s: int, score: float, estimate: Estimate, iou: np.ndarray) -> Row:
        hiding, errors = self._hiding, _errors(estimate, s, -1)
        return {
            **_precision(self._by_class, None, score),
            **{f"group_{name}": value for name, value in _precision(self._by_group, None, score).items()},
            "group_iou": _mean(iou[s][self._pixels.true > 0]),
            **errors,
            "hidden_pixels": _share(hiding.sensitive_hidden[s], hiding.sensitive),
            "hidden_instances": _share(hiding.objects_hidden[s].sum(), hiding.objects.sum()),
            "over_blur": _share(hiding.other_hidden[s], hiding.other),
        }

    def _of_groups(self, s: int, score: float, estimate: Estimate, iou: np.ndarray) -> list[Row]:
        rows: list[Row] = []
        coverage = 100 * self._coverage / max(self._pictures, 1)
        for g, group in enumerate(self._palette.groups):
            rows.append(
                {
                    "group": group.name,
                    "instances": self._by_group.instances[group.name],
                    **_precision(self._by_group, [group.name], score),
                    "iou": float(iou[s, g]),
                    "coverage": float(coverage[s, g]),
                    "true_coverage": float(coverage[-1, g]),
                    **_errors(estimate, s, g),
                }
            )
        total: Row = {
            "group": ALL,
            "instances": sum(self._by_group.instances.values()),
            **_precision(self._by_group, None, score),
            "iou": _mean(iou[s][self._pixels.true > 0]),
            "coverage": _mean(coverage[s]),
            "true_coverage": _mean(coverage[-1]),
            **_errors(estimate, s, -1),
        }
        return [*rows, total]

    def _of_classes(self, s: int, score: float) -> list[Row]:
        hiding, rows = self._hiding, []
        for name in self._classes:
            row: Row = {"class": name, "instances": self._by_class.instances[name]}
            row |= _precision(self._by_class, [name], score)
            k = hiding.classes.index(name) if name in hiding.classes else None
            row["sensitive"] = int(k is not None)
            row["hidden_pixels"] = _NAN if k is None else _share(hiding.pixels_hidden[s, k], hiding.pixels[k])
            row["hidden_instances"] = _NAN if k is None else _share(hiding.objects_hidden[s, k], hiding.objects[k])
            rows.append(row)
        return rows


_NAN = float("nan")


def _precision(judged: Precision, names: Sequence[str] | None, score: float) -> Row:
    row: Row = {}
    for kind in KINDS:
        figures = judged.figures(kind, names, score=score)
        for figure in ("ap", "ap50", "ap75", "ar"):
            row[f"{_KIND_NAMES[kind]}_{figure}"] = getattr(figures, figure)
    return row


def _errors(estimate: Estimate, s: int, g: int) -> Row:
    row: Row = {}
    for name, place in (("coverage_bias", BIAS), ("coverage_error", ABSOLUTE)):
        for suffix, values in (("", estimate.mean), ("_low", estimate.low), ("_high", estimate.high)):
            row[name + suffix] = float(values[place, s, g])
    return row


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else _NAN


def _share(part: int | np.integer, whole: int | np.integer) -> float:
    return float(part / whole) if whole else _NAN
