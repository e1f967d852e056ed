"""Scenes: which room, what stands in it, where the eye is and what the hands do, all from a seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from objmask.scene.canvas import Light
from objmask.scene.families import Split, check_split, generator
from objmask.scene.film import Film
from objmask.scene.geometry import Camera, Pose, Vector, unit, vector
from objmask.scene.hands import Look
from objmask.scene.item import CLUTTER, FLAT, RECESSED, Item
from objmask.scene.objects.clutter import DESK, KITCHEN
from objmask.scene.objects.kitchen import at_front, built_in_oven, microwave, sink, table_oven
from objmask.scene.objects.paper import book, keyboard
from objmask.scene.objects.screens import laptop, monitor, phone
from objmask.scene.objects.vessels import bottle, cup, wine_glass
from objmask.scene.poses import with_arms
from objmask.scene.render import Rendered, Shot, draw, finish, numbered
from objmask.scene.room import Room, desk_room, kitchen_room

Maker = Callable[[Split, np.random.Generator], Item]
_DESK_EXTRAS: tuple[tuple[float, Maker], ...] = (
    (0.45, phone),
    (0.42, book),
    (0.45, cup),
    (0.36, bottle),
    (0.26, wine_glass),
)
_KITCHEN_EXTRAS: tuple[tuple[float, Maker], ...] = (
    (0.5, cup),
    (0.45, bottle),
    (0.45, wine_glass),
    (0.12, phone),
    (0.15, book),
)
_TRIES = 14
_PREVIEW_WIDTH = 160
_MIN_SHARE = 0.0035
"""Of the frame: what would show less is taken out of a still, so that few objects are hard to make out."""
_MIN_VISIBLE = 0.4
"""Of its silhouette: likewise."""


@dataclass(frozen=True)
class World:
    """A room with things, and the eye's usual place.

    Attributes:
        shot: without arms.
        film: of the camera.
        look: of the person.
    """

    shot: Shot
    film: Film
    look: Look


def render_still(seed: int, *, split: str, width: int, height: int, index: int = 0) -> Rendered:
    """A still scene; the same arguments give the same bytes.

    Args:
        seed: of a set of scenes.
        split: `train` or `test`; they share no scene, surface or shape family.
        width, height: pixels.
        index: of the scene in its set.

    Raises:
        ValueError: no such split.
    """
    half = check_split(split)
    rng = generator(seed, index, half)
    world = make_world(half, rng, (width, height), kitchen=rng.random() < 0.4)
    shot = thinned(numbered(with_arms(world.shot, world.look, half, rng)))
    return finish(shot, draw(shot), world.film, rng)


def make_world(split: Split, rng: np.random.Generator, size: tuple[int, int], *, kitchen: bool) -> World:
    """A room, furnished."""
    light = random_light(rng)
    room = kitchen_room(split, rng) if kitchen else desk_room(split, rng)
    furnish = _furnish_kitchen if kitchen else _furnish_desk
    camera, items = furnish(room, split, rng, size)
    shot = Shot(camera, room, tuple(items), (), light)
    return World(shot, Film.random(rng), Look.random(split, rng))


def random_light(rng: np.random.Generator) -> Light:
    """A lamp above, mostly behind the table."""
    angle = rng.uniform(0, 2 * math.pi)
    lean = rng.uniform(0.2, 0.9)
    towards = unit(vector(math.cos(angle) * lean, abs(math.sin(angle)) * lean - 0.2, 1.0))
    tint = np.array([1 + rng.normal(0, 0.03), 1, 1 + rng.normal(0, 0.03)], np.float32)
    return Light(towards, float(rng.uniform(0.42, 0.68)), tint)


def looking_at(eye: Vector, focus: Vector, rng: np.random.Generator, size: tuple[int, int]) -> Camera:
    """A camera that looks at a point, about."""
    way = focus - eye
    yaw = math.atan2(-way[0], way[1]) + rng.normal(0, 0.04)
    pitch = math.atan2(way[2], math.hypot(way[0], way[1])) + rng.normal(0, 0.03)
    return Camera.looking(eye, yaw, pitch, rng.normal(0, 0.05), math.radians(rng.uniform(58, 76)), size)


def _furnish_desk(
    room: Room, split: Split, rng: np.random.Generator, size: tuple[int, int]
) -> tuple[Camera, list[Item]]:
    focus = vector(rng.normal(0, 0.08), rng.uniform(0.26, 0.5), rng.uniform(0.0, 0.08))
    eye = vector(focus[0] + rng.normal(0, 0.12), focus[1] - rng.uniform(0.36, 0.62), rng.uniform(0.34, 0.58))
    camera = looking_at(eye, focus, rng, size)
    items: list[Item] = []
    roll = rng.random()
    if roll < 0.42:
        _place_at(items, laptop(split, rng), focus[0] + rng.normal(0, 0.1), focus[1] + rng.normal(0.03, 0.06), rng)
    elif roll < 0.86:
        screen = monitor(split, rng)
        _place_at(
            items, screen, focus[0] + rng.normal(0, 0.12), min(focus[1] + rng.uniform(0.2, 0.38), room.far - 0.1), rng
        )
        if rng.random() < 0.85:
            _place_at(
                items, keyboard(split, rng), focus[0] + rng.normal(0, 0.1), focus[1] + rng.normal(-0.05, 0.05), rng
            )
    elif rng.random() < 0.5:
        _place_at(items, keyboard(split, rng), focus[0] + rng.normal(0, 0.1), focus[1] + rng.normal(0, 0.05), rng)
    _scatter(items, _chosen(_DESK_EXTRAS, rng), room, camera, split, rng)
    clutter = [DESK[int(k)] for k in rng.integers(len(DESK), size=int(rng.integers(1, 5)))]
    _scatter(items, clutter, room, camera, split, rng)
    return camera, items


def _furnish_kitchen(
    room: Room, split: Split, rng: np.random.Generator, size: tuple[int, int]
) -> tuple[Camera, list[Item]]:
    items: list[Item] = []
    kinds = [
        name
        for name, share in (("low oven", 0.48), ("oven", 0.27), ("microwave", 0.52), ("sink", 0.58))
        if rng.random() < share
    ]
    rng.shuffle(kinds)
    x = -0.55 * (len([k for k in kinds if k != "low oven"]) - 1) / 2 + rng.normal(0, 0.08)
    low = "low oven" in kinds
    for kind in kinds:
        if kind == "low oven":
            items.append(built_in_oven(split, rng).placed(at_front(rng.normal(0, 0.12), -0.12)))
            continue
        thing = {"oven": table_oven, "microwave": microwave, "sink": sink}[kind](split, rng)
        y = rng.uniform(0.24, 0.28) if kind == "sink" else room.far - thing.size[1] / 2 - rng.uniform(0.02, 0.1)
        yaw = 0.0 if kind == "sink" else rng.normal(0, 0.12)
        items.append(thing.placed(Pose.at(x, y, 0, yaw)))
        x += 0.58 + rng.uniform(0, 0.08)
    if low and rng.random() < 0.75:
        focus = vector(rng.normal(0, 0.1), 0.0, rng.uniform(-0.3, -0.05))
        eye = vector(focus[0] + rng.normal(0, 0.2), rng.uniform(-1.1, -0.75), rng.uniform(0.25, 0.6))
    else:
        focus = vector(rng.normal(0, 0.18), rng.uniform(0.26, 0.42), rng.uniform(0.0, 0.12))
        eye = vector(focus[0] + rng.normal(0, 0.12), focus[1] - rng.uniform(0.55, 0.85), rng.uniform(0.36, 0.62))
    camera = looking_at(eye, focus, rng, size)
    _scatter(items, _chosen(_KITCHEN_EXTRAS, rng), room, camera, split, rng)
    clutter = [KITCHEN[int(k)] for k in rng.integers(len(KITCHEN), size=int(rng.integers(0, 3)))]
    _scatter(items, clutter, room, camera, split, rng)
    return camera, items


def _chosen(extras: tuple[tuple[float, Maker], ...], rng: np.random.Generator) -> list[Maker]:
    chosen = [maker for share, maker in extras if rng.random() < share]
    if chosen and rng.random() < 0.15:
        chosen.append(chosen[0])
    return chosen


def _place_at(items: list[Item], item: Item, x: float, y: float, rng: np.random.Generator) -> None:
    items.append(item.placed(Pose.at(x, y, 0, rng.normal(0, 0.12))))


def _scatter(
    items: list[Item], makers: list[Maker], room: Room, camera: Camera, split: Split, rng: np.random.Generator
) -> None:
    """Puts things where the camera sees them and nothing stands yet; leaves out what finds no place."""
    for maker in makers:
        item = maker(split, rng)
        for _ in range(_TRIES):
            u, v = rng.uniform(0.06, 0.94) * camera.width, rng.uniform(0.22, 0.92) * camera.height
            place = camera.on_plane(u, v)
            if place is None or not (
                room.left < place[0] < room.right and room.near + 0.06 < place[1] < room.far - 0.06
            ):
                continue
            yaw = rng.normal(0, 0.35) if item.layer == FLAT else rng.uniform(-math.pi, math.pi)
            candidate = item.placed(Pose.at(place[0], place[1], 0, yaw))
            if _shows(candidate, camera) and not any(_touch(candidate, other) for other in items):
                items.append(candidate)
                break


def _shows(item: Item, camera: Camera) -> bool:
    """Whether most of a thing lies in the picture, near enough."""
    viewed = camera.view(item.corners)
    if viewed[:, 2].min() < 0.12:
        return False
    pixels = camera.project(viewed)
    size = np.array([camera.width, camera.height])
    whole = pixels.max(0) - pixels.min(0)
    inside = np.minimum(pixels.max(0), size) - np.maximum(pixels.min(0), 0)
    if (inside <= 0).any():
        return False
    wanted = 0.0 if item.name == CLUTTER else 0.55
    return bool(inside.prod() >= wanted * whole.prod())


def _touch(a: Item, b: Item) -> bool:
    """Whether two things would stand in each other; flat clutter may lie under others."""
    if RECESSED in (a.layer, b.layer) and not (a.size[1] > 0.05 and b.size[1] > 0.05):
        return False
    shapes = []
    for item in (a, b):
        yaw = math.degrees(math.atan2(item.pose.rotation[1, 0], item.pose.rotation[0, 0]))
        place = (float(item.pose.position[0]), float(item.pose.position[1]))
        shapes.append((place, (item.size[0] + 0.012, item.size[1] + 0.012), yaw))
    return bool(cv2.rotatedRectangleIntersection(shapes[0], shapes[1])[0] != cv2.INTERSECT_NONE)


def thinned(shot: Shot) -> Shot:
    """The shot without objects that would hardly show: it is drawn small, to see which."""
    small = _PREVIEW_WIDTH / shot.camera.width
    size = _PREVIEW_WIDTH, max(1, round(shot.camera.height * small))
    camera = replace(shot.camera, focal_px=shot.camera.focal_px * small, width=size[0], height=size[1])
    canvas = draw(replace(shot, camera=camera))
    counts = np.bincount(canvas.instances.ravel())
    silhouettes = {number: int(mask.sum()) for number, mask in canvas.silhouettes.items()}

    def stays(item: Item) -> bool:
        shown = int(counts[item.number]) if item.number < len(counts) else 0
        return shown >= max(_MIN_SHARE * canvas.instances.size, _MIN_VISIBLE * silhouettes.get(item.number, 0))

    items = tuple(item for item in shot.items if item.name == CLUTTER or stays(item))
    return replace(shot, items=items, arms=tuple(arm for arm in shot.arms if stays(arm.behind)))
