"""Reading a network's file, whichever format it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from objmask.models.formats.onnx import read_onnx
from objmask.models.formats.tflite import read_tflite
from objmask.models.tensors import NetworkFile

FORMATS: Mapping[str, Callable[[Path], NetworkFile]] = {".onnx": read_onnx, ".tflite": read_tflite}
"""By suffix of the file, in lower case."""


def is_network_file(path: Path) -> bool:
    """Whether a path is named like a file of tensors and operations, of which the tensors tell what it is."""
    return path.suffix.lower() in FORMATS and path.is_file()


def read_network_file(path: Path) -> NetworkFile:
    """What the file says of itself. Several families ask: it is read once as long as it stays the same.

    Raises:
        ModelError: it is missing, damaged, or of another format than its name says.
    """
    there = path.stat()
    return _read(path, there.st_mtime_ns, there.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, mtime_ns: int, size: int) -> NetworkFile:
    return FORMATS[path.suffix.lower()](path)
