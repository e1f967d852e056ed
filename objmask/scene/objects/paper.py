"""Books, and keyboards, which lie as flat."""

from __future__ import annotations

import numpy as np

from objmask.scene.content import cover, page
from objmask.scene.families import Split, family, variant
from objmask.scene.geometry import vector
from objmask.scene.item import FLAT, Item
from objmask.scene.keys import keyboard_top
from objmask.scene.quads import Drawable, Quad, Texture, box, plain, rounded


def book(split: Split, rng: np.random.Generator) -> Item:
    """A book: closed, or open at two pages."""
    return _open_book(split, rng) if rng.random() < 0.5 else _closed_book(split, rng)


def _closed_book(split: Split, rng: np.random.Generator) -> Item:
    w = rng.uniform(0.14, 0.2)
    d, thick = w * rng.uniform(1.3, 1.5), rng.uniform(0.015, 0.045)
    front = cover(split, rng)
    edge = front.level(0)[2, 2]
    spine = plain((int(edge[0]), int(edge[1]), int(edge[2])))
    leaves = plain((232, 226, 210))
    faces = {"top": front, "left": spine, "right": leaves, "front": leaves, "back": leaves}
    return Item("book", tuple(box((w, d, thick), faces, gleam=0.1)), (w, d, thick), FLAT)


def _open_book(split: Split, rng: np.random.Generator) -> Item:
    w = rng.uniform(0.14, 0.2)
    d, thick = w * rng.uniform(1.3, 1.5), rng.uniform(0.008, 0.02)
    binding = cover(split, rng).level(0)[2, 2]
    board = plain((int(binding[0]), int(binding[1]), int(binding[2])))
    parts: list[Drawable] = [*box((2 * w + 0.012, d + 0.012, 0.004), {"side": board})]
    leaves = plain((226, 222, 208))
    bow = rng.uniform(0.006, 0.014)
    for side in (-1, 1):
        sheet = page(split, rng)
        parts += _leaf(side, w, d, thick, bow, sheet, leaves)
    return Item("book", tuple(parts), (2 * w, d, thick), FLAT)


def _leaf(side: int, w: float, d: float, thick: float, bow: float, sheet: Texture, leaves: Texture) -> list[Drawable]:
    """Half of an open book: the page bows up, then falls to the fold."""
    heights = (thick, thick + bow, thick + bow * 0.7, 0.005)
    places = (1.0, 0.6, 0.18, 0.0)
    parts: list[Drawable] = []
    rim = vector(side * w, 0, 0)
    front = (vector(min(rim[0], 0), -d / 2, thick), vector(w, 0, 0))
    parts.append(Quad(front[0], front[1], vector(0, 0, -thick), leaves))
    picture = sheet.level(0)
    for k in range(3):
        a, b = places[k], places[k + 1]
        left, right = (a, b) if side < 0 else (b, a)
        za, zb = (heights[k], heights[k + 1]) if side < 0 else (heights[k + 1], heights[k])
        columns = [round((1 - x if side < 0 else x) * picture.shape[1]) for x in (left, right)]
        strip = Texture(picture[:, columns[0] : columns[1]])
        origin = vector(side * left * w, d / 2, za)
        across = vector(side * (right - left) * w, 0, zb - za)
        parts.append(Quad(origin, across, vector(0, -d, 0), strip))
    return parts


def keyboard(split: Split, rng: np.random.Generator) -> Item:
    """A keyboard for a monitor; its far edge a little higher."""
    name = family("keyboard", split, rng)
    w = rng.uniform(0.27, 0.32) if name in ("compact", "tenkeyless") else rng.uniform(0.38, 0.45)
    d, thick = rng.uniform(0.115, 0.15), rng.uniform(0.012, 0.026)
    top = keyboard_top(name, variant(rng))
    edge = top.level(0)[1, 1]
    body = plain((int(edge[0]), int(edge[1]), int(edge[2])))
    parts = box((w, d, thick), {"top": top, "side": body}, outline=rounded(0.02, 0.06), gleam=0.1)
    return Item("keyboard", tuple(parts), (w, d, thick), FLAT)
