"""Networks that find lines of text, as ONNX files: what they are, told from the file alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.files.whole import sha256_of
from objmask.models.family import Family
from objmask.models.formats.onnx import load_onnx
from objmask.models.formats.read import is_network_file, read_network_file
from objmask.models.info import ModelInfo
from objmask.models.tensors import ANY, NetworkFile

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

    from objmask.models.detector import Detector, Loading

_LONG_SIDE = 1280
"""Of rendered desks in 1280x720, 93 % of the lines that can be read are found at this size, 85 % at 960."""
_LEAST_SCORE = 0.3
"""A rectangle of less holds hardly any pixel that counts as text."""
_PIECEWISE = frozenset({"Identity", "Cast", "Add", "Mul", "Div", "BatchNormalization", "Sigmoid"})
"""Operations that work on each pixel of a map by itself."""


def _recognises(path: Path) -> bool:
    if path.suffix.lower() != ".onnx" or not is_network_file(path):
        return False
    return _gives_a_map(read_network_file(path)) and _ends_in_a_map(load_onnx(path))


def _gives_a_map(file: NetworkFile) -> bool:
    """Whether a network takes pictures of any size and gives one number or more a pixel, or does not say how many."""
    if len(file.inputs) != 1 or len(file.outputs) != 1:
        return False
    taken, given = file.inputs[0].shape, file.outputs[0].shape
    return len(taken) == len(given) == 4 and taken[1:] == (3, ANY, ANY) and given[1] in (1, ANY)


def _ends_in_a_map(model: ModelProto) -> bool:
    """Whether its output are probabilities of one map, which transposed convolutions brought to the picture's size.

    Exporters leave all sides of it open, so the tensors alone do not tell. What segments pictures by other heads, or
    into classes, is none.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    weights = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    waiting: list[str] = [model.graph.output[0].name]
    heads: list[NodeProto] = []
    operations = set()
    while waiting:
        node = makers.get(waiting.pop())
        if node is None:
            continue
        operations.add(node.op_type)
        if node.op_type in _PIECEWISE:
            waiting += node.input
        else:
            heads.append(node)
    return (
        "Sigmoid" in operations
        and bool(heads)
        and all(node.op_type == "ConvTranspose" and list(weights.get(node.input[1], ()))[1:2] == [1] for node in heads)
    )


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    from objmask.models.networks.text_lines import start

    return start(path, info, loading)


def _describe(path: Path, name: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        family="text_lines",
        file="model.onnx",
        sha256=sha256_of(path),
        source=str(path),
        classes=("text",),
        class_ids={"text": 0},
        input_height=0,
        input_width=0,
        long_side=_LONG_SIDE,
        score_cut=_LEAST_SCORE,
        masks=False,
    )


FAMILY = Family(
    files="networks that find lines of text, as PaddleOCR's, as ONNX (.onnx)",
    objects="text",
    tensors="one picture of any size; one map of its size, the probability of text",
    recognises=_recognises,
    describe=_describe,
    parts=lambda path: {"model.onnx": path},
    start=_start,
    resized=lambda path, info, size: replace(info, long_side=size),
    chunk_frames=600,
    memory_mb=2000,
    fixed_threads=None,
    on_gpu=True,
)
