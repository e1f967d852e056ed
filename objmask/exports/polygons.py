"""Masks as single polygons, as YOLO's label files want them: one line an instance.

A polygon's corners are the centres of the outermost pixels, so that drawing it (OpenCV's `fillPoly`, which training
programs use, and which includes the outline) gives the mask back. Holes and further parts are joined to the largest
part by seams, on which the line goes there and comes back. A seam between parts is drawn too, so a part that is
smaller than its seam would do more harm than good, and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.masks import Patch

Points = npt.NDArray[np.float64]
"""(n, 2) x, y, pixels."""
MOST_PARTS = 30
"""Parts of a mask, and holes of a part, that are kept, the largest; only noise has more."""
_PAIRS_AT_ONCE = 1 << 20
_SQUARE = np.array([(-0.25, -0.25), (0.25, -0.25), (0.25, 0.25), (-0.25, 0.25)])
"""How far from pixels' centres the corners lie of what would otherwise have no area; still within the pixels."""


@dataclass(frozen=True)
class _Part:
    """A connected part of a mask: the ring around it, joined to those around its holes, and its pixels."""

    ring: Points
    pixels: float


@dataclass(frozen=True)
class _Gap:
    """The shortest way between two rings: a corner of either, (2,), and how far apart they are, pixels."""

    here: Points
    there: Points
    length: float


def polygon_of(patch: Patch) -> Points:
    """One closed polygon for all of a mask.

    Args:
        patch: with at least one pixel.

    Returns:
        (n, 2) float64 x, y in pixels of the frame, n >= 3, where a pixel's centre is at a half; the last corner is not
        the first again.
    """
    contours, hierarchy = cv2.findContours(patch.mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings: list[Points] = [np.asarray(contour, np.float64).reshape(-1, 2) for contour in contours]
    parents = np.asarray(hierarchy)[0, :, 3]
    parts = [
        _part(ring, [rings[hole] for hole in np.flatnonzero(parents == k)])
        for k, ring in enumerate(rings)
        if parents[k] < 0
    ]
    parts = sorted(parts, key=lambda part: -part.pixels)[:MOST_PARTS]
    return _with_area(_joined(parts) + np.array([patch.left + 0.5, patch.top + 0.5]))


def _part(ring: Points, holes: list[Points]) -> _Part:
    pixels = _pixels(ring) - sum(_pixels_inside(hole) for hole in holes)
    for hole in sorted(holes, key=lambda hole: -_pixels_inside(hole))[:MOST_PARTS]:
        ring = _seamed(ring, hole, _gap(ring, hole))
    return _Part(ring, pixels)


def _joined(parts: list[_Part]) -> Points:
    """One ring for the largest part and, the nearest first, those that are worth their seam."""
    ring, waiting = parts[0].ring, parts[1:]
    gaps = [_gap(ring, part.ring) for part in waiting]
    while waiting:
        k = min(range(len(gaps)), key=lambda i: gaps[i].length)
        part, gap = waiting.pop(k), gaps.pop(k)
        if gap.length - 1 < part.pixels:
            ring = _seamed(ring, part.ring, gap)
            nearer = [_gap(part.ring, other.ring) for other in waiting]
            gaps = [min(pair, key=lambda gap: gap.length) for pair in zip(gaps, nearer, strict=True)]
    return ring


def _seamed(ring: Points, other: Points, gap: _Gap) -> Points:
    start, turn = (int(np.flatnonzero((a == b).all(1))[0]) for a, b in ((ring, gap.here), (other, gap.there)))
    return np.concatenate([ring[: start + 1], other[turn:], other[: turn + 1], ring[start:]])


def _gap(ring: Points, other: Points) -> _Gap:
    best = _Gap(ring[0], other[0], np.inf)
    step = max(1, _PAIRS_AT_ONCE // len(other))
    for start in range(0, len(ring), step):
        x, y = (ring[start : start + step, None, axis] - other[:, axis] for axis in (0, 1))
        apart = np.maximum(abs(x), abs(y))
        here, there = np.unravel_index(apart.argmin(), apart.shape)
        if apart[here, there] < best.length:
            best = _Gap(ring[start + here], other[there], float(apart[here, there]))
    return best


def _pixels(ring: Points) -> float:
    """Pixels within a ring, its corners included (Pick's theorem)."""
    return _area(ring) + _steps(ring) / 2 + 1


def _pixels_inside(ring: Points) -> float:
    """Pixels within a ring, those on it not."""
    return _area(ring) - _steps(ring) / 2 + 1


def _area(ring: Points) -> float:
    return cv2.contourArea(ring.astype(np.float32))


def _steps(ring: Points) -> float:
    """Pixels along a ring."""
    return float(np.abs(ring - np.roll(ring, 1, 0)).max(1).sum())


def _with_area(ring: Points) -> Points:
    """A ring of at least three corners, also where a mask is one pixel or one straight line of pixels."""
    if len(ring) > 2:
        return ring
    low, high = (ring[0], ring[-1]) if ring[0, 0] <= ring[-1, 0] else (ring[-1], ring[0])
    corners: Points = np.array([low, high, high, low]) + _SQUARE
    return corners
