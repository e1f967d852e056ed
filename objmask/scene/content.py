"""Printed and shown content: text pages, screens, book covers, labels, keys; each made once and kept."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from objmask.scene.families import Split, family, fixed_generator, variant
from objmask.scene.quads import Rgb, Texture
from objmask.scene.surfaces import noise, picture

Colour = tuple[int, int, int]
# fmt: off
_WORDS = (
    "the", "and", "of", "to", "report", "meeting", "budget", "quarter", "invoice", "project", "review", "account",
    "password", "private", "letter", "salary", "plan", "schedule", "customer", "order", "total", "draft", "minutes",
    "agenda", "office", "team", "data", "chart", "result", "figure", "method", "table", "summary", "contract",
    "address", "phone", "number", "client", "delivery", "estimate", "market", "sales", "growth", "research", "study",
    "sample", "value", "note", "release", "version", "issue", "update", "message", "reply", "today", "morning",
    "Friday", "March", "July", "annual", "north", "Alice", "Marek", "Ines", "Tomas",
)
# fmt: on
_BRIGHT: tuple[Colour, ...] = (
    (38, 92, 168),
    (178, 46, 48),
    (34, 122, 84),
    (222, 160, 40),
    (92, 58, 140),
    (228, 224, 212),
    (40, 44, 52),
    (196, 92, 40),
    (70, 150, 170),
    (214, 120, 150),
)


def colour(rng: np.random.Generator, choices: tuple[Colour, ...] = _BRIGHT, spread: float = 14) -> Colour:
    """One of some colours, changed a little."""
    r, g, b = np.clip(np.array(choices[int(rng.integers(len(choices)))]) + rng.normal(0, spread, 3), 8, 247)
    return int(r), int(g), int(b)


def phrase(rng: np.random.Generator, count: int) -> str:
    """`count` words."""
    return " ".join(_WORDS[i] for i in rng.integers(len(_WORDS), size=count))


def blank(height: int, width: int, fill: Colour) -> Rgb:
    """(height, width, 3) uint8 of one colour."""
    return np.full((height, width, 3), fill, np.uint8)


def write(sheet: Rgb, text: str, at: tuple[float, float], height_px: float, ink: Colour) -> None:
    """Writes a line whose capitals are about `height_px` high, its base line's left end at (x, y)."""
    place = (round(at[0]), round(at[1]))
    cv2.putText(
        sheet, text, place, cv2.FONT_HERSHEY_SIMPLEX, height_px / 22, ink, max(1, round(height_px / 12)), cv2.LINE_AA
    )


def lines(
    sheet: Rgb, rng: np.random.Generator, area: tuple[float, float, float, float], height_px: float, ink: Colour
) -> None:
    """Fills an area (left, top, right, bottom; shares of the sheet) with ragged lines of words."""
    height, width = sheet.shape[:2]
    left, top, right, bottom = area[0] * width, area[1] * height, area[2] * width, area[3] * height
    column = sheet[round(top) : round(bottom), round(left) : round(right)]
    part = np.ascontiguousarray(column)
    y = height_px * 1.2
    while y < part.shape[0] - 2:
        if rng.random() < 0.88:
            count = max(1, round((right - left) * rng.uniform(0.55, 1.0) / (height_px * 3.6)))
            write(part, phrase(rng, count), (1, y), height_px, ink)
        y += height_px * 1.75
    column[:] = part


def screen(split: Split, rng: np.random.Generator) -> Texture:
    """What a laptop or monitor shows, 640 x 400."""
    return _screen(family("screen", split, rng), variant(rng))


@lru_cache(maxsize=128)
def _screen(name: str, number: int) -> Texture:
    rng = fixed_generator("screen", name, number)
    dark = name == "code" or rng.random() < 0.25
    paper: Colour = (30, 32, 40) if dark else (244, 245, 248)
    ink: Colour = (214, 220, 228) if dark else (32, 36, 44)
    accent = colour(rng)
    sheet = blank(400, 640, paper)
    size = float(rng.uniform(10, 17))
    cv2.rectangle(sheet, (0, 0), (640, 26), accent, -1)
    write(sheet, phrase(rng, 3), (12, 19), 13, (250, 250, 250))
    if name in ("document", "browser"):
        sheet[26:] = blank(374, 640, (150, 155, 165) if name == "document" else paper)
        cv2.rectangle(sheet, (110, 40), (530, 400), (252, 252, 252), -1)
        write(sheet, phrase(rng, 3).title(), (135, 84), 24, (30, 30, 34))
        lines(sheet, rng, (0.21, 0.24, 0.8, 1.0), size, (40, 42, 48))
        if name == "browser":
            cv2.rectangle(sheet, (0, 26), (640, 52), (222, 226, 232), -1)
            _block(sheet, rng, (330, 130, 520, 250))
    elif name == "code":
        for k, y in enumerate(np.arange(46, 400, size * 1.7)):
            indent = int(rng.integers(0, 4)) * 22
            write(sheet, str(k + 1), (8, y), size, (110, 116, 128))
            hue = colour(rng, ((214, 220, 228), (126, 190, 240), (240, 170, 110), (150, 210, 140)))
            write(sheet, phrase(rng, int(rng.integers(1, 5))), (44 + indent, y), size, hue)
    elif name == "table":
        _table(sheet, rng, size, ink)
    elif name in ("mail", "chat"):
        _messages(sheet, rng, size, ink, accent)
    else:
        write(sheet, phrase(rng, 2).title(), (50, 96), 36, accent)
        lines(sheet, rng, (0.08, 0.3, 0.52, 0.95), size * 1.4, ink)
        _block(sheet, rng, (360, 130, 600, 350))
    cv2.rectangle(sheet, (0, 382), (640, 400), (44, 48, 58), -1)
    for x in range(12, 180, 26):
        cv2.rectangle(sheet, (x, 385), (x + 14, 397), colour(rng), -1)
    return Texture(sheet)


def _block(sheet: Rgb, rng: np.random.Generator, area: tuple[int, int, int, int]) -> None:
    """A photograph or a bar chart."""
    left, top, right, bottom = area
    if rng.random() < 0.5:
        values = noise(rng, (bottom - top, right - left), (4, 6))[..., None] * 70 + np.array(colour(rng), np.float32)
        sheet[top:bottom, left:right] = picture(values)
        return
    hue = colour(rng)
    step = (right - left) // 6
    for k in range(6):
        high = int(rng.uniform(0.2, 1) * (bottom - top))
        cv2.rectangle(sheet, (left + k * step, bottom - high), (left + k * step + step * 2 // 3, bottom), hue, -1)


def _table(sheet: Rgb, rng: np.random.Generator, size: float, ink: Colour) -> None:
    row = size * 2.0
    for y in np.arange(30, 380, row):
        cv2.line(sheet, (0, round(y)), (640, round(y)), (168, 172, 180), 1)
        for k, x in enumerate(range(6, 640, 106)):
            text = phrase(rng, 1) if k == 0 else str(int(rng.integers(10, 99999)))
            write(sheet, text, (x, y + size * 1.4), size, ink)
    for x in range(0, 640, 106):
        cv2.line(sheet, (x, 26), (x, 382), (168, 172, 180), 1)


def _messages(sheet: Rgb, rng: np.random.Generator, size: float, ink: Colour, accent: Colour) -> None:
    height, width = sheet.shape[:2]
    cv2.rectangle(sheet, (0, 26), (width * 3 // 10, height), tuple(int(0.9 * c) for c in sheet[height // 2, -2]), -1)
    lines(sheet, rng, (0.02, 0.1, 0.28, 0.95), size, ink)
    y = 44.0
    while y < height - 30:
        mine = rng.random() < 0.5
        left = width * (0.5 if mine else 0.34)
        tall = size * rng.uniform(2.2, 5)
        fill = accent if mine else (206, 210, 218)
        cv2.rectangle(sheet, (round(left), round(y)), (round(left + width * 0.44), round(y + tall)), fill, -1)
        area = (left / width + 0.01, y / height, left / width + 0.43, min(1, (y + tall) / height))
        lines(sheet, rng, area, size, (250, 250, 250) if mine else (30, 32, 38))
        y += tall + size


def phone_screen(split: Split, rng: np.random.Generator) -> Texture:
    """What a phone shows, 180 x 360 with its bezel."""
    return _phone(family("phone", split, rng), variant(rng))


@lru_cache(maxsize=64)
def _phone(name: str, number: int) -> Texture:
    rng = fixed_generator("phone", name, number)
    sheet = blank(360, 180, (12, 12, 14))
    dark = rng.random() < 0.3
    show = blank(332, 164, (26, 28, 34) if dark else (240, 242, 246))
    ink: Colour = (220, 224, 230) if dark else (34, 36, 42)
    accent = colour(rng)
    if name == "home":
        show[:] = picture(noise(rng, (332, 164), (4, 3))[..., None] * 60 + np.array(accent, np.float32))
        for y in range(90, 320, 46):
            for x in range(12, 150, 38):
                cv2.rectangle(show, (x, y), (x + 26, y + 26), colour(rng), -1)
        write(show, "10:42", (46, 56), 26, (250, 250, 250))
    elif name == "map":
        for _ in range(14):
            a, b = rng.integers(0, 332, 2), rng.integers(0, 332, 2)
            cv2.line(show, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), colour(rng), int(rng.integers(2, 9)))
        cv2.circle(show, (82, 160), 12, (220, 50, 50), -1)
    else:
        cv2.rectangle(show, (0, 0), (164, 30), accent, -1)
        write(show, phrase(rng, 1).title(), (10, 22), 15, (250, 250, 250))
        if name == "feed":
            _block(show, rng, (8, 40, 156, 160))
            lines(show, rng, (0.06, 0.52, 0.95, 1.0), 13, ink)
        else:
            _messages(show, rng, 12, ink, accent)
    sheet[14:346, 8:172] = show
    return Texture(sheet)


def page(split: Split, rng: np.random.Generator) -> Texture:
    """A printed page, 360 x 480."""
    return _page(family("page", split, rng), variant(rng))


@lru_cache(maxsize=64)
def _page(name: str, number: int) -> Texture:
    rng = fixed_generator("page", name, number)
    tone = int(rng.integers(226, 250))
    sheet = blank(480, 360, (tone, tone - 2, tone - int(rng.integers(3, 16))))
    ink: Colour = (40, 38, 38)
    size = float(rng.uniform(9, 14))
    if name == "columns":
        lines(sheet, rng, (0.08, 0.08, 0.48, 0.94), size * 0.8, ink)
        lines(sheet, rng, (0.53, 0.08, 0.93, 0.94), size * 0.8, ink)
    elif name == "figures":
        _block(sheet, rng, (40, 40, 320, 200))
        lines(sheet, rng, (0.1, 0.46, 0.92, 0.94), size, ink)
    elif name == "verse":
        for top in (0.1, 0.38, 0.66):
            lines(sheet, rng, (0.2, top, 0.75, top + 0.22), size, ink)
    elif name == "headed":
        write(sheet, phrase(rng, 2).title(), (36, 80), 26, ink)
        lines(sheet, rng, (0.1, 0.24, 0.92, 0.94), size, ink)
    else:
        lines(sheet, rng, (0.1, 0.08, 0.92, 0.94), size, ink)
    return Texture(sheet)


def cover(split: Split, rng: np.random.Generator) -> Texture:
    """A book's front, 320 x 440."""
    return _cover(family("cover", split, rng), variant(rng))


@lru_cache(maxsize=64)
def _cover(name: str, number: int) -> Texture:
    rng = fixed_generator("cover", name, number)
    base, second = colour(rng), colour(rng)
    light = sum(base) > 390
    ink: Colour = (30, 30, 34) if light else (240, 238, 230)
    sheet = blank(440, 320, base)
    if name == "band":
        top = int(rng.integers(160, 280))
        cv2.rectangle(sheet, (0, top), (320, top + int(rng.integers(60, 130))), second, -1)
    elif name == "split":
        cv2.rectangle(sheet, (0, 240), (320, 440), second, -1)
    elif name == "frame":
        cv2.rectangle(sheet, (18, 18), (302, 422), second, 8)
    elif name == "dots":
        for y in range(200, 420, 40):
            for x in range(40, 300, 40):
                cv2.circle(sheet, (x, y), 12, second, -1, cv2.LINE_AA)
    elif name == "diagonal":
        cv2.fillPoly(sheet, [np.array([[0, 440], [320, 160], [320, 440]], np.int32)], second, cv2.LINE_AA)
    else:
        for radius in range(110, 10, -30):
            cv2.circle(sheet, (160, 290), radius, second if radius // 10 % 2 else base, -1, cv2.LINE_AA)
    for k in range(int(rng.integers(1, 4))):
        write(sheet, phrase(rng, 1).title(), (34, 80 + 42 * k), float(rng.uniform(26, 36)), ink)
    write(sheet, phrase(rng, 2).title(), (34, 410), 15, ink)
    return Texture(sheet)


def label(split: Split, rng: np.random.Generator, base: Colour, area: tuple[float, float]) -> Texture:
    """The outside of a vessel, 128 rows x 256 columns: `base` with something printed between two heights (0 = top)."""
    name, number = family("label", split, rng), variant(rng)
    own = fixed_generator("label", name, number)
    sheet = blank(128, 256, base)
    top, bottom = round(area[0] * 128), round(area[1] * 128)
    hue = colour(own)
    if name == "band":
        sheet[top:bottom] = hue
    elif name == "stripes":
        for y in range(top, bottom, 10):
            sheet[y : y + 5] = hue
    elif name == "wave":
        turns = np.arange(256) / 256 * 6.2832
        edge = (top + bottom) / 2 + np.sin(turns * 3) * (bottom - top) / 4
        sheet[(np.arange(128)[:, None] > edge[None]) & (np.arange(128)[:, None] < bottom)] = hue
    elif name == "blocks":
        for x in range(0, 256, 32):
            cv2.rectangle(sheet, (x, top), (x + 15, bottom), colour(own), -1)
    middle = (top + bottom) / 2 + 6
    for x in (20, 148):
        if name == "badge":
            cv2.circle(sheet, (x + 40, round(middle - 4)), max(4, (bottom - top) // 3), hue, -1, cv2.LINE_AA)
        write(sheet, phrase(own, 1).upper()[:7], (x, middle), 16, colour(own, ((250, 250, 245), (30, 30, 36))))
    return Texture(sheet)
