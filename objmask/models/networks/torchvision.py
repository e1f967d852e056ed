"""Detectors of torchvision, above all its Mask R-CNN, which scale, normalise and suppress by themselves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import WHOLE_BOX, Detections
from objmask.errors import ModelError
from objmask.models.detector import Detector, Loading, Picture
from objmask.models.finite import refuse_non_finite
from objmask.models.formats.read import read_network_file
from objmask.models.graph import Array, Graph, look_up
from objmask.models.info import ModelInfo
from objmask.models.networks.letterbox import Letterbox
from objmask.models.networks.mask_samples import Samples, interpolated, stored_mask
from objmask.models.networks.torchvision_layout import TorchvisionLayout
from objmask.models.open_network import open_network
from objmask.models.side_by_side import SideBySide
from objmask.models.tensors import ANY

_LOG = logging.getLogger(__name__)
_MASK_CELLS = 28
"""Of the masks that these networks make, before they paste them into the picture."""
_MOST_SAMPLES = 2 * _MASK_CELLS + 1
"""Of a mask, a side."""


def start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    """Opens a network.

    Raises:
        ModelError: the file is no such network, contradicts `info`, or cannot run on the device.
    """
    opened = open_network(path, info.name, loading)
    return SideBySide(info, opened, loading.threads, lambda: TorchvisionReader(opened.graph(), path, info, loading))


class TorchvisionReader:
    """One network. See `Reader`."""

    batch = 1

    def __init__(self, graph: Graph, path: Path, info: ModelInfo, loading: Loading) -> None:
        """Tells its tensors apart."""
        self._graph, self._name = graph, info.name
        try:
            self._layout = layout = TorchvisionLayout.of(read_network_file(path))
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        if (layout.masks is not None) != info.masks:
            raise ModelError(f"{path}: is not what model.json says of it; install it again")
        self._in_batch = len(graph.inputs[0].shape) == 4
        self._table = (np.arange(256) / 255).astype(graph.inputs[0].dtype)
        self._names = {number: name for name, number in info.class_ids.items()}
        self._floor, self._limit = loading.floor, loading.max_per_frame
        self._unknown: set[int] = set()

    def read(self, frames: Sequence[Picture]) -> list[Detections]:
        """See `Reader.read`."""
        return [self._read(frame) for frame in frames]

    def _read(self, frame: Picture) -> Detections:
        sides = zip((self._layout.height, self._layout.width), frame.shape, strict=False)
        height, width = (own if fixed == ANY else fixed for fixed, own in sides)
        box = Letterbox.fit(frame.shape[0], frame.shape[1], height, width)
        boxes, numbers, scores, masks = self._run(box.apply(frame))
        edges = boxes[:, [1, 0, 3, 2]].astype(np.float64)
        inside, large = box.boxes_in_frame(edges)
        scores, numbers = scores.astype(np.float32), numbers.astype(np.int64)
        self._warn_of_unknown(numbers)
        usable = (scores >= np.float32(self._floor)) & large & np.isin(numbers, list(self._names))
        order = np.argsort(-scores, kind="stable")
        kept = order[usable[order]][: self._limit]
        soft: tuple[npt.NDArray[np.uint8], ...] = (WHOLE_BOX,) * len(kept)
        if masks is not None:
            chosen = masks[kept, 0]
            refuse_non_finite(self._name, {"masks": chosen})
            soft = tuple(
                soft_mask(mask.clip(0, 1), sides, whole, box)
                for mask, sides, whole in zip(chosen, inside[kept].tolist(), edges[kept].tolist(), strict=True)
            )
        names = tuple(self._names[number] for number in numbers[kept].tolist())
        return Detections(scores[kept].clip(0, 1), names, inside[kept], soft)

    def _run(self, picture: Picture) -> tuple[Array, Array, Array, Array | None]:
        """(boxes, classes, scores, masks) of a picture of the input's size."""

        def write(array: Array) -> None:
            look_up(picture, self._table, array[0] if self._in_batch else array, channels_first=True)

        layout, sides = self._layout, (3, *picture.shape[:2])
        outputs = self._graph.run(write, (1, *sides) if self._in_batch else sides)
        boxes, classes, scores = outputs[layout.boxes], outputs[layout.classes], outputs[layout.scores]
        masks = None if layout.masks is None else outputs[layout.masks]
        count = len(scores)
        if (
            boxes.shape != (count, 4)
            or classes.shape != (count,)
            or (masks is not None and masks.shape[:2] != (count, 1))
        ):
            shapes = ", ".join(str(output.shape) for output in outputs)
            raise ModelError(f"{self._name}: what it gives, {shapes}, is not one thing found a row; export it again")
        refuse_non_finite(self._name, {"boxes": boxes, "scores": scores})
        return boxes, classes, scores, masks

    def _warn_of_unknown(self, numbers: npt.NDArray[np.int64]) -> None:
        """Warns once of each class that has no name."""
        for number in sorted(set(numbers.tolist()) - set(self._names) - self._unknown):
            _LOG.warning("%s: class %d has no name; its detections are dropped", self._name, number)
            self._unknown.add(number)


def soft_mask(mask: Array, inside: Sequence[float], whole: Sequence[float], box: Letterbox) -> npt.NDArray[np.uint8]:
    """The mask of a box, as detections hold it.

    Args:
        mask: probabilities 0..1 over the whole input, if they are as many as its pixels; else over the box.
        inside: top, left, bottom, right of the box's part in the frame, normalised.
        whole: top, left, bottom, right of the box in the input, pixels.
        box: how the frame lay in the input.
    """
    if mask.shape == (box.input_height, box.input_width):
        spans = (0.0, float(box.input_height)), (0.0, float(box.input_width))
    else:
        # torchvision lays a rim of nothing around a mask before it pastes it, so that it ends softly.
        rim = [(high - low) / cells for low, high, cells in zip(whole[:2], whole[2:], mask.shape, strict=True)]
        mask = np.pad(mask, 1)
        spans = (whole[0] - rim[0], whole[2] + rim[0]), (whole[1] - rim[1], whole[3] + rim[1])
    rows, columns = (
        _samples(box.place(inside[axis], axis), box.place(inside[axis + 2], axis), spans[axis], mask.shape[axis])
        for axis in (0, 1)
    )
    return stored_mask(interpolated(mask[rows.window, columns.window], rows, columns))


def _samples(low: float, high: float, span: tuple[float, float], cells: int) -> Samples:
    """Samples of a mask between two places of the input, on cells that lie over a span of it."""
    first, last = ((at - span[0]) / (span[1] - span[0]) * cells - 0.5 for at in (low, high))
    return Samples.between(first, last, cells, min(max(round((last - first) * 2) + 1, 2), _MOST_SAMPLES))
