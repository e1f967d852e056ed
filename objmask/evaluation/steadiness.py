"""How steady painted masks are: how often they go and come back, and how well they move with the picture."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from objmask.evaluation.ground_truth_objects import GroundTruthObject, GroundTruthObjects
from objmask.objects.motion import Field

PAINTED = 0.5
"""Share of an object's pixels in its group's colour from which it counts as painted."""
_OUTSIDE = 255
Labels = npt.NDArray[np.uint8]


class Flicker:
    """Counts how often the paint of true objects appears and disappears while they are there all the time.

    Nothing painted flickers never, and all painted neither: `painted` says how much of what is there was painted at
    all, `right_px` of `painted_px` how much paint lies where it belongs.

    Args:
        index_of: object class to its group's index in a painted map.
    """

    def __init__(self, index_of: Mapping[str, int]) -> None:
        self._index_of = index_of
        self._last: dict[int, bool] = {}
        self.events = self.sights = self.painted = 0
        """Changes between frames that follow each other; objects x frames, and those of them that are painted."""
        self.seconds = 0.0
        """Of all objects together that have a number."""
        self.painted_px = self.right_px = 0
        """Painted pixels, but for those on a crowd of their group, and those on a true object of it."""

    def join(self, other: Flicker) -> None:
        """Counts what was counted of another video as well."""
        for name in ("events", "sights", "painted", "seconds", "painted_px", "right_px"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def end_video(self) -> None:
        """What comes next is no neighbour of the last frame."""
        self._last = {}

    def add(self, shown_objects: GroundTruthObjects, labels: Labels, duration_s: float) -> None:
        """A frame: what is there, the painted map (height, width), and how long it is shown."""
        now: dict[int, bool] = {}
        right, spared = np.zeros((2, *labels.shape), np.bool_)
        for shown_object in shown_objects:
            if shown_object.name not in self._index_of:
                continue
            own = _own(shown_object, labels, self._index_of[shown_object.name])
            (spared if shown_object.crowd else right)[shown_object.patch.rows, shown_object.patch.columns] |= own
            if shown_object.crowd:
                continue
            painted = bool(np.count_nonzero(own) >= PAINTED * np.count_nonzero(shown_object.patch.mask))
            self.sights += 1
            self.painted += painted
            if shown_object.number >= 0:
                now[shown_object.number] = painted
        self.events += sum(painted != self._last.get(number, painted) for number, painted in now.items())
        self.seconds += len(now) * duration_s
        self._last = now
        self.painted_px += int(np.count_nonzero(labels)) - int(np.count_nonzero(spared & ~right))
        self.right_px += int(np.count_nonzero(right))

    @property
    def per_object_minute(self) -> float:
        """Events; nan without objects."""
        return self.events / (self.seconds / 60) if self.seconds else float("nan")


def _own(shown_object: GroundTruthObject, labels: Labels, group: int) -> npt.NDArray[np.bool_]:
    """The object's pixels in its group's colour, as its patch."""
    own: npt.NDArray[np.bool_] = shown_object.patch.mask & (
        labels[shown_object.patch.rows, shown_object.patch.columns] == group
    )
    return own


class Presence:
    """Counts how often a group goes from a video's pictures, or comes, when nothing is known of what is there."""

    def __init__(self) -> None:
        self._last: frozenset[int] | None = None
        self.events = 0
        self.seconds = 0.0
        """Of all groups together, while they are there."""

    def join(self, other: Presence) -> None:
        """Counts what was counted of another video as well."""
        self.events += other.events
        self.seconds += other.seconds

    def end_video(self) -> None:
        """What comes next is no neighbour of the last frame."""
        self._last = None

    def add(self, labels: Labels, duration_s: float) -> None:
        """A frame: the painted map (height, width), and how long it is shown."""
        now = frozenset(np.flatnonzero(np.bincount(labels.ravel())[1:]).tolist())
        self.events += len(now ^ self._last) if self._last is not None else 0
        self.seconds += len(now) * duration_s
        self._last = now

    @property
    def per_group_minute(self) -> float:
        """Events; nan when nothing is ever painted."""
        return self.events / (self.seconds / 60) if self.seconds else float("nan")


class Consistency:
    """How well each painted group agrees with that of the frame before, moved along with the picture.

    Args:
        size: height and width of the grid on which the motion is known, pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._last: Labels | None = None
        self.sum, self.count = 0.0, 0
        """Of intersections over unions, one a group and pair of frames with any of it."""

    def end_video(self) -> None:
        """What comes next is no neighbour of the last frame."""
        self._last = None

    def add(self, labels: Labels, back: Field | None) -> None:
        """A frame: the painted map (height, width), and the motion from its pixels to those of the frame before."""
        small = cv2.resize(labels, self._size[::-1], interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)
        if self._last is not None and back is not None:
            y, x = np.indices(self._size, np.float32)
            place = x + back[..., 0], y + back[..., 1]
            # What came into the picture just now is left out of account.
            moved = cv2.remap(self._last, *place, cv2.INTER_NEAREST, borderValue=_OUTSIDE)
            known = moved != _OUTSIDE
            for group in {*np.unique(small[known]).tolist(), *np.unique(moved[known]).tolist()} - {0}:
                now, before = (small == group) & known, moved == group
                self.sum += np.count_nonzero(now & before) / np.count_nonzero(now | before)
                self.count += 1
        self._last = small

    @property
    def mean(self) -> float:
        """Of 0..1; nan when nothing is ever painted."""
        return self.sum / self.count if self.count else float("nan")
