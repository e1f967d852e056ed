"""From a YOLO network's output tensors to detections of the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import WHOLE_BOX, Detections
from objmask.detections.boxes import common_and_union
from objmask.models.networks.letterbox import Letterbox
from objmask.models.networks.mask_samples import Samples, interpolated, probability, stored_mask
from objmask.models.networks.yolo_layout import YoloLayout
from objmask.models.tensors import Quantisation

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_NMS_IOU = 0.7  # Ultralytics' default for prediction
_SAMPLES_PER_CELL, _MORE_SAMPLES = 1.25, 8
"""Samples of a mask, a side: so many a cell of the prototype grid, and so many more, which small masks need."""


@dataclass(frozen=True)
class Decoder:
    """Turns one frame's outputs into detections.

    Attributes:
        layout: which axis of the tensors is what.
        classes: names in the order of the network.
        predictions: how the predictions are stored.
        prototypes: how the mask prototypes are stored, if there are any.
        box_unit: input pixels a unit of the predicted boxes, (vertical, horizontal): 1 where they are in pixels, the
            input's size where they are normalised.
        floor: detections below this score are dropped.
        max_per_frame: the most detections kept, by score.
    """

    layout: YoloLayout
    classes: tuple[str, ...]
    predictions: Quantisation
    prototypes: Quantisation
    box_unit: tuple[float, float]
    floor: float
    max_per_frame: int

    @property
    def channels(self) -> int:
        """Numbers of an anchor, or of a detection, that the predictions have at least."""
        own = 2 if self.layout.end_to_end else self.layout.objectness + len(self.classes)
        return 4 + own + self.layout.coefficients

    def decode(self, predictions: npt.NDArray[Any], prototypes: npt.NDArray[Any] | None, box: Letterbox) -> Detections:
        """Detections of a frame, falling in score.

        Args:
            predictions: (4 + classes + coefficients, anchors), or that transposed, as `layout` says.
            prototypes: (coefficients, rows, columns) or (rows, columns, coefficients), as `layout` says; None: the
                network gives boxes only, and each mask is its whole box.
            box: how the frame lay in the input.
        """
        rows = predictions.T if self.layout.anchors_first else predictions
        scores, classes, columns = (self._finished if self.layout.end_to_end else self._candidates)(rows)
        if not len(scores):
            return Detections.empty()
        edges = self._edges(rows[:4, columns])
        inside, large = box.boxes_in_frame(edges)
        scores, classes, columns = scores[large], classes[large], columns[large]
        edges, inside = edges[large], inside[large]
        if self.layout.end_to_end:
            kept = np.argsort(-scores, kind="stable")[: self.max_per_frame]
        else:
            kept = suppress(edges, scores, classes, iou=_NMS_IOU, limit=self.max_per_frame)
        masks: tuple[npt.NDArray[np.uint8], ...] = (WHOLE_BOX,) * len(kept)
        if prototypes is not None:
            # They come last, whatever comes before them.
            coefficients = self.predictions.real(rows[len(rows) - self.layout.coefficients :, columns[kept]]).T
            masks = tuple(
                self._mask(vector, prototypes, sides, box)
                for vector, sides in zip(coefficients, inside[kept].tolist(), strict=True)
            )
        return Detections(scores[kept], tuple(self.classes[c] for c in classes[kept]), inside[kept], masks)

    def _candidates(self, rows: npt.NDArray[Any]) -> tuple[Float32, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """(score, class, anchor) of every anchor whose best class reaches the floor."""
        first = 4 + self.layout.objectness
        stored = rows[first : first + len(self.classes)]
        # One pass over the stored numbers; only anchors above the floor, a few in a hundred, are looked at again.
        best = self.predictions.real(stored.max(axis=0))
        if self.layout.objectness:
            best = best * self.predictions.real(rows[4])
        columns = np.flatnonzero(best >= np.float32(self.floor))
        return np.clip(best[columns], 0, 1), stored[:, columns].argmax(axis=0), columns

    def _finished(self, rows: npt.NDArray[Any]) -> tuple[Float32, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """(score, class, place) of every detection that reaches the floor; places that are left over score 0."""
        scores, classes = self.predictions.real(rows[4]), self.predictions.real(rows[5])
        columns = np.flatnonzero((scores >= np.float32(self.floor)) & (scores > 0))
        numbers = np.rint(classes[columns]).astype(np.intp)
        known = (numbers >= 0) & (numbers < len(self.classes))
        return np.clip(scores[columns[known]], 0, 1), numbers[known], columns[known]

    def _edges(self, stored: npt.NDArray[Any]) -> Float64:
        """(n, 4) top, left, bottom, right in input pixels, from the stored (4, n) sides or centre, width and height."""
        first, second, third, fourth = self.predictions.real(stored).astype(np.float64)
        vertical, horizontal = self.box_unit
        if self.layout.end_to_end:
            sides = (second, first, fourth, third)
        else:
            sides = (second - fourth / 2, first - third / 2, second + fourth / 2, first + third / 2)
        return np.stack(sides, axis=1) * (vertical, horizontal, vertical, horizontal)

    def _mask(
        self, coefficients: Float32, prototypes: npt.NDArray[Any], sides: list[float], box: Letterbox
    ) -> npt.NDArray[np.uint8]:
        """The soft mask of one box: uint8, probability x 255.

        The logits, not the probabilities, are interpolated: a network's border is straight in logits.
        """
        ymin, xmin, ymax, xmax = sides
        rows, columns = self._grid(prototypes)
        down = _samples(box.place(ymin, 0), box.place(ymax, 0), box.input_height / rows, rows)
        across = _samples(box.place(xmin, 1), box.place(xmax, 1), box.input_width / columns, columns)
        if self.layout.prototypes_first:
            window = self.prototypes.real(prototypes[:, down.window, across.window])
            logits = (coefficients @ window.reshape(len(window), -1)).reshape(window.shape[1:])
        else:
            logits = self.prototypes.real(prototypes[down.window, across.window]) @ coefficients
        return stored_mask(probability(interpolated(logits, down, across)))

    def _grid(self, prototypes: npt.NDArray[Any]) -> tuple[int, int]:
        rows, columns = prototypes.shape[1:] if self.layout.prototypes_first else prototypes.shape[:2]
        return int(rows), int(columns)


def suppress(
    edges: Float64, scores: Float32, classes: npt.NDArray[np.intp], *, iou: float, limit: int
) -> npt.NDArray[np.intp]:
    """Greedy non-maximum suppression within each class: indices of the boxes kept, falling in score.

    Args:
        edges: (n, 4) top, left, bottom, right.
        scores: (n,); of equal scores the earlier box wins.
        classes: (n,) class numbers; boxes of different classes never suppress each other.
        iou: boxes that overlap a better one by more than this are dropped.
        limit: the most boxes kept.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while order.size and len(kept) < limit:
        best, order = order[0], order[1:]
        kept.append(best)
        common, union = common_and_union(edges[order], edges[best : best + 1])
        over = common[:, 0] > iou * union[:, 0]
        order = order[~(over & (classes[order] == classes[best]))]
    return np.array(kept, np.intp)


def _samples(low: float, high: float, stride: float, cells: int) -> Samples:
    """Samples of a mask between two places of the input, on `cells` prototype cells of `stride` input pixels each."""
    first, last = low / stride - 0.5, high / stride - 0.5
    return Samples.between(first, last, cells, round((last - first) * _SAMPLES_PER_CELL) + 1 + _MORE_SAMPLES)
