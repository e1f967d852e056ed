"""Networks of the form of CenterFace and BlazeFace, tiny but real: a bright cell of the picture is a face."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from onnx import ValueInfoProto

POINTS = ((0.3, 0.3), (0.3, 0.7), (0.5, 0.5), (0.75, 0.35), (0.75, 0.65))
"""y, x of eyes, nose and corners of the mouth, shares of the face's height and width."""


def build_centerface(
    path: Path,
    *,
    size: tuple[float, float] = (40.0, 32.0),
    points: tuple[tuple[float, float], ...] = POINTS,
    cells: int = 4,
    value: float = 0.0,
) -> Path:
    """Writes an ONNX file whose sides are fixed and whose weights are among its inputs, as in the genuine one.

    Args:
        path: the file.
        size: height and width of each face, input pixels.
        points: the landmarks.
        cells: pixels of the input a cell of the outputs; CenterFace has 4.
        value: of a weight that decides nothing unless it is NaN.
    """
    from onnx import TensorProto, helper, numpy_helper

    def told(name: str, *shape: int) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    taken, side = told("input.1", 10, 3, 32, 32), 32 // cells
    given, nodes, weights = [], [], []
    biases = {
        "score": [value],
        "size": [math.log(side_px / 4) for side_px in size],
        "offset": [0.0, 0.0],
        "landmarks": [share for point in points for share in point],
    }
    for name, bias in biases.items():
        kernel = np.zeros((len(bias), 3, cells, cells), np.float32)
        if name == "score":
            kernel[:, 1] = 1 / (255 * cells * cells)  # green is the score
        weights += [
            numpy_helper.from_array(kernel, f"{name}.weight"),
            numpy_helper.from_array(np.array(bias, np.float32), f"{name}.bias"),
        ]
        nodes.append(
            helper.make_node(
                "Conv",
                ["input.1", f"{name}.weight", f"{name}.bias"],
                [name],
                strides=[cells] * 2,
                kernel_shape=[cells] * 2,
            )
        )
        given.append(told(name, 10, len(bias), side, side))
    inputs = [taken, *(told(weight.name, *weight.dims) for weight in weights)]
    graph = helper.make_graph(nodes, "faces", inputs, given, weights)
    path.write_bytes(
        helper.make_model(graph, ir_version=4, opset_imports=[helper.make_opsetid("", 9)]).SerializeToString()
    )
    return path


def build_blazeface(path: Path, *, size: float = 40.0) -> Path:
    """Writes a TensorFlow Lite file of 192 pixels a side, whose outputs come in the order of their names.

    Args:
        path: the file.
        size: height and width of each face, input pixels; an upright one.
    """
    import tensorflow as tf

    points = [(x - 0.5, y - 0.5) for y, x in (*POINTS[:3], (0.75, 0.5), (0.4, 0.0), (0.4, 1.0))]
    numbers = [0.0, 0.0, size, size, *(size * share for point in points for share in point)]

    def network(images: tf.Tensor) -> list[tf.Tensor]:
        green = tf.nn.avg_pool2d(images[..., 1:2], 4, 4, "VALID")
        scores = tf.reshape(green * 10 - 5, (1, 2304, 1))
        return [tf.zeros((1, 2304, 16)) + tf.constant(numbers) + scores * 0, scores]

    concrete = tf.function(network, input_signature=[tf.TensorSpec((1, 192, 192, 3), tf.float32)])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete.get_concrete_function()])
    path.write_bytes(converter.convert())
    return path
