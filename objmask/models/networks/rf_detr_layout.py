"""Which tensor of an RF-DETR export is what, told from their names and shapes."""

from __future__ import annotations

from dataclasses import dataclass

from objmask.errors import ModelError
from objmask.models.tensors import ANY, NetworkFile, Tensor

_BOXES, _CLASSES, _MASKS = "dets", "labels", "masks"
"""Names of the outputs, as the package `rfdetr` exports them; a file without masks gives boxes only."""
_LEAST_PX = 32
_DTYPES = ("float32", "float16")


@dataclass(frozen=True)
class RfDetrLayout:
    """The input and the outputs of a network.

    Attributes:
        batch: pictures at a time; ANY: as many as one likes.
        height: of the input `(batch, 3, height, width)`, pixels.
        width: of the input, pixels.
        boxes: index of the output `(batch, queries, 4)`: centre x and y, width and height, 0..1.
        logits: index of the output `(batch, queries, classes)`.
        masks: index of the output `(batch, queries, rows, columns)`, logits over the whole picture; None: boxes only.
        classes: number of classes that the logits are of.
    """

    batch: int
    height: int
    width: int
    boxes: int
    logits: int
    masks: int | None
    classes: int

    @staticmethod
    def named_so(file: NetworkFile) -> bool:
        """Whether the outputs are called like those of such a network."""
        return file.output_names in ({_BOXES, _CLASSES}, {_BOXES, _CLASSES, _MASKS})

    @classmethod
    def of(cls, file: NetworkFile) -> RfDetrLayout:
        """Tells the tensors apart.

        Raises:
            ModelError: they are not those of such a network; the message lacks the file's name.
        """
        index = {tensor.name: i for i, tensor in enumerate(file.outputs)}
        masks = index.get(_MASKS)
        if not cls.named_so(file) or len(file.inputs) != 1:
            raise ModelError(f"{file}: not an RF-DETR export, which takes one picture and gives dets, labels and masks")
        taken, boxes, logits = file.inputs[0], file.outputs[index[_BOXES]], file.outputs[index[_CLASSES]]
        _expect(taken, len(taken.shape) == 4 and taken.shape[1] == 3, "pictures (n, 3, height, width)")
        batch, _, height, width = taken.shape
        _expect(taken, min(height, width) >= _LEAST_PX, "an input of fixed sides; only n may be left open")
        _expect(boxes, len(boxes.shape) == 3 and boxes.shape[2] == 4, "boxes (n, queries, 4)")
        _expect(logits, len(logits.shape) == 3 and logits.shape[2] != ANY, "logits (n, queries, classes)")
        told = [boxes, logits]
        if masks is not None:
            mask = file.outputs[masks]
            _expect(mask, len(mask.shape) == 4 and min(mask.shape[2:]) > 1, "masks (n, queries, rows, columns)")
            told.append(mask)
        for tensor in told:
            _expect(tensor, tensor.shape[1] == boxes.shape[1], "as many queries as boxes")
        for tensor in (taken, *told):
            _expect(tensor, tensor.dtype in _DTYPES, " or ".join(_DTYPES))
        return cls(batch, height, width, index[_BOXES], index[_CLASSES], masks, logits.shape[2])


def _expect(tensor: Tensor, fits: bool, what: str) -> None:
    if not fits:
        raise ModelError(f"RF-DETR's {tensor}: expected {what}; export it again with `model.export()`")
