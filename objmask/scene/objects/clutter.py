"""What lies around in offices and belongs to no object class."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from objmask.scene.content import colour, page
from objmask.scene.families import Split
from objmask.scene.geometry import vector
from objmask.scene.item import CLUTTER, FLAT, Item
from objmask.scene.limbs import Capsule, Limbs
from objmask.scene.quads import Drawable, Quad, box, plain
from objmask.scene.turned import Turned


def sheet(split: Split, rng: np.random.Generator) -> Item:
    """A loose sheet of paper."""
    w, d = 0.21, 0.297
    top = Quad(vector(-w / 2, d / 2, 0.001), vector(w, 0, 0), vector(0, -d, 0), page(split, rng))
    return Item(CLUTTER, (top,), (w, d, 0.001), FLAT)


def pen(split: Split, rng: np.random.Generator) -> Item:
    """A pen."""
    r, g, b = colour(rng)
    half = rng.uniform(0.06, 0.075)
    body = Capsule(vector(-half, 0, 0.005), vector(half * 0.8, 0, 0.005), 0.0048, 0.0048, (r, g, b))
    tip = Capsule(vector(half * 0.8, 0, 0.005), vector(half, 0, 0.004), 0.004, 0.0012, (40, 40, 44))
    return Item(CLUTTER, (Limbs((body, tip), melt=0, shine=0.4),), (2 * half, 0.01, 0.01), FLAT)


def mouse(split: Split, rng: np.random.Generator) -> Item:
    """A computer mouse."""
    tone = float(rng.integers(24, 70)) if rng.random() < 0.7 else float(rng.integers(180, 236))
    shade = (tone, tone, tone + 2)
    pieces = [
        Capsule(vector(x, -0.02, 0.012), vector(x * 0.8, 0.03, 0.01), 0.022, 0.017, shade) for x in (-0.012, 0, 0.012)
    ]
    wheel = Capsule(vector(0, 0.028, 0.027), vector(0, 0.04, 0.024), 0.004, 0.004, (90, 90, 94))
    return Item(CLUTTER, (Limbs((*pieces, wheel), melt=1.0, shine=0.15),), (0.065, 0.11, 0.035), FLAT)


def cable(split: Split, rng: np.random.Generator) -> Item:
    """A cable that winds over the desk."""
    x = np.linspace(-0.2, 0.2, 14)
    y = np.cumsum(rng.normal(0, 0.014, 14))
    tone = float(rng.integers(20, 60)) if rng.random() < 0.6 else float(rng.integers(190, 230))
    points = np.stack([x, y - y.mean(), np.full(14, 0.004)], 1)
    pieces = [Capsule(a, b, 0.003, 0.003, (tone,) * 3) for a, b in pairwise(points)]
    return Item(CLUTTER, (Limbs(pieces, melt=0),), (0.4, 0.06, 0.006), FLAT)


def plant(split: Split, rng: np.random.Generator) -> Item:
    """A pot plant."""
    high = rng.uniform(0.07, 0.11)
    pot = Turned(
        np.array([[0.001, 0.0], [0.036, 0.0], [0.05, high]]),
        plain(colour(rng, ((170, 92, 60), (210, 206, 196), (90, 94, 100)))),
        inside=(60, 44, 34),
        shine=0.05,
    )
    leaves = []
    for angle in np.linspace(0, 2 * math.pi, int(rng.integers(9, 18)), endpoint=False):
        lean = rng.uniform(0.3, 1.1)
        length = rng.uniform(0.09, 0.2)
        way = vector(math.cos(angle) * math.sin(lean), math.sin(angle) * math.sin(lean), math.cos(lean))
        root = vector(0, 0, high * 0.9)
        green = (rng.uniform(30, 80), rng.uniform(90, 150), rng.uniform(30, 80))
        middle = root + way * length * 0.6
        leaves.append(Capsule(root, middle, 0.004, 0.013, green))
        leaves.append(Capsule(middle, root + way * length - vector(0, 0, 0.02), 0.013, 0.002, green))
    return Item(CLUTTER, (pot, Limbs(leaves, melt=0.0)), (0.12, 0.12, high + 0.1))


def carton(split: Split, rng: np.random.Generator) -> Item:
    """A plain box."""
    w, d, h = rng.uniform(0.08, 0.22, 3)
    return Item(CLUTTER, tuple(box((w, d, h * 0.6), {"side": plain(colour(rng))})), (w, d, h * 0.6))


def plate(split: Split, rng: np.random.Generator) -> Item:
    """A plate."""
    radius = rng.uniform(0.08, 0.12)
    line = np.array([[0.001, 0.004], [radius * 0.6, 0.004], [radius * 0.75, 0.012], [radius, 0.018]])
    shell = Turned(
        line, plain(colour(rng, ((238, 236, 230), (120, 150, 170), (60, 66, 76)))), (238, 236, 230), shine=0.15
    )
    return Item(CLUTTER, (shell,), (2 * radius, 2 * radius, 0.02), FLAT)


def lamp(split: Split, rng: np.random.Generator) -> Item:
    """A desk lamp."""
    r, g, b = colour(rng)
    tone = (float(r), float(g), float(b))
    foot = Turned(np.array([[0.07, 0.0], [0.07, 0.015], [0.001, 0.02]]), plain((r, g, b)))
    line = [vector(0, 0, 0.02), vector(0.05, 0.03, 0.22), vector(-0.08, -0.05, 0.38)]
    arms: list[Capsule] = [Capsule(a, b_, 0.007, 0.007, tone) for a, b_ in pairwise(line)]
    arms.append(Capsule(line[-1], line[-1] + vector(-0.06, -0.04, -0.05), 0.02, 0.05, tone))
    return Item(CLUTTER, (foot, Limbs(arms, melt=0.1, shine=0.3)), (0.14, 0.14, 0.4))


def note(split: Split, rng: np.random.Generator) -> Item:
    """A block of sticky notes."""
    top = plain(colour(rng, ((250, 232, 110), (250, 170, 190), (170, 220, 240), (190, 235, 150))))
    parts: list[Drawable] = [*box((0.076, 0.076, rng.uniform(0.003, 0.02)), {"side": top})]
    return Item(CLUTTER, tuple(parts), (0.076, 0.076, 0.01), FLAT)


DESK: tuple[Callable[[Split, np.random.Generator], Item], ...] = (sheet, pen, mouse, cable, plant, carton, lamp, note)
KITCHEN: tuple[Callable[[Split, np.random.Generator], Item], ...] = (plate, carton, plant, plate)
"""What each kind of room has."""
