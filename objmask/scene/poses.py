"""Where the person's arms are: typing, resting, reaching, holding something."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from objmask.scene.families import Split
from objmask.scene.geometry import Camera, Pose, Vector, turn, unit, vector
from objmask.scene.hands import (
    FLAT_HOLD,
    HOLDING,
    POINTING,
    RESTING,
    TYPING,
    Arm,
    Grip,
    Look,
    arm,
    frame_of,
)
from objmask.scene.item import STANDING, Item
from objmask.scene.objects.screens import phone
from objmask.scene.objects.vessels import bottle, cup, wine_glass
from objmask.scene.render import Shot

_HELD: tuple[Callable[[Split, np.random.Generator], Item], ...] = (cup, phone, bottle, wine_glass)


def with_arms(shot: Shot, look: Look, split: Split, rng: np.random.Generator) -> Shot:
    """The shot with no, one or two arms at some work."""
    keys = [item for item in shot.items if item.name in ("keyboard", "laptop")]
    roll = rng.random()
    if roll < 0.25:
        return shot
    if keys and roll < 0.6:
        both = [typing_arm(shot, look, keys[-1], side, rng) for side in (-1, 1)]
        arms = tuple(both) if rng.random() < 0.75 else (both[int(rng.integers(2))],)
        return replace(shot, items=cleared(shot.items, keys[-1]), arms=arms)
    if roll < 0.75 if keys else roll < 0.55:
        held = _HELD[int(rng.integers(len(_HELD)))](split, rng)
        side = 1 if rng.random() < 0.7 else -1
        return replace(shot, arms=(random_holding(shot, look, held, side, rng),))
    first = 1 if rng.random() < 0.6 else -1
    sides = (first,) if rng.random() < 0.6 else (first, -first)
    return replace(shot, arms=tuple(resting_arm(shot, look, side, rng) for side in sides))


def cleared(items: tuple[Item, ...], keys: Item) -> tuple[Item, ...]:
    """The things that do not stand where the forearms of someone who types would be."""
    place = keys.pose.position

    def in_the_way(item: Item) -> bool:
        x, y = (item.pose.position - place)[:2]
        return item is not keys and item.layer == STANDING and abs(x) < 0.26 and -0.5 < y < 0.06

    return tuple(item for item in items if not in_the_way(item))


def elbow_of(camera: Camera, side: int, low: float, rng: np.random.Generator | None = None) -> Vector:
    """(3,) where the elbow of the left (-1) or right (1) arm is: beside and below the head, not under the table."""
    right, forward = camera.rotation[0], unit(camera.rotation[2] * [1, 1, 0])
    shift = rng.normal(0, 0.04, 3) if rng is not None else np.zeros(3)
    place = camera.position + right * side * 0.24 + forward * 0.02 + shift
    place[2] = max(low, camera.position[2] - 0.42)
    return np.asarray(place)


def typing_arm(
    shot: Shot,
    look: Look,
    keys: Item,
    side: int,
    rng: np.random.Generator,
    tap: tuple[float, ...] = (0, 0, 0, 0),
    aside: float = 0.0,
) -> Arm:
    """A hand over the keys of a keyboard or laptop; `tap` bends each finger by so many radians more, `aside` metres."""
    spread = min(keys.size[0] * 0.22, 0.085)
    near = -0.15 if keys.name == "laptop" else 0.0
    local = vector(side * spread + aside + rng.normal(0, 0.012), near * keys.size[1] + rng.normal(0, 0.008), 0.03)
    if keys.name == "laptop":
        local[1] += 0.09 * keys.size[1]
    tips = keys.pose.point(local)
    away = keys.pose.direction(unit(vector(-side * 0.22, 1, 0)))
    out = unit(vector(side * 0.12, -0.1, 1) + rng.normal(0, 0.04, 3))
    wrist = tips - away * 0.135 * look.scale + vector(0, 0, 0.042)
    grip = _bent(TYPING, tap, rng)
    return arm(
        look,
        wrist,
        frame_of(away - vector(0, 0, 0.06), out),
        elbow_of(shot.camera, side, 0.06, rng),
        grip,
        left=side < 0,
    )


def resting_arm(shot: Shot, look: Look, side: int, rng: np.random.Generator) -> Arm:
    """A hand that rests, points or reaches somewhere in the lower half of the picture."""
    camera = shot.camera
    u = (0.5 + side * rng.uniform(0.02, 0.32)) * camera.width
    target = camera.on_plane(u, rng.uniform(0.5, 0.8) * camera.height, 0.02)
    if target is None or np.linalg.norm(target - camera.position) > 1.3:
        target = camera.position + unit(camera.ray(u, 0.6 * camera.height)) * 0.6
    lift = rng.uniform(0.0, 0.1) if rng.random() < 0.6 else 0.0
    return reaching_arm(
        shot,
        look,
        np.asarray(target + vector(0, 0, lift)),
        side,
        (RESTING, POINTING, TYPING)[int(rng.integers(3))],
        rng,
    )


def reaching_arm(shot: Shot, look: Look, target: Vector, side: int, grip: Grip, rng: np.random.Generator) -> Arm:
    """A hand whose fingertips are at a point."""
    elbow = elbow_of(shot.camera, side, 0.05, rng)
    way = unit((target - elbow) * [1, 1, 0.4])
    turned = turn(rng.normal(side * 0.25, 0.2)) @ way
    wrist = target - turned * 0.15 * look.scale + vector(0, 0, 0.03)
    out = unit(vector(0, -0.1, 1) + rng.normal(0, 0.15, 3))
    return arm(
        look, wrist, frame_of(turned - vector(0, 0, 0.1), out), elbow, _bent(grip, (0, 0, 0, 0), rng), left=side < 0
    )


def random_holding(shot: Shot, look: Look, held: Item, side: int, rng: np.random.Generator) -> Arm:
    """A hand that holds something up before the camera."""
    camera = shot.camera
    u, v = (0.5 + side * rng.uniform(0.0, 0.22)) * camera.width, rng.uniform(0.42, 0.62) * camera.height
    place = camera.position + unit(camera.ray(u, v)) * rng.uniform(0.34, 0.5)
    return holding_arm(
        shot,
        look,
        held,
        np.asarray(place),
        side,
        turn(rng.normal(0, 0.1), rng.normal(0, 0.15), rng.normal(0, 0.12)),
        rng,
    )


def holding_arm(
    shot: Shot, look: Look, held: Item, place: Vector, side: int, tilt: Vector, rng: np.random.Generator
) -> Arm:
    """A hand around something.

    Args:
        shot: for the camera.
        look: of the person.
        held: what it holds; phones are shown to the eye, everything else is held upright.
        place: (3,) of its middle.
        side: -1 left, 1 right.
        tilt: (3, 3) by which it is turned from there.
        rng: for small differences.
    """
    right, down, forward = shot.camera.rotation
    elbow = elbow_of(shot.camera, side, -0.3, rng)
    if held.name == "cell phone":
        axes = tilt @ np.stack([right, -down, -forward], axis=1)
        pose = Pose(axes, place)
        along = unit(axes[:, 1] - side * 0.25 * axes[:, 0])
        wrist = place - axes[:, 2] * 0.024 - axes[:, 1] * 0.1 + axes[:, 0] * side * 0.022
        hand = arm(look, wrist, frame_of(along, -axes[:, 2]), elbow, FLAT_HOLD, left=side < 0, held=held.placed(pose))
        return hand
    level = unit(forward * [1, 1, 0])
    aside = unit(np.cross(level, [0, 0, 1.0])) * side
    grip_at = min(held.size[2] * 0.5, 0.075) if held.name != "wine glass" else held.size[2] * 0.62
    pose = Pose(tilt @ turn(math.atan2(-level[0], level[1])), place - tilt @ vector(0, 0, grip_at))
    along = unit(level + aside * -0.15)
    wrist = place + aside * (held.grip_radius + 0.022) * look.scale - along * 0.075 * look.scale - vector(0, 0, 0.01)
    return arm(
        look, wrist, frame_of(along, aside + vector(0, 0, 0.1)), elbow, HOLDING, left=side < 0, held=held.placed(pose)
    )


def _bent(grip: Grip, tap: tuple[float, ...], rng: np.random.Generator) -> Grip:
    curl = tuple(float(c + t + rng.normal(0, 0.06)) for c, t in zip(grip.curl, tap, strict=True))
    return Grip((curl[0], curl[1], curl[2], curl[3]), grip.spread + float(rng.normal(0, 0.015)), grip.thumb)
