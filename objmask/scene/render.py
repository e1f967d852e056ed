"""Draws what a camera sees of a room, and tells whose every pixel is."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from objmask.scene.canvas import NOTHING, Canvas, Light
from objmask.scene.film import Film
from objmask.scene.geometry import Camera
from objmask.scene.hands import Arm
from objmask.scene.item import CLUTTER, FLAT, RECESSED, Item
from objmask.scene.limbs import Limbs
from objmask.scene.quads import Quad, Rgb
from objmask.scene.room import Room
from objmask.scene.shadows import ShadowMap


@dataclass(frozen=True)
class Rendered:
    """A picture and its truth.

    Attributes:
        picture: (h, w, 3) uint8 RGB.
        instances: (h, w) int32, 0 = no object, else an instance id; ids of a clip's objects stay the same.
        objects: (instance id, object class) of everything in the scene, whether seen or not.
        silhouettes: instance id to the pixels within the picture that it would show if nothing covered it.
    """

    picture: Rgb
    instances: npt.NDArray[np.int32]
    objects: tuple[tuple[int, str], ...]
    silhouettes: dict[int, int]

    def visible(self) -> dict[int, int]:
        """Instance id to the pixels that it shows, of those that show any."""
        ids, counts = np.unique(self.instances, return_counts=True)
        return {int(i): int(n) for i, n in zip(ids, counts, strict=True) if i != NOTHING}


@dataclass(frozen=True)
class Shot:
    """A moment in a room.

    Attributes:
        camera: the eye.
        room: walls and table.
        items: what stands there.
        arms: the person's.
        light: the lamp.
    """

    camera: Camera
    room: Room
    items: tuple[Item, ...]
    arms: tuple[Arm, ...]
    light: Light

    @property
    def objects(self) -> tuple[Item, ...]:
        """All that belongs to a class: items, then arms, then what they hold."""
        held = (arm.held for arm in self.arms if arm.held is not None)
        things = (*self.items, *(arm.behind for arm in self.arms), *held)
        return tuple(thing for thing in things if thing.name != CLUTTER)


def numbered(shot: Shot) -> Shot:
    """The shot with instance ids, counted from 1: items, then arms, then what they hold."""
    count = itertools.count(NOTHING + 1)

    def given(item: Item) -> Item:
        return item if item.name == CLUTTER else replace(item, number=next(count))

    items = tuple(given(item) for item in shot.items)
    arms = tuple(arm.numbered(next(count)) for arm in shot.arms)
    arms = tuple(arm if arm.held is None else replace(arm, held=given(arm.held)) for arm in arms)
    return replace(shot, items=items, arms=arms)


def draw(shot: Shot) -> Canvas:
    """Draws a moment."""
    canvas = Canvas(shot.camera, shot.light)
    for item in shot.room.shell:
        item.draw(canvas)
    _cast_shadows(canvas, shot, shot.items)
    ordered = sorted(shot.items, key=lambda item: (item.layer, -_distance(item, canvas.camera)))
    flat = [item for item in ordered if item.layer <= FLAT]
    for item in flat:
        item.draw(canvas)
    held = (arm.held for arm in shot.arms if arm.held is not None)
    _cast_shadows(canvas, shot, (*(arm.behind for arm in shot.arms), *held))
    for item in ordered[len(flat) :]:
        item.draw(canvas)
    for arm in shot.arms:
        for thing in (arm.behind, arm.held, arm.before):
            if thing is not None:
                thing.draw(canvas)
    return canvas


def finish(shot: Shot, canvas: Canvas, film: Film, rng: np.random.Generator) -> Rendered:
    """Records what was drawn."""
    objects = tuple((thing.number, thing.name) for thing in shot.objects)
    silhouettes = {number: int(mask.sum()) for number, mask in canvas.silhouettes.items()}
    return Rendered(film.expose(canvas.colour, rng), canvas.instances, objects, silhouettes)


def _distance(item: Item, camera: Camera) -> float:
    return float(np.linalg.norm((item.pose.position - camera.position)[:2]))


def _cast_shadows(canvas: Canvas, shot: Shot, items: tuple[Item, ...]) -> None:
    if not items:
        return
    shadows = ShadowMap(shot.light.towards)
    for item in items:
        limbs = [part for part in item.parts if isinstance(part, Limbs)]
        if item.layer != RECESSED and len(limbs) < len(item.parts):
            shadows.add_box(item.corners)
        for limb in limbs:
            shadows.add_limbs(limb, item.pose)
    top = shot.room.shell[-1].parts[-1]
    if isinstance(top, Quad):
        shadows.cast(canvas, top)
