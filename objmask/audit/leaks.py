"""What one frame of a protected video still shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from objmask.audit.detail import Detail, covered
from objmask.audit.words import NOTHING_READ, FrameWords
from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.detections.boxes import Box
from objmask.detections.counting import ALL_COUNT
from objmask.detections.masks import Patch, paste

Kind = Literal["uncovered", "found", "read"]

_ENOUGH_CELLS = 2.0
"""Cells with detail from which an object can be judged."""


@dataclass(frozen=True)
class AuditSettings:
    """What is looked for.

    Attributes:
        hiding: what of the first pass was to be hidden.
        floor: what is found again below this score is left out, 0..1.
        leak_score: what is found again from this score up is a leak, and not only to be looked at, 0..1.
        pictures: moments that have a picture, the worst ones.
    """

    hiding: Hiding
    floor: float
    leak_score: float
    pictures: int

    def bars(self, model: str) -> tuple[float, float]:
        """From which scores what a model finds again is listed, and is a leak.

        One that has a score of its own is believed from there on: below it such networks see faces in chairs.
        """
        own = self.hiding.models.get(model, ALL_COUNT).score
        return (self.floor, self.leak_score) if own is None else (own, own)


@dataclass(frozen=True)
class Leak:
    """A sensitive object that can be seen in one frame.

    Attributes:
        kind: `uncovered`: found in the source and not hidden; `found`: found in the protected video; `read`: words
            that can be read in both.
        name: its class.
        score: of the detection, 0..1.
        box: normalised `(ymin, xmin, ymax, xmax)`.
        shown: share of its detail that is shown, 0..1.
        sure: whether it counts as a leak, or is only to be looked at.
        length: letters and digits that can be read; 0: it is no text.
    """

    kind: Kind
    name: str
    score: float
    box: Box
    shown: float
    sure: bool
    length: int = 0

    @property
    def severity(self) -> float:
        """How bad it is: more shown of a larger object by a surer detection; 0..1."""
        ymin, xmin, ymax, xmax = self.box
        return self.score * self.shown * math.sqrt((ymax - ymin) * (xmax - xmin))


@dataclass(frozen=True)
class FrameAudit:
    """One frame.

    Attributes:
        leaks: what is still seen.
        silhouettes: objects that were found again where the picture is hidden: their outline, not themselves.
        plain: objects, found first or again, that have too little detail to tell whether they are hidden.
        other: cells that no sensitive object covers; parts of cells count as parts.
        other_lost: those of them that show something else than the source.
    """

    leaks: tuple[Leak, ...]
    silhouettes: int
    plain: int
    other: float
    other_lost: float


class Auditor:
    """Judges frames.

    Args:
        settings: what is looked for.
        height: of the video, pixels.
        width: of the video, pixels.
    """

    UNCOVERED = 0.25
    """Share of an object's detail from which it counts as not hidden."""
    FOUND = 0.5
    """Share of the detail of what was found again from which it was seen, and not its outline."""

    def __init__(self, settings: AuditSettings, height: int, width: int) -> None:
        self._settings, self._height, self._width = settings, height, width

    def judge(
        self,
        source: npt.NDArray[np.uint8],
        protected: npt.NDArray[np.uint8],
        first: Detections,
        again: Sequence[tuple[str, Detections]],
        words: FrameWords = NOTHING_READ,
    ) -> FrameAudit:
        """Compares a frame with its protected version.

        Args:
            source: luma, uint8 (h, w).
            protected: luma of the protected video, uint8 (h, w).
            first: what was found in the source and was to be hidden.
            again: names of models, and what each found in the protected video.
            words: what was read in both.
        """
        settings, detail = self._settings, Detail.of(source, protected)
        free = np.ones_like(detail.told)
        leaks, plain, silhouettes = [], 0, 0
        for i, patch in self._patches(first):
            rows, columns, share = covered(patch)
            np.minimum(free[rows, columns], 1 - share, out=free[rows, columns])
            told, shown = detail.inside(patch)
            if told < _ENOUGH_CELLS:
                plain += 1
            elif shown >= self.UNCOVERED * told:
                leaks.append(_leak("uncovered", first, i, shown / told, sure=True))
        for model, found in again:
            chosen, (_, leak_score) = self.listed(model, found), settings.bars(model)
            for i, patch in self._patches(chosen):
                told, shown = detail.inside(patch)
                if told < _ENOUGH_CELLS:
                    plain += 1
                elif shown >= self.FOUND * told:
                    sure = bool(chosen.scores[i] >= np.float32(leak_score))
                    leaks.append(_leak("found", chosen, i, shown / told, sure=sure))
                else:
                    silhouettes += 1
        leaks += self._read(words, detail)
        return FrameAudit(tuple(leaks), silhouettes, plain, float(free.sum()), float((detail.lost * free).sum()))

    def listed(self, model: str, again: Detections) -> Detections:
        """Those that are sensitive and sure enough, of what a model found in the protected video."""
        floor, _ = self._settings.bars(model)
        return again.select(score=floor, classes=self._settings.hiding.of(model).objects)

    def _read(self, words: FrameWords, detail: Detail) -> Iterator[Leak]:
        """What was read here, and in a frame near this one where the picture still shows its detail."""
        for i, patch in self._patches(words.found):
            told, shown = detail.inside(patch)
            share = shown / told if told >= _ENOUGH_CELLS else float(words.here)
            if words.here or share >= self.UNCOVERED:
                leak = _leak("read", words.found, i, share, sure=True)
                yield replace(leak, length=words.lengths[words.found.track_ids[i]])

    def _patches(self, found: Detections) -> Iterator[tuple[int, Patch]]:
        for i in range(len(found)):
            patch = paste(found.masks[i], found.boxes[i], self._height, self._width, self._settings.hiding.threshold)
            patch = patch if patch.mask.any() else Patch(patch.top, patch.left, np.ones_like(patch.mask))
            if patch.mask.size:
                yield i, patch


def _leak(kind: Kind, found: Detections, i: int, shown: float, *, sure: bool) -> Leak:
    ymin, xmin, ymax, xmax = found.boxes[i].tolist()
    return Leak(kind, found.classes[i], float(found.scores[i]), (ymin, xmin, ymax, xmax), shown, sure)
