"""Pictures of materials: wood, cloth, stone, paint, brick, tiles; each made once and kept."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import cv2
import numpy as np

from objmask.scene.canvas import Floats
from objmask.scene.families import Split, family, fixed_generator, variant
from objmask.scene.quads import Rgb, Texture

_SIDE = 512
_WOODS = {
    "oak": (176, 138, 92),
    "walnut": (102, 70, 46),
    "laminate": (205, 185, 155),
    "ash": (214, 196, 164),
    "cherry": (150, 88, 56),
}
_PLAIN = {
    "linoleum": (120, 128, 130),
    "stone": (150, 146, 140),
    "speckle": (178, 176, 172),
    "cloth": (92, 104, 122),
    "felt": (88, 96, 84),
    "paint": (214, 212, 204),
    "plaster": (200, 196, 186),
    "panel": (170, 176, 182),
    "concrete": (156, 156, 154),
    "wallpaper": (206, 200, 182),
}
_TILES = {"square": (6, 6, 0), "metro": (4, 8, 1), "large": (3, 3, 0), "mosaic": (14, 14, 0), "slab": (2, 4, 1)}
"""Columns, rows, and whether every other row is shifted by half a tile."""


def surface(kind: str, split: Split, rng: np.random.Generator) -> Texture:
    """A picture of a `desk`, `wall` or `tiles`, 512 px square."""
    return _surface(family(kind, split, rng), variant(rng))


@lru_cache(maxsize=256)
def _surface(name: str, number: int) -> Texture:
    rng = fixed_generator("surface", name, number)
    if name in _WOODS:
        return Texture(_wood(rng, _WOODS[name]))
    if name == "brick":
        return Texture(_tiles(rng, (8, 16, 1), (150, 92, 74), (190, 184, 176)))
    if name in _TILES:
        base = rng.integers(150, 240, 3)
        return Texture(_tiles(rng, _TILES[name], (int(base[0]), int(base[1]), int(base[2])), (180, 178, 172)))
    return Texture(_plain(rng, name))


def noise(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]) -> Floats:
    """Smooth random values, (h, w) float32, about -1..1, of `cells` (rows, columns) bumps."""
    coarse = rng.standard_normal(cells, np.float32)
    return cast(Floats, cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)) * np.float32(0.6)


def picture(values: Floats) -> Rgb:
    """(h, w, 3) float values as uint8, cut to 0..255."""
    return np.clip(values, 0, 255).astype(np.uint8)


def _tinted(rng: np.random.Generator, colour: tuple[int, int, int]) -> Floats:
    shift = rng.normal(0, 8, 3) + rng.normal(0, 14)
    return np.asarray(np.array(colour, np.float32) + shift, np.float32)


def _wood(rng: np.random.Generator, colour: tuple[int, int, int]) -> Rgb:
    size = (_SIDE, _SIDE)
    bend = noise(rng, size, (4, 3)) * rng.uniform(0.5, 2.0)
    y = np.arange(_SIDE, dtype=np.float32)[:, None] / _SIDE
    rings = np.sin((y * rng.uniform(10, 26) + bend) * 6.2832)
    fibre = noise(rng, size, (256, 6)) + np.float32(0.6) * noise(rng, size, (512, 24))
    value = rings * rng.uniform(0.02, 0.08) + fibre * 0.06 + noise(rng, size, (3, 3)) * 0.05
    planks = int(rng.integers(0, 5))
    for k in range(1, planks):
        value[k * _SIDE // planks : k * _SIDE // planks + 2] -= 0.18
    return picture(_tinted(rng, colour) * (1 + value[..., None]))


def _plain(rng: np.random.Generator, name: str) -> Rgb:
    size = (_SIDE, _SIDE)
    base = _tinted(rng, _PLAIN[name])
    grain = rng.standard_normal(size, np.float32)
    value = noise(rng, size, (4, 4)) * 0.04 + grain * 0.012
    if name in ("stone", "speckle", "linoleum"):
        spots = cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.8, 2.2)))
        value = value + np.where(spots > np.float32(2.0 * spots.std()), -0.28, 0) + np.clip(spots, -0.2, 0.2) * 0.5
        value = value + noise(rng, size, (24, 24)) * 0.05
    if name in ("cloth", "felt"):
        y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
        value = value + 0.05 * np.sin(x * 1.6) * np.sin(y * 1.6) + noise(rng, size, (90, 90)) * 0.06
    if name in ("plaster", "concrete"):
        value = value + noise(rng, size, (40, 40)) * 0.05 + noise(rng, size, (10, 10)) * 0.05
    if name == "panel":
        value[:, :: _SIDE // 4] -= 0.2
        value[:, 1 :: _SIDE // 4] += 0.1
    if name == "wallpaper":
        x = np.arange(_SIDE, dtype=np.float32)[None]
        value = value + np.sign(np.sin(x / _SIDE * 6.2832 * rng.integers(6, 16))) * 0.035
    return picture(base * (1 + value[..., None]))


def _tiles(
    rng: np.random.Generator, grid: tuple[int, int, int], colour: tuple[int, int, int], joint: tuple[int, int, int]
) -> Rgb:
    columns, rows, shifted = grid
    tones = rng.normal(0, 0.05, (rows, columns)).astype(np.float32)
    values = np.empty((_SIDE, _SIDE, 3), np.float32)
    values[:] = np.array(joint, np.float32)
    base = _tinted(rng, colour)
    width, height = _SIDE / columns, _SIDE / rows
    for row in range(rows):
        offset = width / 2 if shifted and row % 2 else 0
        for column in range(-1, columns):
            left, top = round(column * width + offset) + 2, round(row * height) + 2
            right, bottom = round((column + 1) * width + offset) - 1, round((row + 1) * height) - 1
            values[top:bottom, max(left, 0) : max(right, 0)] = base * (1 + tones[row, column])
    values *= 1 + noise(rng, (_SIDE, _SIDE), (32, 32))[..., None] * np.float32(0.04)
    return picture(values)
