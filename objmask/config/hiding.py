"""What protected video hides, and what is seen in its place.

It decides results, so it lies apart from the other settings: a change of those makes no video again.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Style = Literal["solid", "pixelate", "blur"]
Shape = Literal["mask", "box", "ellipse"]
Share = Annotated[float, Field(ge=0, le=1)]
"""0..1."""
MaskProbability = Annotated[float, Field(ge=0, lt=1)]
"""0..1; of 1 no pixel could be above."""
Frames = Annotated[int, Field(ge=0, le=60)]
TimeText = Annotated[str, Field(pattern=r"^([0-5]?[0-9]|60|[0-9](\.[0-9]{1,6})? ?s)$")]
Corner = Annotated[tuple[Share, ...], Field(min_length=2, max_length=2)]
Zone = Annotated[tuple[Corner, ...], Field(min_length=3, description="a polygon needs at least three corners")]


class Section(BaseModel):
    """Settings that belong together; what each is stands below it, and becomes its help, its comment and its line."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


class HidingRules(Section):
    """Which detections are hidden, where, and for how long."""

    score: Share = 0.1
    """detections scoring at least this are hidden; score 0..1"""
    threshold: MaskProbability = 0.3
    """a pixel is hidden above this mask probability; 0..1"""
    shape: Shape = "mask"
    """shape of what is hidden: mask, box or ellipse"""
    grow: Share = 0.05
    """margin around an object; share of the longer side of its box, 0..1"""
    hold: Frames | TimeText = "0.1 s"
    """a detection also hides its place for so long before and after it: a time, or a number of frames

    Never across a cut of the scene. 0..60 frames, or a time below 10 seconds, such as 0.1 s."""
    zones: tuple[Zone, ...] = ()
    """always hidden: convex polygons of [x, y], shares of width and height, 0..1"""
    whole_frame_when: Literal["never", "no_detection"] = "never"
    """never, or no_detection: hide frames in which nothing sensitive was found"""


class HiddenLook(Section):
    """What is seen in place of what is hidden."""

    style: Style = "blur"
    """solid (grey), pixelate (coarse cells), or blur (coarse cells, then smoothed)"""
    strength: Annotated[int, Field(ge=1, le=8)] = 6
    """cells along the object's longer side for pixelate and blur, 1..8; fewer hide more"""
