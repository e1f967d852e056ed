"""The rooms: a desk before a wall, a kitchenette; what they are made of and where things may stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from objmask.scene.content import colour, page
from objmask.scene.families import Split
from objmask.scene.geometry import vector
from objmask.scene.item import CLUTTER, Item
from objmask.scene.quads import Quad, Texture, plain
from objmask.scene.surfaces import surface

FLOOR_M = -0.75
COUNTER_M = -0.9


@dataclass(frozen=True)
class Room:
    """Walls and table.

    Attributes:
        shell: drawn first, in this order; the very last part is the table's top.
        left, right, near, far: metres, the table's edges.
    """

    shell: tuple[Item, ...]
    left: float
    right: float
    near: float
    far: float


def desk_room(split: Split, rng: np.random.Generator) -> Room:
    """A desk, a wall behind it with what hangs there."""
    far, half = rng.uniform(0.75, 1.15), rng.uniform(0.8, 1.4)
    near = -0.05
    wall_y = far + rng.uniform(0.0, 0.7)
    parts = [_wall(wall_y, surface("wall", split, rng)), _floor(surface("desk", split, rng))]
    for _ in range(int(rng.integers(0, 4))):
        parts.append(_hanging(wall_y, split, rng))
    edge = colour(rng, ((180, 176, 168), (60, 54, 50)))
    parts.append(Quad(vector(-half, near, 0), vector(2 * half, 0, 0), vector(0, 0, -0.035), plain(edge)))
    parts.append(_top(half, near, far, surface("desk", split, rng)))
    return Room((Item(CLUTTER, tuple(parts), (0, 0, 0)),), -half, half, near, far)


def kitchen_room(split: Split, rng: np.random.Generator) -> Room:
    """A counter with cupboards below it, tiles behind it."""
    far, half, near = rng.uniform(0.58, 0.68), rng.uniform(1.1, 1.6), 0.0
    parts = [_wall(far, surface("tiles", split, rng)), _floor(surface("desk", split, rng), -0.9)]
    if rng.random() < 0.6:
        tone = colour(rng, ((222, 220, 214), (150, 120, 90), (96, 110, 118)))
        low = rng.uniform(0.5, 0.65)
        parts.append(Quad(vector(-2, far - 0.3, low + 0.8), vector(4, 0, 0), vector(0, 0, -0.8), plain(tone)))
    front = colour(rng, ((226, 224, 218), (164, 130, 96), (92, 104, 112), (60, 66, 72), (186, 196, 180)))
    parts.append(Quad(vector(-half, near, -0.03), vector(2 * half, 0, 0), vector(0, 0, COUNTER_M + 0.03), plain(front)))
    gap = plain((int(front[0] * 0.55), int(front[1] * 0.55), int(front[2] * 0.55)))
    handle = plain((188, 190, 194))
    for x in np.arange(-half, half, 0.6):
        parts.append(Quad(vector(x, near - 0.001, -0.03), vector(0.006, 0, 0), vector(0, 0, COUNTER_M), gap))
        parts.append(Quad(vector(x + 0.2, near - 0.002, -0.1), vector(0.2, 0, 0), vector(0, 0, -0.015), handle))
    edge = colour(rng, ((180, 176, 168), (60, 54, 50)))
    parts.append(Quad(vector(-half, near - 0.02, 0), vector(2 * half, 0, 0), vector(0, 0, -0.035), plain(edge)))
    parts.append(_top(half, near - 0.02, far, surface("desk", split, rng)))
    return Room((Item(CLUTTER, tuple(parts), (0, 0, 0)),), -half, half, near, far)


def _wall(y: float, texture: Texture) -> Quad:
    return Quad(vector(-2.6, y, 1.9), vector(5.2, 0, 0), vector(0, 0, -3.4), texture)


def _floor(texture: Texture, z: float = FLOOR_M) -> Quad:
    return Quad(vector(-3, 2, z), vector(6, 0, 0), vector(0, -5, 0), texture)


def _top(half: float, near: float, far: float, texture: Texture) -> Quad:
    """The table's top; its texture twice side by side, so that it is not drawn out too much."""
    picture = texture.level(0)
    return Quad(
        vector(-half, far, 0),
        vector(2 * half, 0, 0),
        vector(0, near - far, 0),
        Texture(np.concatenate([picture, picture[:, ::-1]], axis=1)),
        gleam=0.15,
    )


def _hanging(y: float, split: Split, rng: np.random.Generator) -> Quad:
    """A poster, a pinned sheet or a window."""
    x, z = rng.uniform(-1.2, 0.9), rng.uniform(0.35, 0.9)
    w, h = rng.uniform(0.2, 0.7), rng.uniform(0.2, 0.6)
    roll = rng.random()
    if roll < 0.4:
        return Quad(vector(x, y - 0.002, z), vector(0.21, 0, 0), vector(0, 0, -0.29), page(split, rng))
    if roll < 0.7:
        return Quad(vector(x, y - 0.002, z), vector(w, 0, 0), vector(0, 0, -h), plain(colour(rng)))
    sky = (int(rng.integers(190, 236)), int(rng.integers(210, 240)), 245)
    return Quad(vector(x, y - 0.002, z + 0.4), vector(w * 1.5, 0, 0), vector(0, 0, -0.7), plain(sky), lit=False)
