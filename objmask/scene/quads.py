"""Flat surfaces with a picture on them, and boxes made of such surfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol, cast

import cv2
import numpy as np
import numpy.typing as npt

from objmask.scene.canvas import Canvas, Floats, PixelRectangle
from objmask.scene.geometry import Pose, Vector, clip_near, unit, vector

Rgb = npt.NDArray[np.uint8]
_SUBPIXEL_BITS = 4
_FAR_PX = 1 << 20
"""fillPoly's fixed-point numbers end not far beyond."""


class Drawable(Protocol):
    """Something that can be drawn."""

    def draw(self, canvas: Canvas, pose: Pose, instance: int) -> None:
        """Draws it where the pose puts it, as pixels of an instance."""
        ...


class Texture:
    """A picture for a surface, in ever smaller sizes, so that it does not flicker from afar.

    Args:
        picture: (h, w, 3) uint8 RGB.
    """

    def __init__(self, picture: Rgb) -> None:
        self._levels = [np.ascontiguousarray(picture)]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), pixels."""
        return self._levels[0].shape[0], self._levels[0].shape[1]

    def level(self, number: int) -> Rgb:
        """The picture halved `number` times, as far as that goes."""
        while len(self._levels) <= number and min(self._levels[-1].shape[:2]) >= 4:
            last = self._levels[-1]
            half = (last.shape[1] // 2, last.shape[0] // 2)
            self._levels.append(cast(Rgb, cv2.resize(last, half, interpolation=cv2.INTER_AREA)))
        return self._levels[min(number, len(self._levels) - 1)]


@lru_cache(maxsize=512)
def plain(colour: tuple[int, int, int]) -> Texture:
    """A surface of one colour."""
    return Texture(np.full((2, 2, 3), colour, np.uint8))


def rounded(radius_u: float, radius_v: float, steps: int = 5) -> Vector:
    """(n, 2) outline in 0..1 of a square with round corners of these radii."""
    turns = np.linspace(0, math.pi / 2, steps)
    corners = []
    for k, (cu, cv) in enumerate(((1, 0), (1, 1), (0, 1), (0, 0))):
        angle = turns + (k - 1) * math.pi / 2
        centre = (abs(cu - radius_u), abs(cv - radius_v))
        corners.append(np.stack([centre[0] + radius_u * np.cos(angle), centre[1] + radius_v * np.sin(angle)], 1))
    return np.concatenate(corners)


SQUARE: Vector = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)


@dataclass(frozen=True)
class Quad:
    """A flat surface: the texture's left top lies at `origin`, its sides along `across` and `down`.

    It is seen only from the side from which the texture is not mirrored.

    Attributes:
        origin, across, down: (3,) metres, in the object's own coordinates.
        texture: its picture.
        outline: (n, 2) polygon in shares of `across` and `down` that the surface fills.
        gleam: strength of a soft reflection across the surface, 0..1.
        lit: False for surfaces that shine by themselves, such as screens.
        opacity: under 1 makes a pane.
    """

    origin: Vector
    across: Vector
    down: Vector
    texture: Texture
    outline: Vector | None = None
    gleam: float = 0.0
    lit: bool = True
    opacity: float = 1.0

    @cached_property
    def _normal(self) -> Vector:
        return unit(np.cross(self.down, self.across))

    def draw(self, canvas: Canvas, pose: Pose, instance: int) -> None:
        """Draws it as a part of an object."""
        camera = canvas.camera
        origin, across, down = pose.point(self.origin), pose.direction(self.across), pose.direction(self.down)
        normal = pose.direction(self._normal)
        if normal @ (camera.position - origin) <= 1e-6:
            return
        outline = SQUARE if self.outline is None else self.outline
        corners = origin + outline[:, :1] * across + outline[:, 1:] * down
        viewed = clip_near(camera.view(corners))
        if len(viewed) < 3:
            return
        pixels = camera.project(viewed)
        region = canvas.region(pixels)
        if region is None:
            return
        to_pixels = camera.matrix @ np.stack(
            [camera.rotation @ across, camera.rotation @ down, camera.view(origin)], axis=1
        )
        cover = polygon_cover(pixels, region)
        colour = self._warped(to_pixels, pixels, region)
        shade = canvas.light.shade(normal) if self.lit else 1.0
        tint = canvas.light.colour * np.float32(shade) if self.lit else np.float32(1)
        colour *= tint
        if self.gleam:
            colour += _gleam(region, canvas) * np.float32(self.gleam * 70)
        canvas.paint(region, colour, cover, instance, self.opacity)

    def _warped(self, to_pixels: Vector, pixels: Vector, region: PixelRectangle) -> Floats:
        """(h, w, 3) float32: the texture as seen in a region; `to_pixels` takes shares of the sides to pixels."""
        height, width = region.shape
        if self.texture.size == (2, 2):
            return np.broadcast_to(self.texture.level(0)[0, 0].astype(np.float32), (height, width, 3)).copy()
        level = self.texture.level(self._level(to_pixels, pixels))
        rows, columns = level.shape[:2]
        from_texels = to_pixels @ np.array([[1 / columns, 0, 0.5 / columns], [0, 1 / rows, 0.5 / rows], [0, 0, 1.0]])
        shift = np.array([[1.0, 0, -region.left], [0, 1.0, -region.top], [0, 0, 1.0]])
        warped = cv2.warpPerspective(
            level, shift @ from_texels, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return warped.astype(np.float32)

    def _level(self, to_pixels: Vector, pixels: Vector) -> int:
        """Which halving of the texture has about one texel a pixel, in the middle of what is seen."""
        try:
            back = np.linalg.inv(to_pixels)
        except np.linalg.LinAlgError:
            return 0
        u, v = pixels.mean(0)
        points = np.array([[u, u + 1, u], [v, v, v + 1], [1.0, 1, 1]])
        shares = back @ points
        places = shares[:2] / np.where(np.abs(shares[2]) < 1e-9, 1e-9, shares[2])
        height, width = self.texture.size
        (au, av), (bu, bv) = (places[:, 1] - places[:, 0]), (places[:, 2] - places[:, 0])
        texels = abs(au * bv - av * bu) * width * height
        return max(0, round(math.log2(max(texels, 1e-9)) / 2))


def polygon_cover(pixels: Vector, region: PixelRectangle) -> Floats:
    """(h, w) float32: the share of each pixel of a region that a polygon, (n, 2) pixels, covers."""
    mask = np.zeros(region.shape, np.uint8)
    places = np.clip((pixels - [region.left, region.top]) * (1 << _SUBPIXEL_BITS), -_FAR_PX, _FAR_PX)
    cv2.fillPoly(mask, [np.rint(places).astype(np.int32)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask.astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class Recess:
    """Parts that are seen only through a flat opening: the inside of a basin.

    Attributes:
        opening: (n, 3) polygon, in the object's own coordinates.
        parts: what lies behind it.
    """

    opening: Vector
    parts: tuple[Drawable, ...]

    def draw(self, canvas: Canvas, pose: Pose, instance: int) -> None:
        """Draws it as a part of an object."""
        viewed = clip_near(canvas.camera.view(pose.point(self.opening)))
        if len(viewed) < 3:
            return
        pixels = canvas.camera.project(viewed)
        region = canvas.region(pixels)
        if region is None:
            return
        stencil = np.zeros(canvas.instances.shape, np.float32)
        stencil[region.slices] = polygon_cover(pixels, region)
        canvas.stencil = stencil
        for part in self.parts:
            part.draw(canvas, pose, instance)
        canvas.stencil = None


def _gleam(region: PixelRectangle, canvas: Canvas) -> Floats:
    """(h, w, 1) a slanted, soft band of light over the picture, 0..1."""
    height, width = canvas.instances.shape
    y = np.arange(region.top, region.bottom, dtype=np.float32)[:, None] / height
    x = np.arange(region.left, region.right, dtype=np.float32)[None] / width
    along = np.float32(7.0) * (x + np.float32(0.6) * y) + np.float32(canvas.light.towards[0] * 5)
    return np.asarray(np.maximum(np.sin(along), 0)[..., None] ** 2, np.float32)


def box(size: tuple[float, float, float], faces: Mapping[str, Texture], **options: float | Vector | None) -> list[Quad]:
    """A box standing on z = 0, centred in x and y.

    Args:
        size: width (x), depth (y), height (z), metres.
        faces: textures of `front` (towards -y), `back`, `left`, `right`, `top`; `side` stands for all that are missing.
        options: `outline` and `gleam` of the top.
    """
    w, d, h = size
    up, right, away = vector(0, 0, h), vector(w, 0, 0), vector(0, d, 0)
    near, far = vector(-w / 2, -d / 2, h), vector(w / 2, d / 2, h)
    side = faces.get("side")

    def face(name: str) -> Texture:
        texture = faces.get(name, side)
        if texture is None:
            raise ValueError(f"box: no texture for its {name}")
        return texture

    return [
        Quad(far, -right, -up, face("back")),
        Quad(vector(-w / 2, d / 2, h), -away, -up, face("left")),
        Quad(vector(w / 2, -d / 2, h), away, -up, face("right")),
        Quad(near, right, -up, face("front")),
        Quad(vector(-w / 2, d / 2, h), right, -away, face("top"), **options),  # type: ignore[arg-type]
    ]
