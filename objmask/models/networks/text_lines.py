"""Networks that find lines of text: a map of where text is, and rectangles that lie as the lines do.

After Liao, Wan, Yao, Chen, Bai: Real-time scene text detection with differentiable binarization, AAAI 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.errors import ModelError
from objmask.models.detector import Detector, Loading, Picture
from objmask.models.finite import refuse_non_finite
from objmask.models.graph import Graph, look_up
from objmask.models.info import ModelInfo
from objmask.models.networks.polygons import polygon_mask
from objmask.models.networks.text_map import Lines, joined, lines_of
from objmask.models.open_network import open_network
from objmask.models.side_by_side import SideBySide

_STEP = 32
"""Sides of an input are multiples of this."""
_SMALLER = 4
"""What is too thick for a line is looked for in a picture so many times smaller."""
_THICKEST_PX = 40
"""Of a region of the map: thicker ones are no lines at this size, but things that the network has never seen."""
_TWICE = 0.7
"""From this share of the thickest on, a line is looked for in both, so that none falls between them."""
_THICKEST_SHARE = 0.35
"""Of the picture's shorter side: letters twice as high would fill it."""


def start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    """Opens a network.

    Raises:
        ModelError: the file is no such network, or cannot run on the device.
    """
    opened = open_network(path, info.name, loading)
    return SideBySide(info, opened, loading.threads, lambda: TextLinesReader(opened.graph(), path, info, loading))


class TextLinesReader:
    """One network. See `Reader`."""

    batch = 1

    def __init__(self, graph: Graph, path: Path, info: ModelInfo, loading: Loading) -> None:
        """Makes it ready.

        Args:
            graph: of the network.
            path: its file, for errors.
            info: what the model is.
            loading: how it is loaded.

        Raises:
            ModelError: its input is of another type.
        """
        taken = graph.inputs[0]
        if taken.dtype not in ("float32", "float16"):
            raise ModelError(f"{path}: {taken}; export it as float32 or float16")
        self._graph, self._info, self._limit = graph, info, loading.max_per_frame
        self._floor = max(loading.floor, info.score_cut)
        # -1..1, red first, as no training was, but more lines are found so than with ImageNet's numbers or blue first.
        self._table = (np.arange(256) / 127.5 - 1).astype(taken.dtype)

    def read(self, frames: Sequence[Picture]) -> list[Detections]:
        """See `Reader.read`."""
        return [self._detections(frame) for frame in frames]

    def _detections(self, frame: Picture) -> Detections:
        height, width = frame.shape[:2]
        found = joined(self._lines(frame), height, width, self._limit)
        placed = [(score, polygon_mask(corners, height, width)) for score, corners in found]
        shown = [(score, *place) for score, place in placed if place is not None]
        if not shown:
            return Detections.empty()
        scores, boxes, masks = zip(*sorted(shown, key=lambda one: -one[0]), strict=True)
        return Detections(np.array(scores, np.float32), self._info.classes * len(shown), np.stack(boxes), masks)

    def _lines(self, frame: Picture) -> Lines:
        """Lines of all sizes, their corners in pixels of the frame."""
        short = min(frame.shape[:2])
        scale = self._info.long_side / max(frame.shape[:2])
        thin = self._look(frame, scale, 0, _THICKEST_PX)
        least, most = _TWICE * _THICKEST_PX / _SMALLER, _THICKEST_SHARE * short * scale / _SMALLER
        return thin + self._look(frame, scale / _SMALLER, least, most)

    def _look(self, frame: Picture, scale: float, thinnest_px: float, thickest_px: float) -> Lines:
        """Lines that are found in a picture at a scale, of regions of a thickness there."""
        height, width = (max(_STEP, round(side * scale / _STEP) * _STEP) for side in frame.shape[:2])
        picture = frame
        if frame.shape[:2] != (height, width):
            shrinks = height < frame.shape[0]
            picture = cv2.resize(
                frame, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            ).astype(np.uint8, copy=False)
        probability = self._run(picture)
        across, down = frame.shape[1] / width, frame.shape[0] / height
        found = lines_of(probability, self._floor, thinnest_px, thickest_px)
        return [(score, corners * (across, down)) for score, corners in found]

    def _run(self, picture: Picture) -> npt.NDArray[np.float32]:
        """How likely each pixel of a picture is text, (h, w) float32, 0..1."""

        def write(array: npt.NDArray[np.floating]) -> None:
            look_up(picture, self._table, array[0], channels_first=True)

        (outcome,) = self._graph.run(write, (1, 3, *picture.shape[:2]))
        if outcome.shape != (1, 1, *picture.shape[:2]):
            raise ModelError(
                f"{self._info.name}: gives {outcome.shape} numbers for {picture.shape[:2]} pixels; export it again"
            )
        refuse_non_finite(self._info.name, {"map": outcome})
        probability: npt.NDArray[np.float32] = outcome[0, 0].astype(np.float32, copy=False)
        return probability
