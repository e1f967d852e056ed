"""Ovens, microwaves, sinks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from objmask.scene.families import Split, family, variant
from objmask.scene.geometry import Pose, vector
from objmask.scene.item import RECESSED, Item
from objmask.scene.keys import microwave_front, oven_front, panel_colour
from objmask.scene.limbs import Capsule, Limbs
from objmask.scene.quads import Drawable, Quad, Recess, box, plain, rounded
from objmask.scene.turned import Turned


def microwave(split: Split, rng: np.random.Generator) -> Item:
    """A microwave that stands on the counter."""
    name = family("microwave", split, rng)
    w = rng.uniform(0.42, 0.52)
    d, high = rng.uniform(0.28, 0.36), w * rng.uniform(0.54, 0.64)
    body = plain(panel_colour(name))
    parts = box((w, d, high), {"front": microwave_front(name, variant(rng)), "side": body})
    return Item("microwave", tuple(parts), (w, d, high))


def table_oven(split: Split, rng: np.random.Generator) -> Item:
    """A small oven that stands on the counter."""
    name = family("oven", split, rng)
    w = rng.uniform(0.4, 0.5)
    d, high = rng.uniform(0.3, 0.36), w * rng.uniform(0.72, 0.9)
    parts = box((w, d, high), {"front": oven_front(name, variant(rng)), "side": plain(panel_colour(name))})
    return Item("oven", tuple(parts), (w, d, high))


def built_in_oven(split: Split, rng: np.random.Generator) -> Item:
    """An oven in the cupboards below the counter; its pose is the front's top middle."""
    name = family("oven", split, rng)
    w = rng.uniform(0.56, 0.62)
    high = rng.uniform(0.54, 0.62)
    front = Quad(vector(-w / 2, 0, 0), vector(w, 0, 0), vector(0, 0, -high), oven_front(name, variant(rng)), gleam=0.2)
    return Item("oven", (front,), (w, 0.01, high), RECESSED)


def sink(split: Split, rng: np.random.Generator) -> Item:
    """A basin in the counter with its rim, drain and tap; its pose is the basin's middle."""
    w, d, deep = rng.uniform(0.38, 0.5), rng.uniform(0.3, 0.36), rng.uniform(0.12, 0.17)
    bright = int(rng.integers(150, 212)) if rng.random() < 0.75 else int(rng.integers(60, 90))
    steel = (bright, bright + 2, bright + 5)
    dark = plain((int(bright * 0.8),) * 3)
    rim = 0.028
    lip = Quad(
        vector(-w / 2 - rim, d / 2 + rim, 0.002),
        vector(w + 2 * rim, 0, 0),
        vector(0, -d - 2 * rim, 0),
        plain((min(bright + 26, 240),) * 3),
        rounded(0.06, 0.08),
        gleam=0.5,
    )
    near, far, down = vector(-w / 2, -d / 2, 0), vector(-w / 2, d / 2, 0), vector(0, 0, -deep)
    walls: list[Drawable] = [
        Quad(far + down, vector(w, 0, 0), vector(0, -d, 0), plain(steel), gleam=0.6),
        Quad(far, vector(w, 0, 0), down, dark, gleam=0.3),
        Quad(near, vector(0, d, 0), down, plain((int(bright * 0.9),) * 3), gleam=0.3),
        Quad(far + vector(w, 0, 0), vector(0, -d, 0), down, plain((int(bright * 0.7),) * 3), gleam=0.3),
    ]
    drain = Turned(np.array([[0.038, -deep + 0.001], [0.012, -deep + 0.001], [0.0, -deep]]), plain((70, 72, 76)))
    opening = np.stack([near, far, far + vector(w, 0, 0), near + vector(w, 0, 0)])
    tap = _tap(family("sink", split, rng), d / 2 + rim + 0.012, rng)
    return Item("sink", (lip, Recess(opening, (*walls, drain)), tap), (w + 2 * rim, d + 2 * rim, 0.0), RECESSED)


def _tap(name: str, behind: float, rng: np.random.Generator) -> Limbs:
    high = {"arc": 0.24, "straight": 0.16, "low": 0.12, "gooseneck": 0.28, "block": 0.18}[name] * rng.uniform(0.9, 1.1)
    reach = rng.uniform(0.13, 0.18)
    if name in ("arc", "gooseneck"):
        angles = np.linspace(np.pi, -0.3, 9)
        bow = np.stack([np.zeros(9), -(1 + np.cos(angles)) / 2 * reach, high * 0.7 + np.sin(angles) * high * 0.3], 1)
        line = np.concatenate([[[0, 0, 0.0]], bow])
    else:
        line = np.array([[0, 0, 0.0], [0, 0, high], [0, -reach, high * 0.95], [0, -reach, high * 0.95 - 0.025]])
    line = line + np.array([0, behind, 0])
    thick = 0.016 if name == "block" else 0.012
    chrome = (196.0, 200.0, 206.0)
    pieces = [Capsule(a, b, thick, thick, chrome) for a, b in pairwise(line)]
    pieces.append(Capsule(line[0], line[0] + vector(0, 0, 0.03), 0.024, 0.02, chrome))
    pieces.append(Capsule(line[0] + vector(0.03, 0, 0.04), line[0] + vector(0.075, 0, 0.06), 0.009, 0.007, chrome))
    return Limbs(pieces, melt=0.2, shine=0.6, sharpness=20)


def at_front(x: float, z: float) -> Pose:
    """The pose of a built-in oven in the cupboards' front."""
    return Pose.at(x, -0.004, z)
