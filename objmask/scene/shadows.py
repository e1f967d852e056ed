"""Shadows on the table: where things touch it, and where they keep the lamp's light away."""

from __future__ import annotations

import cv2
import numpy as np

from objmask.scene.canvas import Canvas
from objmask.scene.geometry import Pose, Vector, clip_near
from objmask.scene.limbs import Limbs
from objmask.scene.quads import SQUARE, Quad, polygon_cover

_DOTS_PER_M = 96
_LEFT_M, _NEAR_M, _WIDE_M, _DEEP_M = -1.4, -0.6, 2.8, 2.0


class ShadowMap:
    """How much light the table's top loses, seen from above."""

    def __init__(self, towards_lamp: Vector) -> None:
        shape = round(_DEEP_M * _DOTS_PER_M), round(_WIDE_M * _DOTS_PER_M)
        self._lamp = towards_lamp
        self._soft, self._tight = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)

    def add_box(self, corners: Vector) -> None:
        """A thing, by the (8, 3) corners of its box, the lower four first."""
        self._fill(self._soft, self._fallen(corners))
        if corners[:4, 2].min() < 0.01:
            self._fill(self._tight, corners[:4, :2])

    def add_limbs(self, limbs: Limbs, pose: Pose) -> None:
        """Hands, cables, leaves."""
        for piece in limbs.capsules:
            ends = pose.point(np.stack([piece.start, piece.end]))
            places = np.rint(self._dots(self._fallen(np.maximum(ends, [-9, -9, 0]))) * 16).astype(np.int32)
            thick = max(1, round((piece.start_radius + piece.end_radius) * _DOTS_PER_M))
            a, b = (tuple(int(c) for c in place) for place in places)
            cv2.line(self._soft, a, b, 255, thick, cv2.LINE_8, 4)

    def cast(self, canvas: Canvas, top: Quad) -> None:
        """Darkens the table's top on a canvas."""
        loss = cv2.GaussianBlur(self._soft, (0, 0), 2.4).astype(np.float32) * np.float32(0.36 / 255)
        loss += cv2.GaussianBlur(self._tight, (0, 0), 1.4).astype(np.float32) * np.float32(0.34 / 255)
        camera = canvas.camera
        corners = top.origin + SQUARE @ np.stack([top.across, top.down])
        viewed = clip_near(camera.view(corners))
        region = canvas.region(camera.project(viewed)) if len(viewed) >= 3 else None
        if region is None:
            return
        to_pixels = camera.matrix @ np.stack(
            [
                camera.rotation[:, 0] / _DOTS_PER_M,
                -camera.rotation[:, 1] / _DOTS_PER_M,
                camera.view(np.array([_LEFT_M, _NEAR_M + _DEEP_M, 0])),
            ],
            axis=1,
        )
        shift = np.array([[1.0, 0, -region.left], [0, 1.0, -region.top], [0, 0, 1.0]])
        size = region.shape[1], region.shape[0]
        seen = np.asarray(cv2.warpPerspective(loss, shift @ to_pixels, size, flags=cv2.INTER_LINEAR), np.float32)
        canvas.dim(region, 1 - seen * polygon_cover(camera.project(viewed), region))

    def _fallen(self, points: Vector) -> Vector:
        """(n, 2) where the lamp throws (n, 3) points onto the table."""
        lean = self._lamp[:2] / max(float(self._lamp[2]), 0.3)
        return np.asarray(points[:, :2] - points[:, 2:] * lean * 0.7)

    def _dots(self, places: Vector) -> Vector:
        return np.asarray(np.stack([places[:, 0] - _LEFT_M, _NEAR_M + _DEEP_M - places[:, 1]], 1) * _DOTS_PER_M).clip(
            -4000, 4000
        )

    def _fill(self, layer: object, places: Vector) -> None:
        hull = cv2.convexHull(np.rint(self._dots(places) * 16).astype(np.int32))
        cv2.fillConvexPoly(layer, hull, 255, cv2.LINE_8, 4)  # type: ignore[call-overload]
