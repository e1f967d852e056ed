"""The truth about a picture or a frame, as what judges it wants it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from objmask.detections.masks import Patch
from objmask.evaluation.document import AnnotatedInstance
from objmask.evaluation.precision import Marked, mark_truth


class Annotated(Protocol):
    """A picture or a frame, and what is on it; see `objmask.evaluation.annotations.Picture`."""

    @property
    def height(self) -> int:
        """Pixels."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def instances(self) -> tuple[AnnotatedInstance, ...]:
        """The objects; may be none."""

    def mask(self, instance: AnnotatedInstance) -> npt.NDArray[np.uint8]:
        """(height, width) uint8, 1 inside the instance."""


@dataclass(frozen=True)
class TrueObject:
    """An annotated object.

    Attributes:
        marked: as COCO's rules want it.
        patch: its pixels; may be empty.
    """

    marked: Marked
    patch: Patch

    @property
    def name(self) -> str:
        """Its class."""
        return self.marked.name

    @property
    def crowd(self) -> bool:
        """Whether its region is to be left out of account."""
        return self.marked.crowd


def true_objects(annotated: Annotated) -> list[TrueObject]:
    """The objects of a picture, their pixels read once.

    Raises:
        DataError: a segmentation is damaged or for another size.
    """
    objects = []
    for instance in annotated.instances:
        mask = annotated.mask(instance)
        objects.append(TrueObject(mark_truth(instance, mask), Patch(0, 0, mask > 0).trimmed()))
    return objects


def regions(
    objects: Sequence[TrueObject], classes: Collection[str], height: int, width: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(height, width) bool each: pixels of objects of `classes`, and those of crowds of them that no object has."""
    inside, ignored = np.zeros((2, height, width), np.bool_)
    for one in objects:
        if one.name in classes:
            (ignored if one.crowd else inside)[one.patch.rows, one.patch.columns] |= one.patch.mask
    return inside, ignored & ~inside
