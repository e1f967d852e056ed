"""What an ONNX file says of itself, read by the `onnx` package, which is imported when a file is read."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from objmask.errors import ModelError
from objmask.models.tensors import ANY, NetworkFile, Tensor

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

_MOST_BYTES = 2 << 30
"""Protocol buffers can be no larger."""
_MOST_METADATA_CHARS = 1 << 20


def load_onnx(path: Path) -> ModelProto:
    """Reads a whole ONNX file.

    Raises:
        ModelError: the file is missing, no ONNX file, cut short, or has its weights in other files.
    """
    import onnx

    try:
        size = path.stat().st_size
        if size >= _MOST_BYTES:
            raise ModelError(f"{path}: {size} bytes, more than an ONNX file can have; export it again")
        model = onnx.load(str(path), format="protobuf", load_external_data=False)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read; check the path ({error.strerror})") from error
    except Exception as error:  # protobuf's DecodeError, whichever implementation of it is there
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path}: not an ONNX model, or cut short; download or export it again") from error
    if not model.graph.node or not model.graph.output:
        raise ModelError(f"{path}: not an ONNX model, or cut short; download or export it again")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _weights(model)):
        raise ModelError(
            f"{path}: keeps its weights in other files; make one file of it: "
            "import onnx; onnx.save(onnx.load('<this file>'), 'one.onnx')"
        )
    return model


def read_onnx(path: Path) -> NetworkFile:
    """Reads the tensors and the metadata of an ONNX file.

    Raises:
        ModelError: as `load_onnx`.
    """
    model = load_onnx(path)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = tuple(_tensor(value) for value in model.graph.input if value.name not in weights)
    outputs = tuple(_tensor(value) for value in model.graph.output)
    return NetworkFile(
        inputs, outputs, {_text(entry.key): _value(_text(entry.value)) for entry in model.metadata_props}
    )


def weight_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name to shape of the constants of a network.

    Raises:
        ModelError: as `load_onnx`.
    """
    return {_text(tensor.name): tuple(tensor.dims) for tensor in load_onnx(path).graph.initializer}


def refuse_nan(path: Path) -> None:
    """Checks the weights of a network.

    Raises:
        ModelError: one is NaN, or the file is damaged.
    """
    from onnx import numpy_helper

    for tensor in _weights(load_onnx(path)):
        name = _text(tensor.name)
        try:
            values = numpy_helper.to_array(tensor)
        except (ValueError, TypeError) as error:
            raise ModelError(f"{path}: weight {name} is damaged; download or export it again") from error
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise ModelError(
                f"{path}: weight {name} holds numbers that are none (NaN): it is damaged, download or export it again"
            )


def _weights(model: ModelProto) -> Iterator[TensorProto]:
    """All constant tensors of a network: those of the graphs and functions in it too."""
    yield from _weights_of(model.graph)
    for function in model.functions:
        yield from _weights_in(function.node)


def _weights_of(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    yield from (sparse.values for sparse in graph.sparse_initializer)
    yield from _weights_in(graph.node)


def _weights_in(nodes: Iterable[NodeProto]) -> Iterator[TensorProto]:
    for attribute in (one for node in nodes for one in node.attribute):
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        if attribute.HasField("sparse_tensor"):
            yield attribute.sparse_tensor.values
        if attribute.HasField("g"):
            yield from _weights_of(attribute.g)
        for graph in attribute.graphs:
            yield from _weights_of(graph)


def _tensor(value: ValueInfoProto) -> Tensor:
    from onnx import helper

    kind = value.type.tensor_type
    sides = tuple(side.dim_value if side.dim_value > 0 else ANY for side in kind.shape.dim)
    try:
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type)).name
    except (KeyError, TypeError, ValueError):
        dtype = ""
    return Tensor(_text(value.name), sides, dtype)


def _text(said: str | bytes) -> str:
    """A text of the file; what is no UTF-8 comes as bytes."""
    return said if isinstance(said, str) else said.decode("utf-8", "replace")


def _value(text: str) -> Any:
    """What an exporter noted: JSON, a Python literal (as Ultralytics writes), or else a text."""
    if len(text) > _MOST_METADATA_CHARS or not text.lstrip().startswith(("{", "[")):
        return text
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return text
