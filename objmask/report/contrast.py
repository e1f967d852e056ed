"""A group's colour as it can be read on paper and on a dark screen; masks keep the colour itself."""

from __future__ import annotations

from collections.abc import Iterator

Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
SCREEN: Colour = (24, 27, 33)
_CONTRAST = 3.0
"""What WCAG 2.1 (1.4.11) asks for of graphics."""
_STEPS = 50


def readable(colour: Colour, background: Colour) -> str:
    """The colour, moved towards black or white until it stands out from the background; `#rrggbb`."""
    target = (0, 0, 0) if _luminance(background) > 0.2 else (255, 255, 255)
    fitting = (mixed for mixed in _towards(colour, target) if contrast(mixed, background) >= _CONTRAST)
    return css(next(fitting, target))


def css(colour: Colour) -> str:
    """`#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def contrast(a: Colour, b: Colour) -> float:
    """Contrast ratio of WCAG 2.1: 1 (equal) to 21 (black and white)."""
    dark, light = sorted((_luminance(a), _luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def _towards(colour: Colour, target: Colour) -> Iterator[Colour]:
    for step in range(_STEPS + 1):
        red, green, blue = (round(c + (t - c) * step / _STEPS) for c, t in zip(colour, target, strict=True))
        yield red, green, blue


def _luminance(colour: Colour) -> float:
    """Relative luminance of sRGB as WCAG 2.1 defines it."""
    shares = (level / 255 for level in colour)
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
