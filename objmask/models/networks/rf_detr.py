"""RF-DETR networks, with masks (RF-DETR-Seg) or boxes only.

After Robinson et al.: RF-DETR: Neural architecture search for real-time detection transformers, 2025. What goes before
and after the network is as in `predict` of the package `rfdetr`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import WHOLE_BOX, Detections
from objmask.errors import ModelError
from objmask.models.detector import Detector, Loading, Picture
from objmask.models.finite import refuse_non_finite
from objmask.models.formats.read import read_network_file
from objmask.models.graph import Graph
from objmask.models.info import ModelInfo
from objmask.models.networks.mask_samples import Samples, interpolated, probability, stored_mask
from objmask.models.networks.rf_detr_layout import RfDetrLayout
from objmask.models.open_network import open_network
from objmask.models.side_by_side import SideBySide

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, 0..1."""
_SAMPLES_A_CELL, _FEWEST_SAMPLES = 2, 17
"""Samples of a mask, a side: so many a cell of the network's mask, which is coarse; but not fewer than small masks
need. Of a whole picture every second sample then lies at a cell's centre, where the field bends."""
_SLACK_CELLS = 1
_HELD = 0.95
"""Share of a mask that its box, this much larger, has to hold to be the mask's box."""


def start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    """Opens a network.

    Raises:
        ModelError: the file is no such network, contradicts `info`, or cannot run on the device.
    """
    opened = open_network(path, info.name, loading)
    return SideBySide(
        info, opened, loading.threads, lambda: RfDetrReader(opened.graph(), path, info, loading, opened.batch(loading))
    )


class RfDetrReader:
    """One network. See `Reader`."""

    def __init__(self, graph: Graph, path: Path, info: ModelInfo, loading: Loading, batch: int) -> None:
        """Tells its tensors apart.

        Args:
            graph: of the network.
            path: its file, for errors.
            info: what the model is.
            loading: how it is loaded.
            batch: frames at a time, where the file does not fix that.
        """
        self._graph, self._name = graph, info.name
        try:
            self._layout = layout = RfDetrLayout.of(read_network_file(path))
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        if (layout.masks is not None) != info.masks or max(info.class_ids.values()) >= layout.classes:
            raise ModelError(f"{path}: is not what model.json says of it; install it again")
        self.batch = layout.batch if layout.batch > 0 else batch
        self._decoder = QueryDecoder(
            {index: name for name, index in info.class_ids.items()}, loading.floor, loading.max_per_frame
        )

    def read(self, frames: Sequence[Picture]) -> list[Detections]:
        """See `Reader.read`."""
        layout = self._layout

        def write(array: npt.NDArray[Any]) -> None:
            # With fewer pictures than the batch the rest of it stays as it is; nobody looks at what comes of it.
            for slot, frame in zip(array, frames, strict=False):
                fill(frame, slot)

        outputs = self._graph.run(write, (self.batch, 3, layout.height, layout.width))
        boxes, logits = outputs[layout.boxes], outputs[layout.logits]
        masks = None if layout.masks is None else outputs[layout.masks]
        refuse_non_finite(self._name, {"dets": boxes, "labels": logits, **({} if masks is None else {"masks": masks})})
        return [
            self._decoder.decode(boxes[i], logits[i], None if masks is None else masks[i], *frame.shape[:2])
            for i, frame in enumerate(frames)
        ]


def fill(picture: Picture, slot: npt.NDArray[Any]) -> None:
    """Writes a picture into a network's input: stretched, less ImageNet's mean, by its deviation.

    Bilinear between the nearest pixels, also where a picture becomes smaller, and not rounded to whole levels.

    Args:
        picture: RGB, uint8 (h, w, 3).
        slot: of the input, (3, height, width).
    """
    _, height, width = slot.shape
    levels = cv2.resize(picture.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    for channel, (mean, deviation) in enumerate(zip(_MEAN, _DEVIATION, strict=True)):
        slot[channel] = levels[..., channel] * np.float32(1 / (255 * deviation)) - np.float32(mean / deviation)


@dataclass(frozen=True)
class QueryDecoder:
    """Turns one frame's outputs into detections.

    Attributes:
        names: of classes, by index of the logit; detections of others are dropped.
        floor: detections below this score are dropped.
        max_per_frame: the most detections kept, by score.
    """

    names: Mapping[int, str]
    floor: float
    max_per_frame: int

    def decode(
        self,
        boxes: npt.NDArray[Any],
        logits: npt.NDArray[Any],
        masks: npt.NDArray[Any] | None,
        height: int,
        width: int,
    ) -> Detections:
        """Detections of a frame, falling in score: the best pairs of query and class, as many as there are queries.

        Args:
            boxes: (queries, 4) centre x and y, width and height, 0..1.
            logits: (queries, classes).
            masks: (queries, rows, columns) logits over the whole frame; None: the network gives boxes only, and each
                mask is its whole box.
            height: of the frame, pixels.
            width: of the frame, pixels.
        """
        scores = probability(logits.astype(np.float32)).ravel()
        best = np.argsort(-scores, kind="stable")[: len(boxes)]
        queries, classes = np.divmod(best, logits.shape[1])
        edges = _edges(boxes[queries].astype(np.float64))
        usable = scores[best] >= np.float32(self.floor)
        usable &= np.isin(classes, list(self.names))
        usable &= ((edges[:, 2:] - edges[:, :2]) * (height, width) >= 1).all(axis=1)
        kept = np.flatnonzero(usable)[: self.max_per_frame]
        edges, soft = edges[kept], (WHOLE_BOX,) * len(kept)
        if masks is not None:
            fields = [masks[query] for query in queries[kept]]
            edges = np.array([mask_box(field, box) for field, box in zip(fields, edges, strict=True)]).reshape(-1, 4)
            soft = tuple(_mask(field, box, height, width) for field, box in zip(fields, edges.tolist(), strict=True))
        return Detections(
            scores[best[kept]], tuple(self.names[int(c)] for c in classes[kept]), edges.astype(np.float32), soft
        )


def mask_box(field: npt.NDArray[Any], box: Float64) -> Float64:
    """The box to store a mask in: the network's own, unless much of the mask lies outside.

    A mask's cells are coarse: what reaches a cell out of the box, or little further out, the box cuts off, as it does
    in networks whose masks are made within boxes. But where box and mask contradict each other, both are right: the
    box grows to hold all of the mask, so that nothing of it stays visible.

    Args:
        field: (rows, columns) logits over the whole frame.
        box: (4,) top, left, bottom, right, 0..1.

    Returns:
        (4,) like `box`, which lies in it.
    """
    inside = field > 0
    size = np.array(inside.shape, np.float64)
    # Cell c has its centre at c + 0.5.
    top, left = np.maximum(np.ceil(box[:2] * size - 0.5 - _SLACK_CELLS), 0).astype(int)
    bottom, right = (np.floor(box[2:] * size - 0.5 + _SLACK_CELLS) + 1).astype(int)
    if np.count_nonzero(inside[top:bottom, left:right]) >= _HELD * np.count_nonzero(inside):
        return box
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    # The mask may end as far out as at the centre of the next cell.
    low = (np.array([rows[0], columns[0]]) - 0.5) / size
    high = (np.array([rows[-1], columns[-1]]) + 1.5) / size
    return np.concatenate([np.minimum(low, box[:2]).clip(0), np.maximum(high, box[2:]).clip(None, 1)])


def _edges(boxes: Float64) -> Float64:
    """(n, 4) top, left, bottom, right within the frame, 0..1, from centre x and y, width and height."""
    x, y, width, height = boxes.T
    edges: Float64 = np.stack([y - height / 2, x - width / 2, y + height / 2, x + width / 2], axis=1).clip(0, 1)
    return edges


def _mask(field: npt.NDArray[Any], box: Sequence[float], height: int, width: int) -> npt.NDArray[np.uint8]:
    """The soft mask in a box, from the logits over the whole frame. Logits, not probabilities, are interpolated."""
    ymin, xmin, ymax, xmax = box
    rows, columns = _samples(ymin, ymax, height, field.shape[0]), _samples(xmin, xmax, width, field.shape[1])
    return stored_mask(probability(interpolated(field[rows.window, columns.window], rows, columns)))


def _samples(low: float, high: float, frame_px: int, cells: int) -> Samples:
    """Samples of a mask between two normalised places of the frame, on `cells` cells that cover all of it."""
    first, last = ((u * (frame_px - 1) + 0.5) * cells / frame_px - 0.5 for u in (low, high))
    return Samples.between(first, last, cells, max(round((last - first) * _SAMPLES_A_CELL) + 1, _FEWEST_SAMPLES))
