"""An object as it is painted in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objmask.detections.classes import Palette
from objmask.detections.runs import map_of

Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PaintedObject:
    """An object of a frame, and the pixels that are painted of it: none when its score or class is not painted.

    Attributes:
        name: its class.
        group: name of its group; empty: it is in none.
        score: that decided; of a track the best one near in time, 0..1.
        own_score: that the network gave it in this frame; 0 where it was missed.
        lifted: whether it was found in this frame, but with too low a score to be painted without its track.
        source: one of `objmask.detections.arrays.SOURCES`.
        carried: how many frames before this one its mask comes from (negative: after); 0: from this one.
        track_id: -1 without a track.
        model: name of the model that found it; empty when a person added it.
        visible: counts (`objmask.detections.runs`) of its pixels that no other object covers; empty: it has none, or
            is not painted.
        covered: counts of its pixels that others cover; empty: it has none.
    """

    name: str
    group: str
    score: float
    own_score: float
    lifted: bool
    source: str
    carried: int
    track_id: int
    model: str
    visible: bytes
    covered: bytes

    @property
    def shown(self) -> bool:
        """Whether it has a pixel, which others may cover."""
        return bool(self.visible or self.covered)


def labels_of(objects: Sequence[PaintedObject], palette: Palette, height: int, width: int) -> Labels:
    """The painted map, (height, width) uint8: 0 = background, k = group k.

    Raises:
        ValueError: an object has counts of another size, or two have one pixel.
    """
    return map_of(((one.visible, palette.index_of[one.name]) for one in objects if one.visible), height, width)
