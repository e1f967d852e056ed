"""What is drawn on: a picture, and which object each of its pixels shows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from objmask.scene.geometry import Camera, Vector, unit, vector

Floats = npt.NDArray[np.float32]
NOTHING = 0
"""The instance id of what belongs to no object."""
_HALF = 0.5


@dataclass(frozen=True)
class Light:
    """A distant lamp and the light that comes from everywhere.

    Attributes:
        towards: (3,) unit direction to the lamp, room coordinates.
        ambient: share of the light that reaches every surface, 0..1.
        colour: (3,) float32 RGB factor.
    """

    towards: Vector = field(default_factory=lambda: unit(vector(-0.4, 0.3, 0.85)))
    ambient: float = 0.55
    colour: Floats = field(default_factory=lambda: np.ones(3, np.float32))

    def shade(self, normal: Vector) -> float:
        """Brightness of a matt surface, `ambient`..1; wrapped, so that it falls off softly."""
        facing = (float(normal @ self.towards) + 0.35) / 1.35
        return self.ambient + (1 - self.ambient) * max(facing, 0.0)


@dataclass(frozen=True)
class PixelRectangle:
    """A rectangle of the picture, right and bottom exclusive, pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        return self.bottom - self.top, self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass
class Canvas:
    """A picture in the making.

    Attributes:
        camera: through which it is seen.
        light: that falls on it.
        colour: (h, w, 3) float32 RGB, 0..255.
        instances: (h, w) int32, the id of the object that each pixel shows, 0 = none.
        silhouettes: id to (h, w) bool: the pixels that an object would show if nothing covered it.
        stencil: (h, w) float32 share of each pixel that may be painted, or None for all: an opening.
    """

    camera: Camera
    light: Light

    def __post_init__(self) -> None:
        shape = self.camera.height, self.camera.width
        self.colour = np.full((*shape, 3), 40, np.float32)
        self.instances = np.zeros(shape, np.int32)
        self.silhouettes: dict[int, npt.NDArray[np.bool_]] = {}
        self.stencil: Floats | None = None

    def region(self, pixels: Vector, margin: float = 1.5) -> PixelRectangle | None:
        """The part of the picture around (n, 2) points, or None when there is none."""
        low, high = np.floor(pixels.min(0) - margin), np.ceil(pixels.max(0) + margin) + 1
        height, width = self.instances.shape
        left, top = int(max(low[0], 0)), int(max(low[1], 0))
        right, bottom = int(min(high[0], width)), int(min(high[1], height))
        return PixelRectangle(left, top, right, bottom) if left < right and top < bottom else None

    def paint(
        self, region: PixelRectangle, colour: Floats, cover: Floats, instance: int, opacity: Floats | float = 1.0
    ) -> None:
        """Lays a surface over what is there.

        Args:
            region: where.
            colour: (h, w, 3) float32 RGB, 0..255.
            cover: (h, w) float32, the share of each pixel that the surface covers, 0..1; from a half on, the pixel
                belongs to the object.
            instance: the object's id.
            opacity: of the surface itself, 0..1: glass covers a pixel and yet lets light through.
        """
        if self.stencil is not None:
            cover = cover * self.stencil[region.slices]
        under = self.colour[region.slices]
        under += (colour - under) * (cover * opacity)[..., None]
        owned = cover >= _HALF
        self.instances[region.slices][owned] = instance
        if instance != NOTHING:
            if instance not in self.silhouettes:
                self.silhouettes[instance] = np.zeros(self.instances.shape, np.bool_)
            self.silhouettes[instance][region.slices] |= owned

    def dim(self, region: PixelRectangle, factor: Floats) -> None:
        """Multiplies what is there by (h, w) float32 factors: a shadow."""
        self.colour[region.slices] *= factor[..., None]
