"""Opening a network's file with the library that runs it."""

from __future__ import annotations

from pathlib import Path

from objmask.models.detector import Loading
from objmask.models.graph import Opened


def open_network(path: Path, name: str, loading: Loading) -> Opened:
    """Opens a `.tflite` or `.onnx` file.

    Args:
        path: the file.
        name: of the model, for errors.
        loading: where it is to run.

    Raises:
        ModelError: its library cannot run it, or not on that device.
    """
    if path.suffix == ".onnx":
        from objmask.models.runtimes.onnx import open_onnx

        return open_onnx(path, name, loading)
    from objmask.models.runtimes.litert import open_litert

    return open_litert(path, name, loading)
