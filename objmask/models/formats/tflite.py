"""Tensor shapes and metadata of a TensorFlow Lite file, read without any TensorFlow.

The walk follows the flatbuffer layout (https://flatbuffers.dev/internals/) and the field numbers of TensorFlow's
`schema.fbs`; Ultralytics appends its metadata as a zip archive to the end of the file.
"""

from __future__ import annotations

import ast
import json
import math
import mmap
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.errors import ModelError
from objmask.models.tensors import NetworkFile, Tensor

_MAGIC = b"TFL3"
_METADATA_LIMIT_BYTES = 1 << 20
_METADATA_NAMES = ("metadata.json", "temp_meta.txt")
_TAIL_BYTES = 1 << 16

_MODEL_SUBGRAPHS, _MODEL_BUFFERS = 2, 4
_SUBGRAPH_TENSORS, _SUBGRAPH_INPUTS, _SUBGRAPH_OUTPUTS = 0, 1, 2
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_BUFFER, _TENSOR_NAME, _TENSOR_QUANTISATION = 0, 1, 2, 3, 4
_BUFFER_DATA, _QUANTISATION_SCALE = 0, 2
_FLOATS = {0: "<f4", 1: "<f2"}
"""NumPy's names of the types of tensors that hold floating-point numbers."""
_DTYPES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8"}
_MOST_NAME_BYTES = 256


def read_tflite(path: Path) -> NetworkFile:
    """Reads a `.tflite` file; touches only its index, not its weights.

    Raises:
        ModelError: the file is missing, not a TensorFlow Lite file, or cut short.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(8)[4:] != _MAGIC:
                raise ModelError(f"{path}: not a TensorFlow Lite model; download or export it again")
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                inputs, outputs = _tensors(_Buffer(data))
                tail = data[-_TAIL_BYTES:]
    except OSError as error:
        raise ModelError(f"{path}: cannot be read; check the path ({error.strerror})") from error
    except (struct.error, IndexError) as error:
        raise ModelError(f"{path}: damaged or cut short; download or export it again") from error
    metadata = _metadata(path)
    if metadata is None:
        if any(name.encode() in tail for name in _METADATA_NAMES):
            raise ModelError(f"{path}: cut short within its metadata; download or export it again")
        metadata = {}
    return NetworkFile(inputs, outputs, metadata)


def refuse_nan(path: Path) -> None:
    """Checks the numbers of a whole network: where it computes in 8 bits, NaN becomes some number on its way.

    Raises:
        ModelError: a weight is NaN, a scale is not finite, or the file is damaged.
    """
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            wrong = _nan_in(_Buffer(data))
    except (OSError, struct.error, IndexError, ValueError) as error:
        raise ModelError(f"{path}: damaged or cut short; download or export it again") from error
    if wrong:
        raise ModelError(f"{path}: {wrong}; it is damaged: download or export it again")


class _Buffer:
    """Bounds-checked little-endian reads; every position outside the file raises IndexError."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.size = len(data)

    def number(self, kind: str, position: int) -> int:
        if position < 0:
            raise IndexError(position)
        value: int = struct.unpack_from("<" + kind, self._data, position)[0]
        return value

    def follow(self, position: int) -> int:
        """Where the unsigned offset at `position` points to."""
        return position + self.number("I", position)

    def field(self, table: int, index: int) -> int | None:
        """Position of a table's field, or None where it has its default."""
        vtable = table - self.number("i", table)
        entry = 4 + 2 * index
        if entry >= self.number("H", vtable):
            return None
        offset = self.number("H", vtable + entry)
        return table + offset if offset else None

    def vector(self, table: int, index: int, item_bytes: int) -> Iterator[int]:
        """Positions of the items of a table's vector field, after checking that the whole vector is there."""
        field = self.field(table, index)
        if field is None:
            return
        start = self.follow(field)
        count = self.number("I", start)
        if start + 4 + count * item_bytes > self.size:
            raise IndexError(start)
        yield from range(start + 4, start + 4 + count * item_bytes, item_bytes)

    def text(self, table: int, index: int) -> str:
        """A table's text field, cut to a bearable length; empty where it has none."""
        start = next(self.vector(table, index, 1), None)
        if start is None:
            return ""
        length = min(self.number("I", start - 4), _MOST_NAME_BYTES)
        return bytes(self._data[start : start + length]).decode("utf-8", "replace")

    def array(self, table: int, dtype: str) -> npt.NDArray[Any]:
        """A copy of a buffer's numbers."""
        start = next(self.vector(table, _BUFFER_DATA, 1), None)
        if start is None:
            return np.zeros(0, dtype)
        count = self.number("I", start - 4)
        return np.frombuffer(self._data[start : start + count], dtype)


def _tensors(data: _Buffer) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of the first subgraph; checks on the way that all weights are there."""
    model = data.follow(0)
    for item in data.vector(model, _MODEL_BUFFERS, 4):
        next(data.vector(data.follow(item), _BUFFER_DATA, 1), None)
    graph = data.follow(next(data.vector(model, _MODEL_SUBGRAPHS, 4), -1))
    tensors = [data.follow(item) for item in data.vector(graph, _SUBGRAPH_TENSORS, 4)]

    def told(field: int) -> tuple[Tensor, ...]:
        return tuple(_tensor(data, tensors[data.number("i", item)]) for item in data.vector(graph, field, 4))

    return told(_SUBGRAPH_INPUTS), told(_SUBGRAPH_OUTPUTS)


def _tensor(data: _Buffer, table: int) -> Tensor:
    shape = tuple(data.number("i", item) for item in data.vector(table, _TENSOR_SHAPE, 4))
    kind = data.field(table, _TENSOR_TYPE)
    dtype = _DTYPES.get(data.number("b", kind) if kind is not None else 0, "")
    return Tensor(data.text(table, _TENSOR_NAME), shape, dtype)


def _nan_in(data: _Buffer) -> str:
    """What is wrong with the network's numbers; empty: nothing. Infinite weights are how some exports pad."""
    model = data.follow(0)
    buffers = [data.follow(item) for item in data.vector(model, _MODEL_BUFFERS, 4)]
    for graph in (data.follow(item) for item in data.vector(model, _MODEL_SUBGRAPHS, 4)):
        for tensor in (data.follow(item) for item in data.vector(graph, _SUBGRAPH_TENSORS, 4)):
            kind, buffer = data.field(tensor, _TENSOR_TYPE), data.field(tensor, _TENSOR_BUFFER)
            dtype = _FLOATS.get(data.number("b", kind) if kind is not None else 0)
            if dtype and buffer is not None and np.isnan(data.array(buffers[data.number("I", buffer)], dtype)).any():
                return "a weight is no number (NaN)"
            scales = data.field(tensor, _TENSOR_QUANTISATION)
            if scales is not None and not _all_finite(data, data.follow(scales)):
                return "the scale of a tensor is no finite number"
    return ""


def _all_finite(data: _Buffer, quantisation: int) -> bool:
    return all(math.isfinite(data.number("f", item)) for item in data.vector(quantisation, _QUANTISATION_SCALE, 4))


def _metadata(path: Path) -> dict[str, Any] | None:
    """The dictionary in the zip archive at the end of the file; None: no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = sorted(archive.infolist(), key=lambda entry: entry.filename not in _METADATA_NAMES)
            for entry in entries:
                if entry.file_size > _METADATA_LIMIT_BYTES or not entry.filename.endswith((".json", ".txt")):
                    continue
                parsed = _dictionary(archive.read(entry))
                if parsed is not None:
                    return parsed
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return None
    return {}


def _dictionary(raw: bytes) -> dict[str, Any] | None:
    """Parses JSON, or the Python literal that older Ultralytics versions wrote; None: neither."""
    text = raw.decode("utf-8", errors="replace")
    for parse in (json.loads, ast.literal_eval):
        try:
            parsed = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(parsed, dict):
            return parsed
    return None
