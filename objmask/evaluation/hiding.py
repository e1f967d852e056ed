"""What `protect` would hide of sensitive objects, and of everything else: counted in pixels and in objects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.detections.masks import Patch
from objmask.evaluation.ground_truth import TrueObject, regions
from objmask.hidden.areas import Size, block_size
from objmask.hidden.decide import Hider

HIDDEN = 0.95
"""Share of an object's pixels from which it counts as hidden."""


class HidingCounts:
    """Counts over pictures, at several score floors.

    Args:
        hiding: what is hidden; the floors replace its score, and of frames before and after nothing is held.
        scores: rising floors, 0..1.
    """

    def __init__(self, hiding: Hiding, scores: Sequence[float]) -> None:
        self._hiding = hiding.model_copy(update={"score": scores[0], "hold": 0})
        self._scores = tuple(scores)
        self.classes = tuple(sorted(hiding.objects))
        shape = (len(scores), len(self.classes))
        self.sensitive = self.other = 0
        """Pixels of sensitive objects, and of what is neither that nor to be ignored."""
        self.sensitive_hidden, self.other_hidden = np.zeros((2, len(scores)), np.int64)
        """(scores,) those of them that are hidden."""
        self.pixels, self.objects = np.zeros((2, len(self.classes)), np.int64)
        """(classes,) pixels and number of the sensitive objects."""
        self.pixels_hidden, self.objects_hidden = np.zeros((2, *shape), np.int64)
        """(scores, classes) those of them that are hidden, objects when nearly all their pixels are."""

    def add(self, objects: Sequence[TrueObject], found: Detections, size: Size) -> None:
        """A picture."""
        inside, ignored = regions(objects, self.classes, size.height, size.width)
        other = ~(inside | ignored)
        self.sensitive += int(inside.sum())
        self.other += int(other.sum())
        counted = [one for one in objects if one.name in self.classes and not one.crowd and one.patch.mask.size]
        for one in counted:
            self.objects[self.classes.index(one.name)] += 1
            self.pixels[self.classes.index(one.name)] += one.patch.mask.sum()
        for s, hidden in enumerate(self._hidden(found, size)):
            self.sensitive_hidden[s] += (hidden & inside).sum()
            self.other_hidden[s] += (hidden & other).sum()
            for one in counted:
                k, total = self.classes.index(one.name), one.patch.mask.sum()
                covered = (hidden[one.patch.rows, one.patch.columns] & one.patch.mask).sum()
                self.pixels_hidden[s, k] += covered
                self.objects_hidden[s, k] += covered >= HIDDEN * total

    def _hidden(self, found: Detections, size: Size) -> list[npt.NDArray[np.bool_]]:
        """(height, width) bool: the pixels that `protect` hides, at each floor."""
        hider = Hider(self._hiding, size)
        chosen = found.select(score=self._hiding.score, classes=self._hiding.objects)
        prepared = hider.prepare([("", chosen)])
        hidden: dict[int, npt.NDArray[np.bool_]] = {}
        counts = []
        for score in self._scores:
            some = [one for one in prepared if np.float32(one.cause.score) >= np.float32(score)]
            counts.append(len(some))
            if len(some) not in hidden:
                hidden[len(some)] = pixels_of([area.patch for area in hider.areas([some], 0)], size)
        return [hidden[count] for count in counts]


def pixels_of(areas: Sequence[Patch], size: Size) -> npt.NDArray[np.bool_]:
    """(height, width) bool: the pixels of areas that count in 2 x 2 blocks."""
    blocks = np.zeros(block_size(size), np.bool_)
    for area in areas:
        blocks[area.rows, area.columns] |= area.mask
    return blocks.repeat(2, 0).repeat(2, 1)[: size.height, : size.width]
