"""ONNX networks of given outputs, tiny but real: they are opened and run by onnxruntime like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Side = int | str
"""Of a shape; a text is the name of one that is not fixed."""


def constants(
    path: Path,
    outputs: Mapping[str, npt.NDArray[Any]],
    takes: Sequence[Side],
    *,
    name: str = "input",
    dtype: npt.DTypeLike = np.float32,
    gives: Mapping[str, Sequence[Side]] | None = None,
    batched: bool = False,
    metadata: Mapping[str, object] | None = None,
    weights: Mapping[str, npt.NDArray[Any]] | None = None,
    opset: int = 17,
) -> Path:
    """Writes a network that gives the same for every picture.

    Args:
        path: the file.
        outputs: what it gives, by name.
        takes: shape of its input.
        name: of the input.
        dtype: of the input.
        gives: shapes that the file tells of outputs, where they are not those of the constants.
        batched: repeat each output, of a first side of 1, for every picture of the input.
        metadata: what an exporter noted.
        weights: others, that the network does not use.
        opset: version of the operators.
    """
    weights = {"zero": np.zeros((), dtype), **(weights or {})}
    nodes = [
        helper.make_node("ReduceMean", [name], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["none"]),
    ]
    for given, values in outputs.items():
        weights[f"{given}.constant"] = values
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        nodes.append(helper.make_node("Cast", ["none"], [f"{given}.none"], to=kind))
        sum_name = f"{given}.one" if batched else given
        nodes.append(helper.make_node("Add", [f"{given}.constant", f"{given}.none"], [sum_name]))
        if batched:
            weights[f"{given}.sides"] = np.array(values.shape[1:], np.int64)
            nodes += [
                helper.make_node("Shape", [name], [f"{given}.batch"], start=0, end=1),
                helper.make_node("Concat", [f"{given}.batch", f"{given}.sides"], [f"{given}.shape"], axis=0),
                helper.make_node("Expand", [sum_name, f"{given}.shape"], [given]),
            ]
    return write(
        path,
        nodes,
        {name: (dtype, takes)},
        {given: (values.dtype, (gives or {}).get(given, values.shape)) for given, values in outputs.items()},
        weights,
        metadata,
        opset,
    )


def write(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[npt.DTypeLike, Sequence[Side]]],
    outputs: Mapping[str, tuple[npt.DTypeLike, Sequence[Side]]],
    weights: Mapping[str, npt.NDArray[Any]],
    metadata: Mapping[str, object] | None = None,
    opset: int = 17,
) -> Path:
    """Writes a network of these nodes; inputs and outputs by name, as dtype and shape."""
    taken, given = (
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape))
            for name, (dtype, shape) in some.items()
        ]
        for some in (inputs, outputs)
    )
    constants = [numpy_helper.from_array(np.asarray(values), name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "network", taken, given, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, {key: str(value) for key, value in (metadata or {}).items()})
    onnx.save(model, str(path))
    return path
