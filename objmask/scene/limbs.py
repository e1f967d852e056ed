"""Round, jointed things - hands, taps, handles, cables - as capsules whose surfaces melt into each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from objmask.scene.canvas import Canvas, Floats, PixelRectangle
from objmask.scene.geometry import NEAR_M, Camera, Pose, Vector

_FAR_M = np.float32(1e3)


@dataclass(frozen=True)
class Capsule:
    """A ball swept along a line while its radius changes.

    Attributes:
        start, end: (3,) metres.
        start_radius, end_radius: metres.
        colour: (3,) RGB, 0..255.
        stripe: RGB of stripes around it, or None.
        stripes: how many.
    """

    start: Vector
    end: Vector
    start_radius: float
    end_radius: float
    colour: tuple[float, float, float]
    stripe: tuple[float, float, float] | None = None
    stripes: float = 0.0


@dataclass(frozen=True)
class Limbs:
    """Capsules drawn as one body.

    Attributes:
        capsules: its pieces, in the object's coordinates.
        melt: how far joints are smoothed, as a share of the mean radius; 0 leaves them as they are.
        shine: strength of the lamp's reflection, 0..1.
        sharpness: of that reflection.
    """

    capsules: Sequence[Capsule]
    melt: float = 0.6
    shine: float = 0.08
    sharpness: float = 12.0

    def draw(self, canvas: Canvas, pose: Pose, instance: int) -> None:
        """Draws it as a part of an object."""
        seen = [piece for capsule in self.capsules if (piece := _Seen.of(capsule, canvas.camera, pose)) is not None]
        if not seen:
            return
        corners = np.concatenate([piece.corners for piece in seen])
        region = canvas.region(corners)
        if region is None:
            return
        depth = np.full(region.shape, _FAR_M, np.float32)
        cover = np.zeros(region.shape, np.float32)
        colour = np.zeros((*region.shape, 3), np.float32)
        for piece in seen:
            piece.carve(canvas, region, depth, cover, colour)
        radius_px = float(np.mean([piece.radii.mean() for piece in seen]))
        depth = _smooth(depth, self.melt * radius_px * 0.5)
        canvas.paint(region, self._lit(canvas, region, depth, colour), cover, instance)

    def _lit(self, canvas: Canvas, region: PixelRectangle, depth: Floats, colour: Floats) -> Floats:
        camera, light = canvas.camera, canvas.light
        scale = np.float32(camera.focal_px) / np.minimum(depth, 10)
        nx = cv2.Sobel(depth, cv2.CV_32F, 1, 0, ksize=3, scale=0.125, borderType=cv2.BORDER_REPLICATE) * scale
        ny = cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3, scale=0.125, borderType=cv2.BORDER_REPLICATE) * scale
        np.clip(nx, -4, 4, out=nx)
        np.clip(ny, -4, 4, out=ny)
        size = np.sqrt(nx * nx + ny * ny + 1)
        lamp = (camera.rotation @ light.towards).astype(np.float32)
        matt = ((nx * lamp[0] + ny * lamp[1] - lamp[2]) / size + np.float32(0.4)) / np.float32(1.4)
        shade = light.ambient + (1 - light.ambient) * np.maximum(matt, 0)
        shade *= np.float32(0.62) + np.float32(0.38) / size ** np.float32(0.7)
        half = lamp + np.array([0, 0, -1], np.float32)
        half /= np.linalg.norm(half) + 1e-6
        gloss = np.maximum((nx * half[0] + ny * half[1] - half[2]) / size, 0) ** np.float32(self.sharpness)
        return np.asarray(
            colour * (shade[..., None] * light.colour) + (gloss * np.float32(255 * self.shine))[..., None], np.float32
        )


@dataclass(frozen=True)
class _Seen:
    """A capsule as the camera sees it: `ends` (2, 2) pixels, `depths` (2,) metres, `radii` (2,) pixels."""

    capsule: Capsule
    ends: Vector
    depths: Vector
    radii: Vector

    @classmethod
    def of(cls, capsule: Capsule, camera: Camera, pose: Pose) -> _Seen | None:
        viewed = camera.view(pose.point(np.stack([capsule.start, capsule.end])))
        radii = np.array([capsule.start_radius, capsule.end_radius])
        near = NEAR_M + radii.max() * 1.5
        if viewed[:, 2].max() < near:
            return None
        if viewed[:, 2].min() < near:
            hidden = int(np.argmin(viewed[:, 2]))
            share = (near - viewed[hidden, 2]) / (viewed[1 - hidden, 2] - viewed[hidden, 2])
            viewed[hidden] += share * (viewed[1 - hidden] - viewed[hidden])
            radii[hidden] += share * (radii[1 - hidden] - radii[hidden])
        return cls(capsule, camera.project(viewed), viewed[:, 2], radii * camera.focal_px / viewed[:, 2])

    @property
    def corners(self) -> Vector:
        """(4, 2) pixels around it."""
        wide = self.radii[:, None]
        return np.concatenate([self.ends - wide, self.ends + wide])

    def carve(self, canvas: Canvas, whole: PixelRectangle, depth: Floats, cover: Floats, colour: Floats) -> None:
        """Adds it to the depth, cover and colour of the body's region."""
        part = canvas.region(self.corners)
        if part is None:
            return
        y = np.arange(part.top, part.bottom, dtype=np.float32)[:, None]
        x = np.arange(part.left, part.right, dtype=np.float32)[None]
        (ax, ay), (bx, by) = self.ends.astype(np.float32)
        dx, dy = bx - ax, by - ay
        share = np.clip(((x - ax) * dx + (y - ay) * dy) / max(float(dx * dx + dy * dy), 1e-6), 0, 1).astype(np.float32)
        off_x, off_y = x - ax - share * dx, y - ay - share * dy
        square = off_x * off_x + off_y * off_y
        radius = (self.radii[0] + share * (self.radii[1] - self.radii[0])).astype(np.float32)
        axis = (self.depths[0] + share * (self.depths[1] - self.depths[0])).astype(np.float32)
        bulge = np.sqrt(np.maximum(radius * radius - square, 0)) * axis / np.float32(canvas.camera.focal_px)
        rows = slice(part.top - whole.top, part.bottom - whole.top)
        columns = slice(part.left - whole.left, part.right - whole.left)
        edge = np.clip(radius - np.sqrt(square) + np.float32(0.5), 0, 1)
        front = (edge > 0) & (axis - bulge < depth[rows, columns])
        np.copyto(depth[rows, columns], axis - bulge, where=front)
        np.maximum(cover[rows, columns], edge, out=cover[rows, columns])
        np.copyto(colour[rows, columns], self._colours(share), where=front[..., None])

    def _colours(self, share: Floats) -> Floats:
        base = np.array(self.capsule.colour, np.float32)
        if self.capsule.stripe is None:
            return np.broadcast_to(base, (*share.shape, 3))
        blend = (np.sin(share * np.float32(self.capsule.stripes * 6.2832)) > 0.3).astype(np.float32)[..., None]
        return np.asarray(base + blend * (np.array(self.capsule.stripe, np.float32) - base), np.float32)


def _smooth(depth: Floats, sigma_px: float) -> Floats:
    """Blurs a depth map inside its body only."""
    inside = (depth < _FAR_M).astype(np.float32)
    if sigma_px >= 0.3:
        sigma = min(sigma_px, 8.0)
        total = cv2.GaussianBlur(np.where(inside > 0, depth, 0), (0, 0), sigma)
        depth = np.where(inside > 0, total / np.maximum(cv2.GaussianBlur(inside, (0, 0), sigma), 1e-3), depth)
    body = depth[inside > 0]
    # Outside the body the surface falls away, as it would behind a rim.
    fill = np.float32(body.mean() if body.size else 1)
    return np.asarray(np.where(inside > 0, depth, fill + np.float32(0.02)), np.float32)
