"""Solids of revolution: bottles, cups, glasses; each pixel's ray is met with the surface, so the outline is exact."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from objmask.scene.canvas import Canvas, Floats, PixelRectangle
from objmask.scene.geometry import NEAR_M, Camera, Pose, Vector
from objmask.scene.quads import Texture

_FINE = 2
"""Rays a pixel and direction."""
_FAR_M = np.float32(1e6)


@dataclass(frozen=True)
class Turned:
    """A profile turned about the z axis.

    Attributes:
        profile: (n, 2) radius and height, metres, from below upwards along the outside.
        texture: once around (columns) and from the profile's top to its bottom (rows).
        inside: (3,) RGB of the inner side, 0..255.
        opacity: of the wall seen straight on; at grazing angles it is more.
        shine: strength of the lamp's reflection, 0..1.
        sharpness: of that reflection, a Blinn exponent.
        filling: height, radius (metres) and RGB of the level surface of what is in it, or None.
    """

    profile: Vector
    texture: Texture
    inside: tuple[int, int, int] = (200, 200, 200)
    opacity: float = 1.0
    shine: float = 0.3
    sharpness: float = 30.0
    filling: tuple[float, float, tuple[int, int, int]] | None = None

    def draw(self, canvas: Canvas, pose: Pose, instance: int) -> None:
        """Draws it as a part of an object."""
        camera = canvas.camera
        region = self._region(canvas, pose)
        if region is None:
            return
        rays = _rays(camera, region) @ (pose.rotation.T @ camera.rotation.T).T.astype(np.float32)
        eye = pose.inverse_point(camera.position).astype(np.float32)
        depth, slope = self._meet(eye, rays)
        hit = depth < _FAR_M
        if not hit.any():
            return
        colour, solid = self._colour(canvas, pose, eye, rays, np.where(hit, depth, 0), slope, hit)
        seen = hit.astype(np.float32)
        cover = _averaged(seen, region)
        weight = np.asarray(1 / np.maximum(cover, np.float32(1e-6)), np.float32)
        colour = _averaged(colour * seen[..., None], region) * weight[..., None]
        canvas.paint(region, colour, cover, instance, _averaged(solid * seen, region) * weight)

    def _region(self, canvas: Canvas, pose: Pose) -> PixelRectangle | None:
        turns = np.linspace(0, 2 * math.pi, 16, endpoint=False)
        # A little wider, for sixteen corners lie within their circle.
        circle = np.stack([np.cos(turns), np.sin(turns)], 1) * 1.03
        radius, height = self.profile[:, :1], self.profile[:, 1:]
        ring = np.concatenate(
            [
                radius[:, None] * circle[None],
                np.broadcast_to(height[:, None], (len(radius), len(turns), 1)),
            ],
            axis=2,
        )
        viewed = canvas.camera.view(pose.point(ring.reshape(-1, 3)))
        if viewed[:, 2].min() < NEAR_M:
            return None
        return canvas.region(canvas.camera.project(viewed))

    def _meet(self, eye: Floats, rays: Floats) -> tuple[Floats, Floats]:
        """Distance along each ray to the surface, and the profile's slope dr/dz there."""
        dx, dy, dz = rays[..., 0], rays[..., 1], rays[..., 2]
        flat = dx * dx + dy * dy
        across = eye[0] * dx + eye[1] * dy
        square = eye[0] * eye[0] + eye[1] * eye[1]
        nearest = np.full(dx.shape, _FAR_M, np.float32)
        slope = np.zeros(dx.shape, np.float32)
        for (r0, z0), (r1, z1) in zip(self.profile[:-1], self.profile[1:], strict=True):
            if abs(z1 - z0) < 1e-6:
                _meet_ring(eye, rays, (float(r0), float(r1), float(z0)), nearest, slope)
                continue
            k = np.float32((r1 - r0) / (z1 - z0))
            start = np.float32(r0 + k * (eye[2] - z0))
            a = flat - k * k * dz * dz
            a = np.where(np.abs(a) < 1e-7, np.float32(1e-7), a)
            b = across - k * start * dz
            root = b * b - a * (square - start * start)
            real = root >= 0
            root = np.sqrt(np.where(real, root, 0))
            low, high = np.float32(min(z0, z1)), np.float32(max(z0, z1))
            for t in ((-b - root) / a, (-b + root) / a):
                z = eye[2] + t * dz
                fits = real & (t > 0) & (t < nearest) & (z >= low) & (z <= high)
                np.copyto(nearest, t, where=fits)
                np.copyto(slope, k, where=fits)
        if self.filling is not None:
            _meet_ring(eye, rays, (self.filling[1], 0.0, self.filling[0]), nearest, slope)
        return nearest, slope

    def _colour(
        self,
        canvas: Canvas,
        pose: Pose,
        eye: Floats,
        rays: Floats,
        depth: Floats,
        slope: Floats,
        hit: npt.NDArray[np.bool_],
    ) -> tuple[Floats, Floats]:
        """(h, w, 3) colour and (h, w) opacity of what the rays meet."""
        x, y, z = (eye[i] + depth * rays[..., i] for i in range(3))
        length = np.sqrt(x * x + y * y) + np.float32(1e-6)
        ring = np.abs(slope) > 1e5
        nx, ny, nz = x / length, y / length, np.where(ring, np.sign(slope) * -1, -slope)
        nx, ny = np.where(ring, 0, nx), np.where(ring, 0, ny)
        size = np.sqrt(nx * nx + ny * ny + nz * nz) + np.float32(1e-6)
        nx, ny, nz = nx / size, ny / size, nz / size
        reach = np.sqrt((rays * rays).sum(-1))
        facing = -(nx * rays[..., 0] + ny * rays[..., 1] + nz * rays[..., 2]) / reach
        behind = facing < 0
        sign = np.where(behind, np.float32(-1), np.float32(1))
        nx, ny, nz, facing = nx * sign, ny * sign, nz * sign, np.abs(facing)
        lamp = (pose.rotation.T @ canvas.light.towards).astype(np.float32)
        matt = (nx * lamp[0] + ny * lamp[1] + nz * lamp[2] + np.float32(0.35)) / np.float32(1.35)
        shade = canvas.light.ambient + (1 - canvas.light.ambient) * np.maximum(matt, 0)
        # Edges turn away from the sky and the eye alike: a little darker, as real mugs are.
        shade = shade * (np.float32(0.72) + np.float32(0.28) * np.minimum(facing * 2, 1))
        top, bottom = float(self.profile[:, 1].max()), float(self.profile[:, 1].min())
        shade = np.where(behind, shade * np.clip((z - bottom) / max(top - bottom, 1e-6), 0.25, 1), shade)
        colour = self._texture(x, y, z, top, bottom)
        colour = np.where(behind[..., None], np.array(self.inside, np.float32), colour)
        if self.filling is not None:
            drink = ring & (np.abs(z - np.float32(self.filling[0])) < 1e-4)
            colour = np.where(drink[..., None], np.array(self.filling[2], np.float32), colour)
        colour = colour * (shade[..., None] * canvas.light.colour)
        gloss = self._gloss((nx, ny, nz), lamp, rays / reach[..., None])
        colour = colour + (gloss * np.float32(255 * self.shine))[..., None]
        opacity = self.opacity + (1 - self.opacity) * (1 - facing) ** 2
        opacity = np.minimum(opacity + gloss * np.float32(self.shine), 1)
        return np.asarray(colour, np.float32), np.asarray(opacity, np.float32)

    def _gloss(self, normal: tuple[Floats, Floats, Floats], lamp: Floats, towards: Floats) -> Floats:
        """(h, w) strength of the lamp's reflection (Blinn 1977); `lamp` and `towards` (the surface) are unit."""
        half = lamp - towards
        half /= np.sqrt((half * half).sum(-1, keepdims=True)) + np.float32(1e-6)
        facing = normal[0] * half[..., 0] + normal[1] * half[..., 1] + normal[2] * half[..., 2]
        return np.asarray(np.maximum(facing, 0) ** np.float32(self.sharpness), np.float32)

    def _texture(self, x: Floats, y: Floats, z: Floats, top: float, bottom: float) -> Floats:
        if self.texture.size == (2, 2):
            return np.broadcast_to(self.texture.level(0)[0, 0].astype(np.float32), (*x.shape, 3))
        height, width = self.texture.size
        u = (np.arctan2(y, x) / np.float32(2 * math.pi) + np.float32(0.5)) * (width - 1)
        v = (top - z) / max(top - bottom, 1e-6) * (height - 1)
        picture = cv2.remap(
            self.texture.level(0),
            u.astype(np.float32),
            v.astype(np.float32),
            cv2.INTER_LINEAR,
            None,
            cv2.BORDER_REPLICATE,
        )
        return picture.astype(np.float32)


def _averaged(values: Floats, region: PixelRectangle) -> Floats:
    """The mean of the rays of each pixel of a region."""
    size = region.shape[1], region.shape[0]
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _meet_ring(eye: Floats, rays: Floats, ring: tuple[float, float, float], nearest: Floats, slope: Floats) -> None:
    """Meets the flat ring between two radii at one height; facing up has slope -1e6, facing down 1e6."""
    r0, r1, height = ring
    dz = np.where(np.abs(rays[..., 2]) < 1e-7, np.float32(1e-7), rays[..., 2])
    t = (np.float32(height) - eye[2]) / dz
    x, y = eye[0] + t * rays[..., 0], eye[1] + t * rays[..., 1]
    square = x * x + y * y
    low, high = min(r0, r1), max(r0, r1)
    fits = (t > 0) & (t < nearest) & (square >= low * low) & (square <= high * high)
    np.copyto(nearest, t, where=fits)
    np.copyto(slope, np.float32(-1e6 if r0 > r1 else 1e6), where=fits)


def _rays(camera: Camera, region: PixelRectangle) -> Floats:
    """(h x 2, w x 2, 3) float32 directions, camera coordinates at depth 1."""
    step = np.float32(1 / _FINE)
    fine = (np.arange(_FINE, dtype=np.float32) + np.float32(0.5)) * step - np.float32(0.5)
    u = (np.arange(region.left, region.right, dtype=np.float32)[:, None] + fine).ravel()
    v = (np.arange(region.top, region.bottom, dtype=np.float32)[:, None] + fine).ravel()
    rays = np.ones((len(v), len(u), 3), np.float32)
    rays[..., 0] = ((u - (camera.width - 1) / 2) / camera.focal_px)[None]
    rays[..., 1] = ((v - (camera.height - 1) / 2) / camera.focal_px)[:, None]
    return rays
