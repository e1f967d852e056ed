"""A network that is ready to compute, whichever library runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from objmask.models.detector import Loading
from objmask.models.tensors import Tensor

_BATCH_ON_GPU = 8

Array = npt.NDArray[Any]
Write = Callable[[Array], None]


class Graph(Protocol):
    """A network with one input, for one thread at a time.

    Attributes:
        inputs: what it takes.
        outputs: what it gives, in the order of its file.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def run(self, write: Write, shape: Sequence[int] | None = None) -> list[Array]:
        """Computes.

        Args:
            write: writes the input into the array that it is given; that holds what it held before.
            shape: of the input; None: as the file says, which then has to fix all sides.

        Returns:
            The outputs; the next run may overwrite them.

        Raises:
            ModelError: the network cannot be run.
        """
        ...


@dataclass(frozen=True)
class Opened:
    """A network's file, opened by the library that runs it.

    Attributes:
        runtime: the package that computes; results name its version.
        placement: device and library, in words.
        on_gpu: whether it computes on a GPU, which likes several pictures at once.
        graph: gives a graph for a thread of its own; weights are shared where the library can.
        refuse_nan: checks all weights; raises ModelError.
    """

    runtime: str
    placement: str
    on_gpu: bool
    graph: Callable[[], Graph]
    refuse_nan: Callable[[], None]

    def batch(self, loading: Loading) -> int:
        """Pictures a run, where the file leaves that open."""
        return loading.batch or (_BATCH_ON_GPU if self.on_gpu else 1)


def look_up(picture: npt.NDArray[np.uint8], table: Array, slot: Array, *, channels_first: bool) -> None:
    """Writes a picture into a network's input, its levels replaced by numbers of the input's type.

    Straight into the library's memory: fresh arrays of this size cost more than the look-up itself.

    Args:
        picture: uint8 (height, width, 3).
        table: (256,) or (256, 3), what stands for a level, of each channel where they differ.
        slot: of the input, (3, height, width) or (height, width, 3).
        channels_first: which of the two.
    """
    by_channel = table.ndim == 2
    if slot.dtype == np.float16:  # OpenCV has no tables of these
        values = table[picture, np.arange(3)] if by_channel else table[picture]
        slot[...] = np.moveaxis(values, 2, 0) if channels_first else values
    elif channels_first:
        for channel, values in enumerate(cv2.split(picture)):
            cv2.LUT(values, np.ascontiguousarray(table[:, channel]) if by_channel else table, slot[channel])
    else:
        cv2.LUT(picture, table[None] if by_channel else table, slot)
