"""A hidden area, and why it is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from objmask.detections.masks import Patch

ZONE, WHOLE_FRAME = "zone", "whole frame"
"""What else than an object can be the cause of a hidden area."""


@dataclass(frozen=True)
class Cause:
    """Why an area is hidden.

    Attributes:
        name: class of the object, `ZONE` or `WHOLE_FRAME`.
        model: name of the model that found it; empty: a person added it, or it is no object.
        track_id: -1 without a track.
        score: that decided, 0..1.
        own_score: the best that the network gave it where its masks come from, 0..1.
        found: whether the network itself found it in this very frame.
        blocks: how many blocks are hidden because of it.
    """

    name: str
    model: str = ""
    track_id: int = -1
    score: float = 1.0
    own_score: float = 0.0
    found: bool = False
    blocks: int = 0

    @property
    def is_object(self) -> bool:
        """Whether it is an object, and no zone."""
        return self.name != ZONE


@dataclass(frozen=True)
class HiddenArea:
    """An area that is hidden with one grid of cells.

    Attributes:
        patch: in blocks of 2 x 2 pixels.
        causes: at least one.
    """

    patch: Patch
    causes: tuple[Cause, ...]


def hides_objects(areas: Sequence[HiddenArea]) -> bool:
    """Whether anything is hidden in a frame apart from zones."""
    return any(cause.is_object for area in areas for cause in area.causes)
