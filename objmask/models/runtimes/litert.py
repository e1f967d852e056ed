"""TensorFlow Lite files, run by LiteRT, on the CPU."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

from ai_edge_litert.interpreter import Interpreter

from objmask.errors import ModelError, first_line
from objmask.models.detector import Loading
from objmask.models.formats.tflite import refuse_nan
from objmask.models.graph import Array, Opened, Write
from objmask.models.tensors import Quantisation, Tensor

_DTYPES = ("float32", "int8", "uint8")


def open_litert(path: Path, name: str, loading: Loading) -> Opened:
    """Opens a file.

    Raises:
        ModelError: LiteRT cannot run it, or the device is to be a GPU.
    """
    if loading.device == "gpu":
        raise ModelError(f"{name}: TensorFlow Lite models run on the CPU; set device: cpu or auto")
    precision = LitertGraph(path, name).inputs[0].dtype
    return Opened(
        runtime="ai-edge-litert",
        placement=f"CPU, LiteRT, {precision} input",
        on_gpu=False,
        graph=lambda: LitertGraph(path, name),
        refuse_nan=lambda: refuse_nan(path),
    )


class LitertGraph:
    """An interpreter of one thread. See `Graph`."""

    def __init__(self, path: Path, name: str) -> None:
        self._name = name
        try:
            self._interpreter = Interpreter(os.fspath(path), num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: LiteRT cannot run it ({first_line(error)}); export it again") from error
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        for tensor in (*inputs, *outputs):
            if not math.isfinite(tensor["quantization"][0]) or tensor["quantization"][0] < 0:
                raise ModelError(f"{path}: the scale of a tensor is {tensor['quantization'][0]}; export it again")
        self.inputs, self.outputs = (
            tuple(
                Tensor(
                    one["name"],
                    tuple(one["shape"].tolist()),
                    one["dtype"].__name__,
                    Quantisation(float(one["quantization"][0]), int(one["quantization"][1])),
                )
                for one in some
            )
            for some in (inputs, outputs)
        )
        for told in (*self.inputs, *self.outputs):
            if told.dtype not in _DTYPES:
                raise ModelError(f"{path}: {told.dtype} tensors; export it as float32 or int8")
        self._input, self._outputs = inputs[0]["index"], [one["index"] for one in outputs]

    def run(self, write: Write, shape: Sequence[int] | None = None) -> list[Array]:
        """See `Graph.run`; TensorFlow Lite files fix their shapes."""
        write(self._interpreter.tensor(self._input)())  # not kept: it would not run while its memory is looked at
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self._name}: LiteRT cannot run it ({first_line(error)}); install it again") from error
        return [self._interpreter.tensor(index)() for index in self._outputs]
