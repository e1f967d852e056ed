"""Laptops, monitors, phones."""

from __future__ import annotations

import math

import numpy as np

from objmask.scene.content import phone_screen, screen
from objmask.scene.families import Split, family, variant
from objmask.scene.geometry import Vector, vector
from objmask.scene.item import FLAT, Item
from objmask.scene.keys import body_colour, deck
from objmask.scene.quads import Drawable, Quad, box, plain, rounded


def laptop(split: Split, rng: np.random.Generator) -> Item:
    """An open laptop: a deck with keys, and a lid with a shining screen, 95 to 125 degrees open."""
    w, d = rng.uniform(0.29, 0.37), rng.uniform(0.205, 0.25)
    name = family("laptop", split, rng)
    metal = plain(body_colour(name))
    lid = _lid(
        w, d * rng.uniform(0.9, 1.0), math.radians(rng.uniform(95, 125)), d / 2, split, rng, metal.level(0)[0, 0]
    )
    base = box((w, d, 0.016), {"top": deck(name, variant(rng)), "side": metal}, outline=rounded(0.02, 0.03), gleam=0.15)
    return Item("laptop", (*lid, *base), (w, d, 0.02))


def _lid(
    w: float, high: float, angle: float, hinge: float, split: Split, rng: np.random.Generator, metal: Vector
) -> list[Drawable]:
    foot = vector(0, hinge, 0.014)
    up = vector(0, -math.cos(angle), math.sin(angle)) * high
    across = vector(w, 0, 0)
    top_left = foot + up - across / 2
    bezel = plain((18, 18, 20)) if rng.random() < 0.75 else plain((int(metal[0]), int(metal[1]), int(metal[2])))
    edge = rng.uniform(0.02, 0.045)
    shown = top_left - up * (edge * 1.3) + across * edge
    back = plain((int(metal[0]), int(metal[1]), int(metal[2])))
    return [
        Quad(top_left + across, -across, -up, back, rounded(0.03, 0.05)),
        Quad(top_left, across, -up, bezel, rounded(0.03, 0.05)),
        Quad(shown, across * (1 - 2 * edge), -up * (1 - edge * 3), screen(split, rng), lit=False, gleam=0.35),
    ]


def monitor(split: Split, rng: np.random.Generator) -> Item:
    """A monitor on a stand."""
    w = rng.uniform(0.44, 0.62)
    high = w * rng.uniform(0.52, 0.64)
    lift = rng.uniform(0.06, 0.12)
    shade = int(rng.integers(18, 60)) if rng.random() < 0.75 else int(rng.integers(170, 215))
    body = plain((shade, shade, shade + 3))
    foot = plain((int(shade * 0.9 + 10),) * 3)
    wide = {"round stand": 0.4, "block stand": 0.3, "v stand": 0.5, "wide stand": 0.6, "thin stand": 0.35}
    name = family("tv", split, rng)
    stand_w = w * wide[name]
    stand = box((stand_w, 0.18, 0.012), {"side": foot}, outline=rounded(0.3, 0.3) if name == "round stand" else None)
    neck_w = 0.04 if name in ("thin stand", "v stand") else 0.09
    neck = [
        Quad(vector(-neck_w / 2, 0.03, lift + 0.1), vector(neck_w, 0, 0), vector(0, 0, -lift - 0.1), foot),
    ]
    tilt = rng.uniform(0.0, 0.12)
    up = vector(0, math.sin(tilt), math.cos(tilt)) * high
    across = vector(w, 0, 0)
    top_left = vector(-w / 2, 0, lift) + up
    edge = rng.uniform(0.015, 0.035)
    deep = vector(0, 0.03, 0)
    panel: list[Drawable] = [
        Quad(top_left + across + deep, -across, -up, body),
        Quad(top_left + deep, -deep, -up, body),
        Quad(top_left + across, deep, -up, body),
        Quad(top_left + deep, across, -deep, body),
        Quad(top_left, across, -up, body, rounded(0.012, 0.02)),
        Quad(
            top_left + across * edge - up * edge * 1.4,
            across * (1 - 2 * edge),
            -up * (1 - edge * 4),
            screen(split, rng),
            lit=False,
            gleam=0.3,
        ),
    ]
    return Item("tv", (*stand, *neck, *panel), (w, 0.18, high + lift))


def phone(split: Split, rng: np.random.Generator) -> Item:
    """A phone that lies on its back."""
    w = rng.uniform(0.072, 0.084)
    d, thick = w * rng.uniform(1.95, 2.15), 0.009
    shade = int(rng.integers(20, 70))
    body = plain((shade, shade, shade + 6))
    top = phone_screen(split, rng)
    corners = rounded(0.12, 0.06)
    parts = box((w, d, thick), {"top": top, "side": body}, outline=corners, gleam=0.4)
    lit = Quad(parts[-1].origin, parts[-1].across, parts[-1].down, top, corners, 0.35, lit=False)
    return Item("cell phone", (*parts[:-1], lit), (w, d, thick), FLAT, grip_radius=w / 2)
