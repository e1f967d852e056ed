"""Leaks over time: in which frames a sensitive object is not hidden, and for how long on end."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from objmask.evaluation.ground_truth_objects import GroundTruthObject, GroundTruthObjects
from objmask.evaluation.hiding import HIDDEN


class Leaks:
    """Counts over the frames of videos.

    Args:
        classes: what is to be hidden.
    """

    def __init__(self, classes: Collection[str]) -> None:
        self._classes = frozenset(classes)
        self._open: dict[int, tuple[int, float]] = {}
        self.frames = self.leaked = 0
        """Frames with a sensitive object, and those of them in which less than `HIDDEN` of one is hidden."""
        self.longest = 0
        """Frames on end in which one object leaks, of those that have a number."""
        self.longest_s = 0.0
        """Seconds of that."""
        self.sensitive = self.sensitive_hidden = self.other = self.other_hidden = 0
        """Pixels of sensitive objects and of all else but crowds of them, and those of them that are hidden."""

    def join(self, other: Leaks) -> None:
        """Counts what was counted of another video as well."""
        for name in ("frames", "leaked", "sensitive", "sensitive_hidden", "other", "other_hidden"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest, self.longest_s = max(self.longest, other.longest), max(self.longest_s, other.longest_s)

    def end_video(self) -> None:
        """No leak goes on from one video to the next, or over frames whose truth is not known."""
        self._open = {}

    def add(
        self, shown_objects: GroundTruthObjects, hidden: npt.NDArray[np.bool_], duration_s: float
    ) -> list[GroundTruthObject]:
        """A frame, the one after the last; returns what leaks.

        Args:
            shown_objects: what is on it.
            hidden: (height, width), its pixels that `protect` hides.
            duration_s: how long it is shown, seconds.
        """
        known = [shown_object for shown_object in shown_objects if shown_object.name in self._classes]
        sensitive = [shown_object for shown_object in known if not shown_object.crowd]
        inside, crowds = np.zeros((2, *hidden.shape), np.bool_)
        for shown_object in known:
            (crowds if shown_object.crowd else inside)[shown_object.patch.rows, shown_object.patch.columns] |= (
                shown_object.patch.mask
            )
        other = ~(inside | crowds)
        self.sensitive += int(np.count_nonzero(inside))
        self.sensitive_hidden += int(np.count_nonzero(inside & hidden))
        self.other += int(np.count_nonzero(other))
        self.other_hidden += int(np.count_nonzero(hidden & other))
        leaking = [shown_object for shown_object in sensitive if _share(shown_object, hidden) < HIDDEN]
        self.frames += bool(sensitive)
        self.leaked += bool(leaking)
        before, self._open = self._open, {}
        for shown_object in (one for one in leaking if one.number >= 0):
            frames, seconds = before.get(shown_object.number, (0, 0.0))
            self._open[shown_object.number] = frames + 1, seconds + duration_s
            self.longest = max(self.longest, frames + 1)
            self.longest_s = max(self.longest_s, seconds + duration_s)
        return leaking


def _share(shown_object: GroundTruthObject, hidden: npt.NDArray[np.bool_]) -> float:
    covered = hidden[shown_object.patch.rows, shown_object.patch.columns] & shown_object.patch.mask
    return np.count_nonzero(covered) / np.count_nonzero(shown_object.patch.mask)
