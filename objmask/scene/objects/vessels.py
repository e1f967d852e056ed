"""Cups, bottles, wine glasses."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from objmask.scene.content import Colour, colour, label
from objmask.scene.families import Split, family
from objmask.scene.geometry import Vector, vector
from objmask.scene.item import Item
from objmask.scene.limbs import Capsule, Limbs
from objmask.scene.quads import Drawable, plain
from objmask.scene.turned import Turned

_CUPS = {
    "mug": (0.041, 0.041, 0.041, 0.095),
    "tumbler": (0.030, 0.036, 0.042, 0.105),
    "barrel": (0.034, 0.045, 0.038, 0.088),
    "cone": (0.027, 0.038, 0.047, 0.075),
    "bell": (0.030, 0.036, 0.046, 0.088),
    "tall": (0.036, 0.036, 0.038, 0.120),
}
"""Radius at the foot, the middle and the rim, and height, metres."""
_BOTTLES = {
    "water": ((0.033, 0.0), (0.034, 0.14), (0.03, 0.17), (0.014, 0.2), (0.013, 0.225)),
    "wine": ((0.037, 0.0), (0.037, 0.19), (0.031, 0.215), (0.014, 0.24), (0.014, 0.31)),
    "flask": ((0.034, 0.0), (0.034, 0.18), (0.03, 0.195), (0.022, 0.2), (0.022, 0.235)),
    "juice": ((0.037, 0.0), (0.04, 0.06), (0.036, 0.12), (0.02, 0.165), (0.019, 0.19)),
    "soda": ((0.03, 0.0), (0.034, 0.07), (0.031, 0.1), (0.033, 0.15), (0.013, 0.21), (0.013, 0.23)),
    "carafe": ((0.042, 0.0), (0.045, 0.06), (0.038, 0.13), (0.019, 0.18), (0.024, 0.22)),
}
"""Radius and height up to the neck's end, metres."""
_BOWLS = {
    "bordeaux": ((0.012, 0.0), (0.036, 0.03), (0.041, 0.055), (0.032, 0.11)),
    "white": ((0.01, 0.0), (0.031, 0.025), (0.034, 0.05), (0.028, 0.095)),
    "tulip": ((0.01, 0.0), (0.034, 0.03), (0.031, 0.07), (0.036, 0.105)),
    "burgundy": ((0.012, 0.0), (0.041, 0.035), (0.046, 0.06), (0.034, 0.11)),
    "port": ((0.01, 0.0), (0.028, 0.028), (0.031, 0.05), (0.026, 0.085)),
}
_MUG_COLOURS: tuple[Colour, ...] = (
    (236, 234, 228),
    (44, 62, 108),
    (160, 44, 42),
    (60, 116, 92),
    (222, 176, 70),
    (50, 50, 54),
    (140, 176, 196),
    (212, 130, 92),
)
_LIQUIDS: tuple[Colour, ...] = ((64, 40, 26), (120, 74, 40), (168, 120, 60), (190, 200, 205))


def smooth(points: Vector, steps: int = 4) -> Vector:
    """(n, 2) points as a rounder line through them, by Catmull-Rom splines."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for k in range(len(points) - 1):
        a, b, c, d = padded[k : k + 4]
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    line = np.concatenate([*parts, points[-1:]])
    # A spline may overshoot; a profile must rise, and not cross its axis.
    return np.stack([np.maximum(line[:, 0], 0.001), np.maximum.accumulate(line[:, 1])], 1)


def cup(split: Split, rng: np.random.Generator) -> Item:
    """A cup or mug with a drink in it, mostly with a handle."""
    foot, middle, rim, high = np.array(_CUPS[family("cup", split, rng)]) * rng.uniform(0.92, 1.12, 4)
    outline = smooth(np.array([[foot, 0.0], [foot * 1.02, high * 0.08], [middle, high * 0.5], [rim, high]]), 3)
    base = colour(rng, _MUG_COLOURS)
    printed = rng.random() < 0.45
    texture = label(split, rng, base, (0.3, 0.75)) if printed else plain(base)
    inside = base if rng.random() < 0.4 else (236, 233, 226)
    level = float(rng.uniform(0.6, 0.85)) * high
    wide = float(np.interp(level, outline[:, 1], outline[:, 0])) - 0.002
    shell = Turned(
        outline,
        texture,
        inside,
        shine=rng.uniform(0.1, 0.5),
        sharpness=rng.uniform(15, 50),
        filling=(level, wide, colour(rng, _LIQUIDS)),
    )
    parts: list[Drawable] = [shell]
    anchors = [vector(0, 0, high / 2)]
    if rng.random() < 0.85:
        turned = rng.uniform(-math.pi, math.pi)
        reach = rim + 0.01
        parts.append(_handle(middle - 0.002, high, turned, rng.uniform(0.024, 0.034), base))
        anchors.append(vector(math.cos(turned) * reach, math.sin(turned) * reach, high / 2))
    return Item("cup", tuple(parts), (2 * rim, 2 * rim, high), anchors=tuple(anchors), grip_radius=float(middle))


def _handle(radius: float, high: float, turned: float, reach: float, base: Colour) -> Limbs:
    angles = np.linspace(-1.35, 1.35, 7)
    out = radius + np.cos(angles) * reach
    up = high * (0.52 + 0.27 * np.sin(angles))
    points = np.stack([out * math.cos(turned), out * math.sin(turned), up], 1)
    tone = (float(base[0]), float(base[1]), float(base[2]))
    pieces = [Capsule(a, b, 0.0065, 0.0065, tone) for a, b in pairwise(points)]
    return Limbs(pieces, melt=0.3, shine=0.25, sharpness=25)


def bottle(split: Split, rng: np.random.Generator) -> Item:
    """A bottle with a cap and a label: clear or tinted with a drink in it, or of metal."""
    name = family("bottle", split, rng)
    profile = np.array(_BOTTLES[name]) * [rng.uniform(0.9, 1.15), rng.uniform(0.88, 1.1)]
    line = smooth(profile, 4)
    high = float(line[-1, 1])
    neck = float(line[-1, 0])
    solid = name == "flask" or rng.random() < 0.25
    tint = colour(rng) if solid else colour(rng, ((70, 110, 70), (190, 215, 220), (130, 80, 40), (200, 220, 210)))
    texture = label(split, rng, tint, (0.42, 0.8))
    body = Turned(
        np.concatenate([[[0.001, 0.0]], line, [[0.001, high]]]),
        texture,
        opacity=1.0 if solid else rng.uniform(0.72, 0.9),
        shine=rng.uniform(0.35, 0.8),
        sharpness=rng.uniform(25, 70),
    )
    hue = colour(rng)
    cap = Turned(
        np.array([[neck + 0.003, high - 0.022], [neck + 0.003, high + 0.006], [0.001, high + 0.006]]), plain(hue)
    )
    radius = float(line[:, 0].max())
    return Item("bottle", (body, cap), (2 * radius, 2 * radius, high), grip_radius=radius)


def wine_glass(split: Split, rng: np.random.Generator) -> Item:
    """A wine glass: foot, stem, bowl, mostly with wine."""
    bowl = np.array(_BOWLS[family("wine glass", split, rng)]) * [rng.uniform(0.95, 1.2), rng.uniform(0.9, 1.15)]
    stem = rng.uniform(0.06, 0.085)
    foot = rng.uniform(0.033, 0.039)
    thick = rng.uniform(0.0045, 0.006)
    lift = np.array([[0.0, stem]])
    outline = smooth(bowl, 4) + lift
    tone = colour(rng, ((205, 215, 222), (190, 205, 210), (220, 222, 214)), 8)
    sharpness = rng.uniform(40, 90)
    clear = rng.uniform(0.22, 0.36)
    base = Turned(
        np.array([[foot, 0.0], [foot, 0.003], [thick * 1.4, 0.009], [thick, stem * 0.4], [thick, stem]]),
        plain(tone),
        opacity=0.6,
        shine=0.9,
        sharpness=sharpness,
    )
    parts: list[Drawable] = [base]
    if rng.random() < 0.75:
        level = stem + float(bowl[-1, 1]) * rng.uniform(0.35, 0.6)
        below = outline[outline[:, 1] < level]
        edge = float(np.interp(level, outline[:, 1], outline[:, 0]))
        wine = colour(rng, ((98, 16, 34), (120, 24, 40), (222, 196, 110), (228, 160, 130)))
        filled = np.concatenate([below * [0.97, 1], [[edge * 0.97, level], [0.001, level]]])
        parts.append(Turned(filled, plain(wine), opacity=0.85, shine=0.2))
    parts.append(Turned(outline, plain(tone), tone, opacity=clear, shine=0.9, sharpness=sharpness))
    radius = float(max(outline[:, 0].max(), foot))
    return Item(
        "wine glass", tuple(parts), (2 * radius, 2 * radius, stem + float(bowl[-1, 1])), grip_radius=radius * 0.9
    )
