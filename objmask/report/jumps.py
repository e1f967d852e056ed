"""Groups that fill much of the picture although the network is not sure of them: most likely something is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from objmask.detections.runs import area_of, spans_in
from objmask.painted.objects import PaintedObject
from objmask.report.hidden import clock

LARGE = 0.2
"""A group is worth a look where it fills at least this share of the picture,"""
_WEAK = 0.5
"""and at least this share of that belongs to objects of which the network is not sure."""
_NEAR_S, _LIKE = 1.0, 0.7
"""It is as it should be where so near in time the group fills at least this share of that, and the network is sure."""
_NAMED = 3


class Jumps:
    """Gathers, frame by frame, where a group is large on weak evidence.

    Args:
        fraction: (n, g) share of the picture of each group, 0..1.
        names: of the g groups.
        score: of an object with a lower own score the network is not sure, 0..1.
        size: height and width of the frames, pixels.
    """

    def __init__(
        self, fraction: npt.NDArray[np.float64], names: Sequence[str], score: float, size: tuple[int, int]
    ) -> None:
        self._fraction, self._names, self._score, self._size = fraction, names, np.float32(score), size
        self._weak = np.zeros(fraction.shape, np.bool_)
        self._tracks: dict[tuple[int, int], Counter[tuple[str, int]]] = {}

    def add(self, row: int, objects: Sequence[PaintedObject]) -> None:
        """Takes the painted objects of a frame."""
        for k in np.flatnonzero(self._fraction[row] >= LARGE).tolist():
            areas: Counter[tuple[str, int]] = Counter()
            for one in objects:
                if one.group == self._names[k] and one.visible and np.float32(one.own_score) < self._score:
                    areas[one.model, one.track_id] += area_of(spans_in(one.visible, *self._size))
            height, width = self._size
            self._weak[row, k] = areas.total() >= _WEAK * self._fraction[row, k] * height * width
            self._tracks[row, k] = areas

    def warnings(self, times_s: npt.NDArray[np.float64], end_s: float) -> list[str]:
        """A line for each group of which that is so.

        Args:
            times_s: (n,) times of the frames, seconds.
            end_s: when the last frame ends, seconds.
        """
        ends_s = np.append(times_s[1:], end_s)
        found = []
        for k in np.flatnonzero(self._weak.any(axis=0)).tolist():
            rows = np.array(
                [row for row in np.flatnonzero(self._weak[:, k]).tolist() if not self._sure_near(row, k, times_s)]
            )
            if not len(rows):
                continue
            # Neighbours have one difference between row and place.
            stretches = [[row for _, row in run] for _, run in groupby(enumerate(rows), lambda pair: pair[1] - pair[0])]
            tracks: Counter[tuple[str, int]] = Counter()
            for row in rows.tolist():
                tracks.update(self._tracks[row, k])
            times = list(dict.fromkeys(clock(float(times_s[run[0]])) for run in stretches))
            more = " …" if len(times) > _NAMED else ""
            length_s = float((ends_s[rows] - times_s[rows]).sum())
            (_, track), _ = tracks.most_common(1)[0]
            of = f", mostly track {track}" if track >= 0 else ""
            when = f"at {', '.join(times[:_NAMED])}{more} ({length_s:.1f} s in all{of})"
            found.append(
                f"{self._names[k]} fills up to {self._fraction[rows, k].max():.0%} of the picture {when}, "
                "but the network is not sure of it there: compare the overlay"
            )
        return found

    def _sure_near(self, row: int, k: int, times_s: npt.NDArray[np.float64]) -> bool:
        near = slice(*np.searchsorted(times_s, (times_s[row] - _NEAR_S, times_s[row] + _NEAR_S)))
        like = self._fraction[near, k] >= max(_LIKE * self._fraction[row, k], LARGE)
        return bool((like & ~self._weak[near, k]).any())
