"""Scenes that move: the head sways and looks around, the hands type, lift a cup, reach for things."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from objmask.scene.families import Split, check_split, generator
from objmask.scene.geometry import Camera, Vector, turn, unit, vector
from objmask.scene.hands import RESTING, Arm
from objmask.scene.item import Item
from objmask.scene.poses import cleared, holding_arm, reaching_arm, typing_arm
from objmask.scene.render import Rendered, Shot, draw, finish, numbered
from objmask.scene.world import World, make_world, thinned

ACTIVITIES = ("typing", "drinking", "kitchen")
_MOST_NOISE = 3.0
"""Levels: video encoders waste their bits on more."""
_LEAST_EXPOSURE = 0.95
_TRIES = 100
_KINDS = {"typing": 3, "drinking": 3, "kitchen": 4}
"""So many object classes at least are in a clip's room."""
_SWAY = {"typing": 0.10, "drinking": 0.13, "kitchen": 0.2}
"""How far the head turns, radians."""


def clip(
    seed: int, split: str, width: int, height: int, rate: float, frames: int, *, activity: str = "typing"
) -> Iterator[Rendered]:
    """The frames of a clip, one after the other; the same arguments give the same bytes.

    Args:
        seed: of the clip.
        split: `train` or `test`.
        width, height: pixels.
        rate: frames a second.
        frames: how many.
        activity: `typing`, `drinking` or `kitchen`.

    Raises:
        ValueError: no such split or activity.
    """
    half = check_split(split)
    if activity not in ACTIVITIES:
        raise ValueError(f"activity: expected one of {', '.join(ACTIVITIES)}, got {activity!r}")
    rng = generator(seed, 10_000 + ACTIVITIES.index(activity), half)
    stage = _stage(activity, half, rng, (width, height))
    film = stage.world.film
    film = replace(
        film, shake=(0.0, 0.0), noise=min(film.noise, _MOST_NOISE), exposure=max(film.exposure, _LEAST_EXPOSURE)
    )
    for frame in range(frames):
        shot = stage.at(frame / rate, frames / rate)
        yield finish(shot, draw(shot), film, np.random.default_rng([seed, frame]))


@dataclass(frozen=True)
class _Stage:
    """A furnished room and what happens in it.

    Attributes:
        activity: of the hands.
        world: the room; its shot has the instance ids of all that stands there.
        used: what the hands deal with.
        sway: (6, 2, 2) frequency (Hz) and phase of two waves for each of yaw, pitch, roll, x, y, z.
        still: seed of what is random about the hands, the same in every frame.
    """

    activity: str
    world: World
    used: Item
    sway: Vector
    still: int

    def at(self, time_s: float, length_s: float) -> Shot:
        """A moment."""
        base = self.world.shot
        arms = {"typing": self._typing, "drinking": self._drinking, "kitchen": self._kitchen}[self.activity]
        shown, items = arms(time_s, time_s / max(length_s, 1e-6))
        first = max(item.number for item in base.items) + 1
        return replace(
            base,
            camera=self._head(time_s),
            items=items,
            arms=tuple(arm.numbered(first + k) for k, arm in enumerate(shown)),
        )

    def _head(self, time_s: float) -> Camera:
        camera = self.world.shot.camera
        waves = np.sin(2 * math.pi * self.sway[..., 0] * time_s + self.sway[..., 1]).sum(1) / 2
        yaw, pitch, roll = waves[:3] * _SWAY[self.activity] * [1.6, 0.6, 0.35]
        return replace(
            camera,
            position=camera.position + waves[3:] * [0.03, 0.03, 0.02],
            rotation=turn(roll, pitch, yaw) @ camera.rotation,
        )

    def _typing(self, time_s: float, share: float) -> tuple[list[Arm], tuple[Item, ...]]:
        arms = []
        for side in (-1, 1):
            beat = [max(0.0, math.sin(2 * math.pi * (2.3 + 0.31 * k) * time_s + k * 2.1 + side)) ** 2 for k in range(4)]
            tap = tuple(0.4 * b for b in beat)
            aside = 0.02 * math.sin(2 * math.pi * 0.35 * time_s + side)
            arms.append(typing_arm(self.world.shot, self.world.look, self.used, side, self._hand_rng(side), tap, aside))
        return arms, self.world.shot.items

    def _drinking(self, time_s: float, share: float) -> tuple[list[Arm], tuple[Item, ...]]:
        base, rng = self.world.shot, self._hand_rng(1)
        grip_at = vector(0, 0, min(self.used.size[2] * 0.5, 0.075))
        table = self.used.pose.position + grip_at
        mouth = base.camera.position + unit(base.camera.ray(base.camera.width * 0.56, base.camera.height * 0.6)) * 0.36
        rest = np.asarray(table + vector(0.16, -0.16, 0.02))
        lifted = _ease((share - 0.25) / 0.22) - _ease((share - 0.68) / 0.22)
        reached = _ease(share / 0.22) - _ease((share - 0.92) / 0.1)
        if not 0.25 <= share <= 0.9:
            place = rest + (table - rest) * reached
            arm = holding_arm(base, self.world.look, self.used, place, 1, np.eye(3), rng)
            return [_empty(arm)], base.items
        place = table + (mouth - table) * lifted + vector(0, 0, 0.08 * math.sin(math.pi * lifted))
        arm = holding_arm(base, self.world.look, self.used, place, 1, turn(0, -0.25 * lifted), rng)
        return [arm], tuple(item for item in base.items if item.number != self.used.number)

    def _kitchen(self, time_s: float, share: float) -> tuple[list[Arm], tuple[Item, ...]]:
        base = self.world.shot
        target = self.used.pose.position + vector(0, -self.used.size[1] / 2 - 0.03, 0.1)
        away = base.camera.position + unit(base.camera.ray(base.camera.width * 0.8, base.camera.height * 1.15)) * 0.55
        reached = 0.5 - 0.5 * math.cos(2 * math.pi * min(share * 1.6, 1.0))
        place = away + (target - away) * reached * 0.85
        return [reaching_arm(base, self.world.look, place, 1, RESTING, self._hand_rng(1))], base.items

    def _hand_rng(self, side: int) -> np.random.Generator:
        return np.random.default_rng([self.still, side + 1])


def _stage(activity: str, split: Split, rng: np.random.Generator, size: tuple[int, int]) -> _Stage:
    """A room in which the activity is possible: rooms are drawn until one fits."""
    for _ in range(_TRIES):
        world = make_world(split, rng, size, kitchen=activity == "kitchen")
        shot = thinned(numbered(world.shot))
        used = _used(activity, shot)
        if used is None:
            continue
        shot = replace(shot, items=cleared(shot.items, used)) if activity == "typing" else shot
        if len({item.name for item in shot.objects}) >= _KINDS[activity]:
            sway = np.stack([rng.uniform(0.08, 0.45, (6, 2)), rng.uniform(0, 2 * math.pi, (6, 2))], axis=2)
            return _Stage(activity, replace(world, shot=shot), used, sway, int(rng.integers(1 << 31)))
    raise RuntimeError(f"no room for {activity} in {_TRIES} tries")


def _used(activity: str, shot: Shot) -> Item | None:
    kinds = {"typing": ("keyboard", "laptop"), "drinking": ("cup",), "kitchen": ("microwave", "oven")}[activity]
    near = [item for item in shot.objects if item.name in kinds and _within_reach(item, shot.camera)]
    return near[0] if near else None


def _within_reach(item: Item, camera: Camera) -> bool:
    u, v = camera.project(camera.view(item.pose.position))
    return bool(0.25 * camera.width < u < 0.7 * camera.width and 0.25 * camera.height < v < 0.95 * camera.height)


def _empty(arm: Arm) -> Arm:
    """The same arm before it has taken hold; the thumb is then drawn with the rest."""
    return replace(arm, held=None)


def _ease(share: float) -> float:
    """From 0 to 1 without a jerk."""
    x = min(max(share, 0.0), 1.0)
    return x * x * (3 - 2 * x)
