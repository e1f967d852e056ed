"""Pictures, detections, video facts and what is decided of them, for the tests of deciding and of drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.detections.classes import Group, Palette
from objmask.hidden.areas import Size
from objmask.hidden.causes import HiddenArea
from objmask.hidden.decide import Hider
from objmask.painted.decide import PaintRules, paint_frame
from objmask.painted.objects import PaintedObject
from objmask.video.info import VideoInfo
from objmask.video.planes import Planes

PALETTE = Palette(
    (
        Group("person", ("person",), (255, 255, 255), True),
        Group("screen", ("tv", "laptop"), (255, 0, 0), True),
        Group("drink", ("bottle", "wine glass", "cup"), (0, 0, 255)),
        Group("phone", ("cell phone",), (0, 255, 255), True),
        Group("oven", ("microwave", "oven"), (255, 255, 0)),
        Group("sink", ("sink",), (100, 150, 200)),
        Group("book", ("book",), (255, 0, 255), True),
        Group("keyboard", ("keyboard",), (0, 255, 0), True),
    )
)
_INFO = VideoInfo(
    sha256="0" * 64,
    blocks="",
    container="mp4",
    stream=0,
    codec="h264",
    pix_fmt="yuv420p",
    bits=8,
    stored_width=64,
    stored_height=48,
    width=64,
    height=48,
    rotation=0,
    rotate=0,
    mirrored=False,
    sample_aspect=Fraction(1),
    color_range="tv",
    colorspace=1,
    primaries=1,
    transfer=1,
    declared_color_range=None,
    declared_colorspace=2,
    field_order=None,
    time_base=Fraction(1, 30000),
    rate=Fraction(30000, 1001),
    packets=1,
    frames=1,
    declared_frames=1,
    start_pts=0,
    end_pts=1001,
    duration_s=1001 / 30000,
    declared_duration_s=None,
    shift_pts=0,
    pts_rule="kept",
    pts_changed=0,
    truncated=False,
    audio=[],
    other_streams=[],
    warnings=[],
    keyframes=[(0, 0)],
    cuts=[],
)


def info(width: int, height: int, **changes: Any) -> VideoInfo:
    """A 29.97 frames/s video of that size."""
    return replace(_INFO, width=width, height=height, stored_width=width, stored_height=height, **changes)


def noise(width: int, height: int, seed: int = 0) -> Planes:
    """A picture of noise."""
    rng = np.random.default_rng(seed)
    chroma = ((height + 1) // 2, (width + 1) // 2)
    return Planes(*(rng.integers(0, 256, shape, np.uint8) for shape in ((height, width), chroma, chroma)))


def found(*items: tuple[str, float, tuple[float, float, float, float]], mask: np.ndarray | None = None) -> Detections:
    """Detections (class, score, box in 0..1), each with a full mask unless one is given."""
    full = np.full((8, 8), 255, np.uint8) if mask is None else mask
    return Detections(
        np.array([score for _, score, _ in items], np.float32),
        tuple(name for name, _, _ in items),
        np.array([box for _, _, box in items], np.float32).reshape(-1, 4),
        (full,) * len(items),
    )


def hidden_areas(detections: Detections, hiding: Hiding, size: Size, *, interlaced: bool = False) -> list[HiddenArea]:
    """What is hidden of a frame that stands alone."""
    hider = Hider(hiding, size, interlaced=interlaced)
    return hider.areas([hider.prepare([("m", detections)])], 0)


def same_areas(some: Sequence[HiddenArea], others: Sequence[HiddenArea]) -> bool:
    """Whether both are the same in place, pixels, causes and order."""
    return len(some) == len(others) and all(
        (a.patch.top, a.patch.left, a.causes) == (b.patch.top, b.patch.left, b.causes)
        and np.array_equal(a.patch.mask, b.patch.mask)
        for a, b in zip(some, others, strict=True)
    )


def painted(
    detections: Detections, width: int, height: int, score: float = 0.3, threshold: float = 0.5
) -> tuple[PaintedObject, ...]:
    """What is painted of a frame."""
    return paint_frame(detections, ["m"] * len(detections), PaintRules(PALETTE, score, threshold), height, width)
