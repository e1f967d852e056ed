"""Which tensor of a CenterFace network is what, told from the shapes."""

from __future__ import annotations

from objmask.models.tensors import ANY, NetworkFile

STRIDE = 4
"""Input pixels a cell of the outputs."""
STEP = 32
"""Sides of an input are multiples of this."""
CHANNELS = (1, 2, 2, 10)
"""Of the outputs, in their order: score; logarithm of height and width; offset of the centre; five landmarks."""
_DTYPES = ("float32", "float16")


def is_centerface(file: NetworkFile) -> bool:
    """Whether a file has the tensors of a CenterFace network."""
    shapes = [tensor.shape for tensor in file.outputs]
    if len(file.inputs) != 1 or tuple(shape[1] for shape in shapes if len(shape) == 4) != CHANNELS:
        return False
    taken = file.inputs[0].shape
    return (
        len(shapes) == len(CHANNELS)
        and len(taken) == 4
        and taken[1] == 3
        and all(tensor.dtype in _DTYPES for tensor in (*file.inputs, *file.outputs))
        and all(_fits(side, cells) for shape in shapes for side, cells in zip(taken[2:], shape[2:], strict=True))
    )


def _fits(side: int, cells: int) -> bool:
    return ANY in (side, cells) or side == cells * STRIDE
