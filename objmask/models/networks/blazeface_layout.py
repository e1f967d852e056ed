"""Which BlazeFace network a file is, told from the shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from objmask.models.tensors import NetworkFile

_GRIDS: Mapping[int, tuple[tuple[int, int], ...]] = {
    192: ((4, 1),),
    128: ((8, 2), (16, 6)),
    256: ((16, 2), (32, 6)),
}
"""By the input's side, pixels: strides of its grids, and anchors a cell. Of the networks for a full range, for a short
range (front camera), and of the first one for the back camera."""
_NUMBERS = 16
"""Of an anchor: centre and size of the box, six landmarks."""


@dataclass(frozen=True)
class BlazeFaceLayout:
    """The input and the outputs of a network.

    Attributes:
        side: of the input, pixels.
        grids: of the anchors, in order: stride in input pixels, and anchors a cell.
        boxes: index of the output `(1, anchors, 16)`.
        scores: index of the output `(1, anchors, 1)`.
    """

    side: int
    grids: tuple[tuple[int, int], ...]
    boxes: int
    scores: int

    @classmethod
    def of(cls, file: NetworkFile) -> BlazeFaceLayout | None:
        """Tells the tensors apart; None: they are not those of a BlazeFace network."""
        taken = [tensor.shape for tensor in file.inputs]
        given = [tensor.shape for tensor in file.outputs]
        real = all(tensor.dtype == "float32" for tensor in (*file.inputs, *file.outputs))
        for side, grids in _GRIDS.items():
            anchors = sum((side // stride) ** 2 * count for stride, count in grids)
            boxes, scores = (1, anchors, _NUMBERS), (1, anchors, 1)
            if taken == [(1, side, side, 3)] and sorted(given) == [scores, boxes] and real:
                return cls(side, grids, given.index(boxes), given.index(scores))
        return None
