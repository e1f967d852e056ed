"""Tensors of a network, and what a network's file says of them, whichever format it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

ANY = -1
"""A side of a shape that is not fixed."""


@dataclass(frozen=True)
class Quantisation:
    """real = (stored - zero_point) * scale; a scale of 0 means the tensor is float already."""

    scale: float = 0.0
    zero_point: int = 0

    def real(self, stored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """`stored` as float32."""
        if not self.scale:
            return stored.astype(np.float32, copy=False)
        return (stored.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)

    def stored(self, real: npt.NDArray[np.float64], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """`real` as the tensor holds it: rounded to the nearest and clipped to `dtype` where that is an integer."""
        if not self.scale:
            return real.astype(dtype)
        limits = np.iinfo(np.dtype(dtype))
        return np.clip(np.round(real / self.scale) + self.zero_point, limits.min, limits.max).astype(dtype)


@dataclass(frozen=True)
class Tensor:
    """An input or output.

    Attributes:
        name: as in the file.
        shape: its sides; ANY where a side is not fixed.
        dtype: NumPy's name of its type; empty: one that NumPy has not.
        quantisation: how its numbers are stored.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    quantisation: Quantisation = Quantisation()

    def __str__(self) -> str:
        sides = ", ".join("any" if side == ANY else str(side) for side in self.shape)
        return f"{self.name or 'unnamed'} ({sides}) {self.dtype or 'of an unknown type'}"


@dataclass(frozen=True)
class NetworkFile:
    """What a network's file says of itself.

    Attributes:
        inputs: what it takes.
        outputs: what it gives, in its order.
        metadata: what its exporter noted, by name; empty: nothing.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    metadata: Mapping[str, Any]

    @property
    def output_names(self) -> frozenset[str]:
        """Names of the outputs."""
        return frozenset(tensor.name for tensor in self.outputs)

    def __str__(self) -> str:
        return f"takes {', '.join(map(str, self.inputs))}; gives {', '.join(map(str, self.outputs))}"
