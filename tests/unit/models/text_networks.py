"""Networks that find lines of text: a real one out of an installed package, and tiny ones built here."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

REAL = Path(str(files("rapidocr"))) / "models/PP-OCRv6_det_small.onnx"
WORDS = ("quarter", "Report", "4711", "invoice", "salary", "Alice", "minutes", "review")
Frame = npt.NDArray[np.uint8]


def page(width: int = 640, height: int = 360, rows: int = 8, tilt: float = 0) -> tuple[Frame, npt.NDArray[np.bool_]]:
    """A page of lines, RGB, and which of its pixels are ink; turned by degrees about its middle."""
    sheet = np.full((height, width), 255, np.uint8)
    for row in range(rows):
        place = (width // 8, round((row + 1) * height / (rows + 1)))
        line = " ".join(WORDS[(row + k) % len(WORDS)] for k in range(3))
        cv2.putText(sheet, line, place, cv2.FONT_HERSHEY_SIMPLEX, height / 500, 0, 1 + height // 500, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1)
    sheet = cv2.warpAffine(sheet, turn, (width, height), borderValue=255)
    return np.repeat(sheet[..., None], 3, 2), sheet < 128


def tiny(
    path: Path,
    *,
    shape: tuple[int | str, ...] = ("n", 3, "h", "w"),
    channels: int = 1,
    upscale: int = 2,
    sharpness: float = 20,
    dtype: int = TensorProto.FLOAT,
    last: str = "Sigmoid",
) -> Path:
    """Writes a network of such a form: white pixels are text.

    Args:
        path: to write to.
        shape: of the input.
        channels: of the map.
        upscale: of the transposed convolution; other than 2 the map is of another size than the picture.
        sharpness: how sure it is; NaN: its numbers are none.
        dtype: of input, weights and output.
        last: the operation that ends it; empty: the map comes from a convolution, not from a transposed one.
    """
    kind = helper.tensor_dtype_to_np_dtype(dtype)
    # Means of 2 x 2 pixels, in the numbers of normalised pictures: white is over 2.2, black under -1.8.
    shrink = np.full((1, 3, 2, 2), 1 / 12, kind)
    grow = np.full((1, channels, upscale, upscale), sharpness, kind)
    nodes = [
        helper.make_node("Conv", ["x", "shrink"], ["small"], strides=[2, 2]),
        helper.make_node("ConvTranspose", ["small", "grow"], ["large"], strides=[upscale, upscale]),
        helper.make_node("Identity", ["large"], ["same"]),
        helper.make_node(last, ["same"], ["map"]),
    ]
    graph = helper.make_graph(
        nodes,
        "text",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info("map", dtype, ("a", "b", "c", "d"))],
        [numpy_helper.from_array(shrink, "shrink"), numpy_helper.from_array(grow, "grow")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def by_convolution(path: Path) -> Path:
    """Writes a network that tells two classes apart in a map that comes from a plain convolution."""
    nodes = [
        helper.make_node("Conv", ["x", "weights"], ["map_"], pads=[1, 1, 1, 1]),
        helper.make_node("Sigmoid", ["map_"], ["map"]),
    ]
    graph = helper.make_graph(
        nodes,
        "segmentation",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3, "h", "w"))],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ("a", "b", "c", "d"))],
        [numpy_helper.from_array(np.ones((1, 3, 3, 3), np.float32), "weights")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path
