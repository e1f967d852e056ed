"""A thing in the room: what it is, what it is made of, where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from objmask.scene.canvas import NOTHING, Canvas
from objmask.scene.geometry import Pose, Vector
from objmask.scene.quads import Drawable

CLUTTER = ""
"""The class of what belongs to none."""
RECESSED, FLAT, STANDING = 0, 1, 2
"""What is drawn before what: holes and fronts in the room's surfaces, what lies on them, what stands on them."""


@dataclass(frozen=True)
class Item:
    """A thing.

    Attributes:
        name: its object class, a COCO name, or `CLUTTER`.
        parts: in the order of drawing, unless there are anchors.
        size: width, depth and height of the box around it, metres, standing on z = 0 around the origin.
        layer: `RECESSED`, `FLAT` or `STANDING`.
        pose: where it stands.
        anchors: a point a part, own coordinates; the part whose point is farther from the eye is drawn first.
        grip_radius: metres, how wide a hand opens around it.
        number: its instance id in a scene; clutter has `NOTHING`.
    """

    name: str
    parts: tuple[Drawable, ...]
    size: tuple[float, float, float]
    layer: int = STANDING
    pose: Pose = field(default_factory=lambda: Pose.at(0, 0))
    anchors: tuple[Vector, ...] | None = None
    grip_radius: float = 0.035
    number: int = NOTHING

    def placed(self, pose: Pose) -> Item:
        """The same thing elsewhere."""
        return replace(self, pose=pose)

    def draw(self, canvas: Canvas) -> None:
        """Draws all of it."""
        order = range(len(self.parts))
        if self.anchors is not None:
            far = [float(np.linalg.norm(self.pose.point(a) - canvas.camera.position)) for a in self.anchors]
            order = sorted(order, key=lambda k: -far[k])  # type: ignore[assignment]
        for k in order:
            self.parts[k].draw(canvas, self.pose, self.number)

    @property
    def corners(self) -> Vector:
        """(8, 3) corners of the box around it, in the room."""
        w, d, h = self.size
        signs = np.array([(x, y, z) for z in (0, 1) for y in (-0.5, 0.5) for x in (-0.5, 0.5)])
        return self.pose.point(signs * np.array([w, d, h]))
