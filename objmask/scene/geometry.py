"""The room's coordinates and the pinhole camera that looks at it.

The room: x to the right, y away from the person, z up, metres; the desk's top is z = 0. The camera: x to the right,
y down, z forward. A pixel's index is the coordinate of its centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
"""float64; (3,) unless said otherwise."""
NEAR_M = 0.04
"""What is nearer to the camera's plane is not drawn."""


def vector(x: float, y: float, z: float) -> Vector:
    """A point or direction of the room."""
    return np.array([x, y, z], np.float64)


def unit(v: Vector) -> Vector:
    """`v` at length 1."""
    return v / max(float(np.linalg.norm(v)), 1e-12)


def turn(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Vector:
    """(3, 3) rotation: roll about y, then pitch about x, then yaw about z; radians, counter-clockwise from above."""
    (cy, sy), (cp, sp), (cr, sr) = ((math.cos(a), math.sin(a)) for a in (yaw, pitch, roll))
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1.0]])
    about_x = np.array([[1.0, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cr, 0, sr], [0, 1.0, 0], [-sr, 0, cr]])
    return np.asarray(about_z @ about_x @ about_y, np.float64)


@dataclass(frozen=True)
class Pose:
    """Where an object stands: a point p of it lies at `rotation @ p + position` in the room.

    Attributes:
        rotation: (3, 3).
        position: (3,) metres.
    """

    rotation: Vector
    position: Vector

    @classmethod
    def at(cls, x: float, y: float, z: float = 0.0, yaw: float = 0.0) -> Pose:
        """Upright at a place, turned about the vertical by `yaw` radians."""
        return cls(turn(yaw), vector(x, y, z))

    def point(self, p: Vector) -> Vector:
        """(…, 3) points of the object in the room."""
        return np.asarray(p @ self.rotation.T + self.position)

    def direction(self, v: Vector) -> Vector:
        """(…, 3) directions of the object in the room."""
        return np.asarray(v @ self.rotation.T)

    def inverse_point(self, p: Vector) -> Vector:
        """(…, 3) points of the room as the object sees them."""
        return np.asarray((p - self.position) @ self.rotation)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    Attributes:
        position: (3,) metres, in the room.
        rotation: (3, 3), rows right, down, forward: room directions to camera directions.
        focal_px: focal length, pixels.
        width, height: of the picture, pixels.
    """

    position: Vector
    rotation: Vector
    focal_px: float
    width: int
    height: int

    @classmethod
    def looking(
        cls, position: Vector, yaw: float, pitch: float, roll: float, view_rad: float, size: tuple[int, int]
    ) -> Camera:
        """A camera at `position`; yaw counter-clockwise from +y, pitch up from the horizon, `view_rad` across."""
        axes = turn(yaw, pitch, roll)
        rotation = np.stack([axes[:, 0], -axes[:, 2], axes[:, 1]])
        return cls(position, rotation, size[0] / 2 / math.tan(view_rad / 2), *size)

    @property
    def matrix(self) -> Vector:
        """(3, 3) camera coordinates to homogeneous pixels."""
        return np.array(
            [
                [self.focal_px, 0, (self.width - 1) / 2],
                [0, self.focal_px, (self.height - 1) / 2],
                [0, 0, 1.0],
            ]
        )

    def view(self, points: Vector) -> Vector:
        """(…, 3) points of the room in camera coordinates."""
        return np.asarray((points - self.position) @ self.rotation.T)

    def project(self, viewed: Vector) -> Vector:
        """(…, 2) pixels of (…, 3) camera coordinates, which must lie in front of the camera."""
        depth = np.maximum(viewed[..., 2:], 1e-6)
        return np.asarray(
            viewed[..., :2] / depth * self.focal_px + np.array([(self.width - 1) / 2, (self.height - 1) / 2])
        )

    def ray(self, u: float, v: float) -> Vector:
        """Direction in the room of a pixel, at depth 1."""
        viewed = vector((u - (self.width - 1) / 2) / self.focal_px, (v - (self.height - 1) / 2) / self.focal_px, 1)
        return np.asarray(viewed @ self.rotation)

    def on_plane(self, u: float, v: float, z: float = 0.0) -> Vector | None:
        """Where a pixel's ray meets the horizontal plane at `z`, or None when it does not."""
        ray = self.ray(u, v)
        if abs(ray[2]) < 1e-9:
            return None
        far = (z - self.position[2]) / ray[2]
        return None if far <= 0 else np.asarray(self.position + far * ray)


def clip_near(viewed: Vector) -> Vector:
    """The part of a polygon, (n, 3) camera coordinates, that lies in front of the near plane; may be (0, 3)."""
    inside = viewed[:, 2] >= NEAR_M
    if inside.all():
        return viewed
    kept: list[Vector] = []
    for i in range(len(viewed)):
        a, b = viewed[i - 1], viewed[i]
        if inside[i - 1] != inside[i]:
            kept.append(a + (b - a) * ((NEAR_M - a[2]) / (b[2] - a[2])))
        if inside[i]:
            kept.append(b)
    return np.array(kept).reshape(-1, 3)
