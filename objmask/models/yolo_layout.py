"""Which tensor of a YOLO segmentation network is what, told from the shapes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from objmask.errors import ModelError

_STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))  # usual, P6 and P2 heads


@dataclass(frozen=True)
class YoloLayout:
    """The input and the two outputs of a network.

    Attributes:
        batch: frames at a time.
        height: input height in pixels.
        width: input width in pixels.
        channels_first: whether the input is `(batch, 3, height, width)` rather than `(batch, height, width, 3)`.
        predictions: index of the output `(batch, 4 + classes + coefficients, anchors)`.
        prototypes: index of the output that holds the prototype masks.
        anchors_first: whether predictions are `(batch, anchors, 4 + classes + coefficients)` instead.
        prototypes_first: whether prototypes are `(batch, coefficients, rows, columns)` rather than
            `(batch, rows, columns, coefficients)`.
        classes: number of object classes.
        coefficients: number of mask coefficients and of prototype masks.
        stride: input pixels a prototype cell, (vertical, horizontal).
    """

    batch: int
    height: int
    width: int
    channels_first: bool
    predictions: int
    prototypes: int
    anchors_first: bool
    prototypes_first: bool
    classes: int
    coefficients: int
    stride: tuple[float, float]

    @classmethod
    def from_shapes(cls, inputs: Sequence[Sequence[int]], outputs: Sequence[Sequence[int]]) -> YoloLayout:
        """Tells the tensors apart by their rank and size.

        Raises:
            ModelError: they are not those of a YOLO segmentation network; the message lacks the file's name.
        """
        batch, height, width, channels_first = _input(inputs)
        by_rank = {len(shape): i for i, shape in enumerate(outputs)}
        if sorted(by_rank) == [3] and len(outputs) == 1:
            raise ModelError(
                "it is a detection-only export (one output, no mask prototypes); export a segmentation model (-seg)"
            )
        if sorted(by_rank) != [3, 4] or len(outputs) != 2:
            shapes = ", ".join(str(tuple(shape)) for shape in outputs)
            raise ModelError(f"expected two outputs, predictions and mask prototypes, but it has {shapes}")
        predictions, prototypes = outputs[by_rank[3]], outputs[by_rank[4]]
        anchors = {sum((height // s) * (width // s) for s in strides) for strides in _STRIDES}
        if predictions[2] not in anchors and predictions[1] not in anchors:
            raise ModelError(
                f"its predictions {tuple(predictions)} are not raw anchors; export it with nms=False, end2end=False"
            )
        anchors_first = predictions[2] not in anchors
        channels = predictions[2] if anchors_first else predictions[1]
        # The prototype grid has the input's proportions; the odd one out is the number of prototypes.
        _, first, middle, last = prototypes
        prototypes_first = first * width != middle * height
        if prototypes_first and middle * width != last * height:
            raise ModelError(f"its mask prototypes {tuple(prototypes)} do not fit the input {height}x{width}")
        rows, columns, coefficients = (middle, last, first) if prototypes_first else (first, middle, last)
        classes = channels - 4 - coefficients
        if classes < 1:
            raise ModelError(f"{channels} channels leave no classes beside 4 box sides and {coefficients} coefficients")
        return cls(
            batch,
            height,
            width,
            channels_first,
            by_rank[3],
            by_rank[4],
            anchors_first,
            prototypes_first,
            classes,
            coefficients,
            (height / rows, width / columns),
        )


def _input(inputs: Sequence[Sequence[int]]) -> tuple[int, int, int, bool]:
    """(batch, height, width, channels_first) of the only input."""
    if len(inputs) == 1 and len(inputs[0]) == 4:
        batch, first, middle, last = inputs[0]
        if last == 3 and min(first, middle) >= 32:
            return batch, first, middle, False
        if first == 3 and min(middle, last) >= 32:
            return batch, middle, last, True
    shapes = ", ".join(str(tuple(shape)) for shape in inputs)
    raise ModelError(
        f"expected one image input of fixed size (n, height, width, 3) or (n, 3, height, width), got {shapes}"
    )
