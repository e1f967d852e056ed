"""Pictures of keys and panels: keyboards, laptop decks, the fronts of ovens and microwaves."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from objmask.scene.content import Colour, blank, write
from objmask.scene.families import fixed_generator
from objmask.scene.quads import Rgb, Texture

_LETTERS = ("1234567890-=", "QWERTYUIOP[]", "ASDFGHJKL;'", "ZXCVBNM,./")
_STYLES: dict[str, tuple[Colour, Colour]] = {
    "silver": ((196, 198, 202), (36, 37, 40)),
    "black": ((40, 41, 44), (22, 22, 25)),
    "grey": ((118, 121, 126), (30, 31, 34)),
    "navy": ((52, 62, 88), (226, 228, 232)),
    "gold": ((206, 184, 150), (238, 236, 230)),
}
_SHADES = ((34, 35, 38), (222, 223, 226), (92, 95, 102), (60, 64, 80))


def body_colour(name: str) -> Colour:
    """Of a laptop family's metal."""
    return _STYLES[name][0]


@lru_cache(maxsize=64)
def deck(name: str, number: int) -> Texture:
    """A laptop's upper side with keys and touchpad, 480 x 320, its far edge on top."""
    body, keys = _STYLES[name]
    rng = fixed_generator("deck", name, number)
    sheet = blank(320, 480, body)
    cv2.rectangle(sheet, (26, 18), (454, 186), tuple(int(0.8 * c) for c in body), -1)
    _rows(sheet, (30, 22, 450, 182), keys, 14)
    left = int(rng.integers(150, 175))
    cv2.rectangle(sheet, (left, 204), (480 - left, 304), tuple(int(0.92 * c) for c in body), -1)
    cv2.rectangle(sheet, (left, 204), (480 - left, 304), tuple(int(0.75 * c) for c in body), 1)
    return Texture(sheet)


@lru_cache(maxsize=64)
def keyboard_top(name: str, number: int) -> Texture:
    """A keyboard's upper side, 600 x 200, its far edge on top."""
    rng = fixed_generator("keyboard", name, number)
    body = _SHADES[int(rng.integers(len(_SHADES)))]
    body = tuple(int(np.clip(c + rng.integers(-12, 12), 5, 250)) for c in body)  # type: ignore[assignment]
    light = sum(body) > 380
    keys: Colour = (246, 246, 246) if light and rng.random() < 0.6 else (52, 53, 58) if not light else (70, 72, 78)
    if not light and rng.random() < 0.25:
        keys = (206, 207, 210)
    sheet = blank(200, 600, body)
    if name in ("full", "slim"):
        _rows(sheet, (10, 12, 440, 190), keys, 15)
        _rows(sheet, (456, 46, 590, 190), keys, 4, plain_keys=True)
    elif name == "split":
        _rows(sheet, (10, 12, 280, 190), keys, 8)
        _rows(sheet, (320, 12, 590, 190), keys, 8)
    else:
        _rows(sheet, (10, 12, 590, 190), keys, 15 if name == "compact" else 17)
    return Texture(sheet)


def _rows(sheet: Rgb, area: tuple[int, int, int, int], keys: Colour, columns: int, *, plain_keys: bool = False) -> None:
    """Five rows of keys; the lowest has a space bar."""
    left, top, right, bottom = area
    ink: Colour = (30, 30, 34) if sum(keys) > 380 else (224, 226, 230)
    edge = tuple(int(0.7 * c) for c in keys)
    wide, high = (right - left) / columns, (bottom - top) / 5
    for row in range(5):
        spans = [(k, k + 1) for k in range(columns)]
        if row == 4 and not plain_keys:
            bar = columns // 3
            spans = [(k, k + 1) for k in range(bar)] + [(bar, columns - bar)]
            spans += [(k, k + 1) for k in range(columns - bar, columns)]
        for number, (a, b) in enumerate(spans):
            corner = (round(left + a * wide) + 1, round(top + row * high) + 1)
            end = (round(left + b * wide) - 2, round(top + (row + 1) * high) - 2)
            cv2.rectangle(sheet, corner, end, edge, -1)
            cv2.rectangle(sheet, corner, (end[0], end[1] - 3), keys, -1)
            letters = _LETTERS[min(row, 3)]
            if row < 4 and number < len(letters):
                write(sheet, letters[number], (corner[0] + wide * 0.25, corner[1] + high * 0.62), high * 0.36, ink)


_PANELS: dict[str, Colour] = {
    "steel": (178, 180, 184),
    "black": (34, 35, 38),
    "white": (232, 232, 228),
    "grey": (118, 120, 124),
    "cream": (226, 214, 186),
    "red": (166, 44, 44),
}


def panel_colour(name: str) -> Colour:
    """Of an oven or microwave family's body."""
    return _PANELS[name]


@lru_cache(maxsize=64)
def oven_front(name: str, number: int) -> Texture:
    """An oven's front, 400 x 400: knobs in a row on top, a handle across, a wide dark window with racks."""
    rng = fixed_generator("oven", name, number)
    sheet = blank(400, 400, _brushed(name))
    panel = tuple(int(0.86 * c) for c in _PANELS[name])
    cv2.rectangle(sheet, (0, 0), (400, 82), panel, -1)
    count = int(rng.integers(4, 7))
    for k in range(count):
        x = round(400 * (k + 0.5) / count)
        if k == count // 2 and rng.random() < 0.6:
            cv2.rectangle(sheet, (x - 34, 22), (x + 34, 60), (14, 16, 18), -1)
            write(sheet, "12:30", (x - 27, 49), 17, (120, 230, 160))
            continue
        cv2.circle(sheet, (x, 42), 21, (50, 51, 55), -1, cv2.LINE_AA)
        cv2.circle(sheet, (x, 40), 17, (206, 207, 210), -1, cv2.LINE_AA)
        cv2.line(sheet, (x, 40), (x + int(rng.integers(-9, 10)), 26), (40, 40, 44), 4, cv2.LINE_AA)
    cv2.line(sheet, (0, 84), (400, 84), (24, 24, 26), 3)
    top = int(rng.integers(140, 160))
    cv2.rectangle(sheet, (44, top), (356, 360), (18, 18, 20), -1)
    cv2.rectangle(sheet, (56, top + 12), (344, 348), (44, 38, 34), -1)
    for y in range(top + 50, 340, 48):
        cv2.line(sheet, (58, y), (342, y), (112, 108, 104), 2, cv2.LINE_AA)
    cv2.rectangle(sheet, (40, 104), (360, 117), (228, 229, 232), -1)
    cv2.rectangle(sheet, (40, 118), (360, 122), (60, 60, 64), -1)
    cv2.line(sheet, (0, 390), (400, 390), (30, 30, 32), 3)
    return Texture(sheet)


@lru_cache(maxsize=64)
def microwave_front(name: str, number: int) -> Texture:
    """A microwave's front, 480 x 280: a window left, clock and buttons right, an upright handle between."""
    rng = fixed_generator("microwave", name, number)
    sheet = blank(280, 480, _brushed(name))
    split = int(rng.integers(345, 375))
    cv2.rectangle(sheet, (22, 24), (split - 34, 256), (16, 16, 18), -1)
    cv2.rectangle(sheet, (46, 48), (split - 58, 232), (52, 54, 56), -1)
    for y in range(52, 230, 6):
        cv2.line(sheet, (48, y), (split - 60, y), (30, 31, 33), 1)
    cv2.rectangle(sheet, (split - 24, 34), (split - 12, 246), (214, 215, 218), -1)
    cv2.rectangle(sheet, (split, 0), (480, 280), tuple(int(0.72 * c) for c in _PANELS[name]), -1)
    cv2.rectangle(sheet, (split + 14, 24), (466, 62), (10, 14, 12), -1)
    write(sheet, f"{int(rng.integers(1, 13))}:{int(rng.integers(10, 60))}", (split + 22, 54), 24, (90, 240, 190))
    for row in range(4):
        for column in range(3):
            x = split + 16 + column * (450 - split) // 3
            y = 82 + row * 34
            cv2.rectangle(sheet, (x, y), (x + 22, y + 22), (206, 208, 210), -1)
            write(sheet, str(row * 3 + column + 1)[-1], (x + 6, y + 17), 13, (30, 30, 34))
    cv2.rectangle(sheet, (split + 14, 226), (466, 256), (196, 60, 50) if rng.random() < 0.5 else (70, 130, 80), -1)
    return Texture(sheet)


def _brushed(name: str) -> Colour:
    return _PANELS[name]
