"""MediaPipe's two networks for hands, run by LiteRT: one finds palms, one the landmarks of each hand.

The picture is looked at whole and in squares, since the input is square and small: of a wide picture half of it would
stay empty, and hands at a keyboard would be lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.models.detector import Detector, Loading, Picture
from objmask.models.finite import refuse_non_finite
from objmask.models.graph import Array, Graph, look_up
from objmask.models.info import ModelInfo
from objmask.models.networks.anchors import anchors, decode, weighted
from objmask.models.networks.hands import Palm, outline
from objmask.models.networks.letterbox import Letterbox
from objmask.models.networks.palms_layout import GRIDS, LANDMARKS, PALMS_SIDE, Networks
from objmask.models.networks.polygons import polygon_mask
from objmask.models.open_network import open_network
from objmask.models.side_by_side import SideBySide
from objmask.models.tiles import Part

_LEAST_PALM = 0.05
"""Palms below this score are not looked at: it takes as long to look at one as to find them all."""
_LEAST_PRESENCE = 0.02
"""The least that the second network's word counts for: hands that it does not know, cut or clasped, stay found."""
_LANDMARKS_HOLD = 0.3
"""Presence from which landmarks are where the hand is."""
_SAME = 0.7
"""A hand of which a better one hides more than this share is that one."""
_INSIDE = 127
"""A sample of a mask above this is of the hand."""
_NEARLY_SQUARE = 1.2
"""Up to this aspect a picture is looked at as a whole only."""
_STEP = 0.5
"""From one square to the next at most, in their sides: what is up to so large lies whole in one of them."""
_BLACK = 0


@dataclass(frozen=True)
class Hand:
    """A hand in a frame.

    Attributes:
        score: 0..1.
        box: normalised. See `objmask.detections.arrays.Detections`.
        mask: over it.
    """

    score: float
    box: npt.NDArray[np.float32]
    mask: npt.NDArray[np.uint8]


def start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    """Opens the two networks of a folder.

    Raises:
        ModelError: one is missing, LiteRT cannot run it, or the device is to be a GPU.
    """
    networks = Networks.of(path)
    palms, hand = (open_network(file, info.name, loading) for file in (networks.palms, networks.hand))

    def refuse_nan() -> None:
        palms.refuse_nan()
        hand.refuse_nan()

    both = replace(palms, refuse_nan=refuse_nan)
    return SideBySide(info, both, loading.threads, lambda: PalmsReader(palms.graph(), hand.graph(), info, loading))


class PalmsReader:
    """Both networks. See `Reader`."""

    batch = 1

    def __init__(self, palms: Graph, hand: Graph, info: ModelInfo, loading: Loading) -> None:
        """Takes the networks.

        Args:
            palms: finds palms.
            hand: finds landmarks.
            info: what the model is.
            loading: how it is loaded.
        """
        self._palms, self._hand, self._name = palms, hand, info.name
        self._floor, self._limit = loading.floor, loading.max_per_frame
        shapes = [tensor.shape for tensor in palms.outputs]
        self._numbers, self._scores = sorted(range(2), key=lambda i: -shapes[i][-1])
        self._anchors = anchors(PALMS_SIDE, GRIDS)
        self._table = (np.arange(256) / 255).astype(np.float32)

    def read(self, frames: Sequence[Picture]) -> list[Detections]:
        """See `Reader.read`."""
        return [self._read(frame) for frame in frames]

    def _read(self, frame: Picture) -> Detections:
        seen = [self._seen(frame, palm) for palm in self._palms_of(frame)]
        hands = distinct([hand for hand in seen if hand and np.float32(hand.score) >= np.float32(self._floor)])
        return Detections(
            np.array([hand.score for hand in hands], np.float32),
            ("hand",) * len(hands),
            np.array([hand.box for hand in hands], np.float32).reshape(-1, 4),
            tuple(hand.mask for hand in hands),
        )

    def _palms_of(self, frame: Picture) -> list[Palm]:
        """Palms of a frame, falling in score."""
        scores, points = [], []
        for part in squares(frame.shape[0], frame.shape[1]):
            cut = frame[part.top : part.bottom, part.left : part.right]
            box = Letterbox.fit(part.bottom - part.top, part.right - part.left, PALMS_SIDE, PALMS_SIDE)
            outputs = self._run(self._palms, box.apply(cut, _BLACK))
            numbers, logits = outputs[self._numbers][0], outputs[self._scores][0, :, 0]
            found, places = decode(numbers, logits, self._anchors, min(_LEAST_PALM, 2 * self._floor))
            scores.append(found)
            points.append(box.to_frame(places) + np.array([part.top, part.left]))
        together = np.concatenate(scores)
        best, means = weighted(together, np.concatenate(points), self._limit)
        return [Palm.of(score, place) for score, place in zip(together[best].tolist(), means, strict=True)]

    def _seen(self, frame: Picture, palm: Palm) -> Hand | None:
        """The hand of a palm; None: it takes no pixel of the frame."""
        # The outputs have shapes in pairs; MediaPipe's graph takes them by their place: landmarks, presence, which of
        # the two hands it is, landmarks in metres.
        points, presence, *_ = self._run(self._hand, palm.picture(frame))
        score = math.sqrt(palm.score * max(float(presence[0, 0]), _LEAST_PRESENCE))
        shape, grow_px = palm.corners, 0.0
        if presence[0, 0] >= _LANDMARKS_HOLD:
            landmarks = points.reshape(LANDMARKS, 3).astype(np.float64)
            on_frame = palm.to_frame(landmarks[:, :2])
            shape, grow_px = outline(np.column_stack([on_frame, landmarks[:, 2] * palm.scale]))
        found = polygon_mask(shape, frame.shape[0], frame.shape[1], grow_px)
        return Hand(min(score, 1.0), *found) if found else None

    def _run(self, graph: Graph, picture: Picture) -> list[Array]:
        def write(array: npt.NDArray[Any]) -> None:
            look_up(picture, self._table, array[0], channels_first=False)

        outputs = [array.copy() for array in graph.run(write)]  # the next run would overwrite them
        refuse_non_finite(self._name, {told.name: array for told, array in zip(graph.outputs, outputs, strict=True)})
        return outputs


def squares(height: int, width: int) -> list[Part]:
    """The whole picture, then squares of its short side that lie along its long side."""
    side, length = min(height, width), max(height, width)
    parts = [Part(0, 0, height, width)]
    if length > _NEARLY_SQUARE * side:
        steps = math.ceil((length - side) / (_STEP * side))
        for start in (round(k * (length - side) / steps) for k in range(steps + 1)):
            top, left = (start, 0) if height > width else (0, start)
            parts.append(Part(top, left, top + side, left + side))
    return parts


def distinct(hands: Sequence[Hand]) -> list[Hand]:
    """Each hand once, falling in score: one that a better one hides nearly all of is the same."""
    kept: list[Hand] = []
    for hand in sorted(hands, key=lambda one: -one.score):
        if all(_hidden_by(better, hand) <= _SAME for better in kept):
            kept.append(hand)
    return kept


def _hidden_by(one: Hand, hand: Hand) -> float:
    """Share of a hand that lies on another one, 0..1; by masks, since a hand across a box fills half of it."""
    places = []
    for axis in (0, 1):
        (low, high), (first, last) = one.box[axis::2], hand.box[axis::2]
        at = np.linspace(first, last, hand.mask.shape[axis])
        places.append(np.rint((at - low) / (high - low) * (one.mask.shape[axis] - 1)).astype(np.intp))
    rows, columns = places
    # One more sample of nothing on each side stands for all that lies outside.
    around = np.pad(one.mask, 1)
    there = around[np.clip(rows + 1, 0, len(around) - 1)][:, np.clip(columns + 1, 0, around.shape[1] - 1)]
    own = hand.mask > _INSIDE
    return float((own & (there > _INSIDE)).sum() / max(own.sum(), 1))
