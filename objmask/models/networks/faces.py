"""From what a face network says to what has to be hidden: an ellipse around the head's front, forehead to chin."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.models.networks.ellipses import Ellipse
from objmask.models.networks.letterbox import Letterbox

Float64 = npt.NDArray[np.float64]

_PROPORTION = 1.3
"""Of a head: height to width."""
_LEAST_DISTANCE = 0.15
"""Between eyes and mouth, share of the box's height; below it they do not tell which way is up."""


@dataclass(frozen=True)
class Faces:
    """Faces in a network's input, in order of falling score.

    Attributes:
        scores: (n,) float32 in 0..1.
        edges: (n, 4) top, left, bottom, right in input pixels.
        eyes: (n, 2) y, x of the middle between the eyes, input pixels.
        mouths: (n, 2) y, x of the middle of the mouth, input pixels.
    """

    scores: npt.NDArray[np.float32]
    edges: Float64
    eyes: Float64
    mouths: Float64


@dataclass(frozen=True)
class Reach:
    """How far a head reaches beyond the box that a network gives.

    Attributes:
        size: of the ellipse, share of the one that the box holds.
        up: of its centre, share of half its height.
    """

    size: float
    up: float


def head(edges: Iterable[float], eyes: Iterable[float], mouth: Iterable[float], reach: Reach) -> Ellipse:
    """The ellipse around a head.

    Args:
        edges: top, left, bottom, right of its face, pixels.
        eyes: y, x of the middle between the eyes, pixels.
        mouth: y, x of the middle of the mouth, pixels.
        reach: how far it goes beyond that.
    """
    top, left, bottom, right = edges
    (eyes_y, eyes_x), (mouth_y, mouth_x) = eyes, mouth
    down, aside = mouth_y - eyes_y, mouth_x - eyes_x
    known = math.hypot(down, aside) >= _LEAST_DISTANCE * (bottom - top)
    turn = math.atan2(-aside, down) if known else 0.0
    # Whichever way an ellipse is turned, the squares of the sides of the box around it have the same sum.
    squares = ((bottom - top) ** 2 + (right - left) ** 2) / 4
    across = reach.size * math.sqrt(squares / (1 + _PROPORTION**2))
    along = across * _PROPORTION
    y = (top + bottom) / 2 - reach.up * along * math.cos(turn)
    x = (left + right) / 2 + reach.up * along * math.sin(turn)
    return Ellipse(y, x, along, across, turn)


def detections(faces: Faces, box: Letterbox, reach: Reach) -> Detections:
    """Faces as detections of a frame.

    Args:
        faces: in the network's input.
        box: how the frame lay in the input.
        reach: how far heads reach beyond what the network calls a face.
    """
    edges = box.to_frame(faces.edges.reshape(-1, 2, 2)).reshape(-1, 4)
    ellipses = [
        head(*one, reach)
        for one in zip(
            edges.tolist(), box.to_frame(faces.eyes).tolist(), box.to_frame(faces.mouths).tolist(), strict=True
        )
    ]
    masks = [ellipse.mask(box.frame_height, box.frame_width) for ellipse in ellipses]
    there = [(i, *found) for i, found in enumerate(masks) if found is not None]
    return Detections(
        faces.scores[[i for i, _, _ in there]],
        ("face",) * len(there),
        np.array([edges for _, edges, _ in there], np.float32).reshape(-1, 4),
        tuple(mask for _, _, mask in there),
    )
