"""Which tensor of a torchvision detector's export is what, told from types and shapes: names are often numbers."""

from __future__ import annotations

from dataclasses import dataclass

from objmask.errors import ModelError
from objmask.models.tensors import ANY, NetworkFile, Tensor

_FLOATS, _INTEGERS = ("float32", "float16"), ("int64", "int32")
_LEAST_PX = 32


@dataclass(frozen=True)
class TorchvisionLayout:
    """The input and the outputs of a network, which takes one picture and gives what it found in it.

    Attributes:
        height: of the input, pixels; ANY: that of the picture.
        width: of the input, pixels; ANY: that of the picture.
        boxes: index of the output `(found, 4)`: left, top, right, bottom in pixels of the input.
        classes: index of the output `(found,)`, whole numbers from 1.
        scores: index of the output `(found,)`, 0..1.
        masks: index of the output `(found, 1, rows, columns)`, probabilities over the input, or over each box; None:
            boxes only.
    """

    height: int
    width: int
    boxes: int
    classes: int
    scores: int
    masks: int | None

    @classmethod
    def of(cls, file: NetworkFile) -> TorchvisionLayout:
        """Tells the tensors apart.

        Raises:
            ModelError: they are not those of such a network; the message lacks the file's name.
        """
        place = {_kind(tensor): i for i, tensor in enumerate(file.outputs)}
        kinds = {"boxes", "classes", "scores"}
        if len(place) != len(file.outputs) or set(place) not in (kinds, {*kinds, "masks"}) or len(file.inputs) != 1:
            raise ModelError(f"{file}: not torchvision's, which takes one picture and gives boxes, labels and scores")
        taken = file.inputs[0]
        sides = taken.shape[-2:]
        if (
            taken.shape[:-2] not in ((3,), (1, 3), (ANY, 3))
            or taken.dtype not in _FLOATS
            or not all(side == ANY or side >= _LEAST_PX for side in sides)
        ):
            raise ModelError(f"torchvision's {taken}: expected one picture (3, height, width) of {_FLOATS[0]}")
        return cls(sides[0], sides[1], place["boxes"], place["classes"], place["scores"], place.get("masks"))


def _kind(tensor: Tensor) -> str:
    """What an output holds; its name where it is none of these."""
    rank, whole = len(tensor.shape), tensor.dtype in _INTEGERS
    if not whole and tensor.dtype not in _FLOATS:
        return tensor.name
    if rank == 1:
        return "classes" if whole else "scores"
    if rank == 2 and not whole and tensor.shape[1] in (4, ANY):
        return "boxes"
    if rank == 4 and not whole and tensor.shape[1] in (1, ANY):
        return "masks"
    return tensor.name
