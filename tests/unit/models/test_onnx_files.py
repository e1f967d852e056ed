"""ONNX files that are damaged, strange or hostile: each is refused in one line, and nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx_graphs import constants, write

from objmask.errors import ModelError
from objmask.models.formats.onnx import read_onnx
from objmask.models.install import install

Array = npt.NDArray[Any]
TAKES = (1, 3, 64, 96)
ONNX = "yolov8n-seg_640_nchw_onnx.onnx"


def predictions() -> Array:
    """Those of a YOLO detector that finds nothing."""
    rows = np.zeros((1, 84, 126), np.float32)
    rows[0, 0] = np.linspace(0, 90, 126)
    return rows


def good(path: Path, **options: Any) -> Path:
    return constants(path, {"output0": predictions()}, TAKES, **options)


def refused(path: Path, *words: str) -> None:
    """Checks what `install` says of a file, and that it leaves nothing."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(ModelError) as caught:
        install(path, path.parent / "models" / "m")
    lines = caught.value.args
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words), lines
    assert "no network that objmask runs" in lines[0] or len(lines) == 1
    assert ".objmask-" not in str(caught.value)
    assert sorted(one for one in path.parent.rglob("*") if one.name != "models") == before


def changed(path: Path, change: Callable[[onnx.ModelProto], object]) -> Path:
    """A good file, changed."""
    model = onnx.load(str(good(path)))
    change(model)
    onnx.save(model, str(path))
    return path


def own_operators(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "our.operators"
    model.opset_import.append(helper.make_opsetid("our.operators", 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (own_operators, ["our.operators:ReduceMean", "onnxruntime cannot run it"]),
        (lambda model: setattr(model.graph.node[0], "op_type", "Magic"), ["No Op registered for Magic"]),
        (lambda model: setattr(model, "ir_version", 99), ["Unsupported model IR version"]),
        (lambda model: setattr(model.opset_import[0], "version", 999), ["opset is newer", "export it with opset="]),
        (lambda model: model.ClearField("opset_import"), ["onnxruntime cannot run it"]),
        (lambda model: model.graph.node[-1].output.__setitem__(0, "x"), ["Graph output (output0) does not exist"]),
        (lambda model: model.graph.node[0].input.__setitem__(0, "x"), ["Node input 'x'"]),
        (lambda model: model.graph.ClearField("node"), ["not an ONNX model, or cut short"]),
        (lambda model: model.graph.ClearField("output"), ["not an ONNX model, or cut short"]),
        (lambda model: model.graph.initializer[1].ClearField("raw_data"), ["output0.constant"]),
    ],
)
def test_what_onnxruntime_cannot_run(
    tmp_path: Path, change: Callable[[onnx.ModelProto], object], words: list[str]
) -> None:
    refused(changed(tmp_path / "net.onnx", change), str(tmp_path / "net.onnx"), *words)


@pytest.mark.parametrize("there", [True, False])
def test_weights_in_other_files(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "net.onnx"
    model = onnx.load(str(good(path)))
    onnx.save(model, str(path), save_as_external_data=True, location="net.data", size_threshold=0)
    if not there:
        (tmp_path / "net.data").unlink()
    refused(path, "keeps its weights in other files", "onnx.save(onnx.load(")


def external(where: str) -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "v")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=where)
    return tensor


def in_a_branch(tensor: onnx.TensorProto) -> onnx.NodeProto:
    graph = helper.make_graph([helper.make_node("Constant", [], ["v"], value=tensor)], "branch", [], [])
    return helper.make_node("If", ["mean"], ["v"], then_branch=graph, else_branch=graph)


@pytest.mark.parametrize(
    "put",
    [
        lambda model, tensor: model.graph.node.append(helper.make_node("Constant", [], ["v"], value=tensor)),
        lambda model, tensor: model.graph.node.append(in_a_branch(tensor)),
        lambda model, tensor: model.graph.sparse_initializer.append(onnx.SparseTensorProto(values=tensor, dims=[4])),
        lambda model, tensor: model.functions.append(
            helper.make_function("f", "f", [], ["v"], [helper.make_node("Constant", [], ["v"], value=tensor)], [])
        ),
    ],
)
def test_weights_in_other_files_wherever_they_are(tmp_path: Path, put: Callable[[Any, Any], None]) -> None:
    """Such a file could name any file of the machine."""
    path = changed(tmp_path / "net.onnx", lambda model: put(model, external("../../etc/hostname")))
    with pytest.raises(ModelError, match="keeps its weights in other files"):
        read_onnx(path)


def test_a_weight_that_is_no_number_and_does_not_show(tmp_path: Path) -> None:
    hidden = {"unused": np.array([1, np.nan], np.float32)}
    refused(good(tmp_path / "net.onnx", weights=hidden), "weight unused holds numbers that are none (NaN)")


def test_outputs_that_are_no_numbers(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Sub", ["input", "input"], ["nothing"]),
        helper.make_node("ReduceMean", ["nothing"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "mean"], ["nan"]),
        helper.make_node("Add", ["c", "nan"], ["output0"]),
    ]
    rows = predictions()
    path = write(
        tmp_path / "net.onnx",
        nodes,
        {"input": (np.float32, TAKES)},
        {"output0": (np.float32, rows.shape)},
        {"c": rows},
    )
    refused(path, "predictions of the network holds numbers that are none")


def test_a_tensor_of_more_than_all_memory(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Expand", ["one", "shape"], ["large"]),
        helper.make_node("ReduceMean", ["large"], ["mean"], keepdims=0),
        helper.make_node("ReduceMean", ["input"], ["level"], keepdims=0),
        helper.make_node("Add", ["level", "mean"], ["sum"]),
        helper.make_node("Add", ["c", "sum"], ["output0"]),
    ]
    rows = predictions()
    path = write(
        tmp_path / "net.onnx",
        nodes,
        {"input": (np.float32, TAKES)},
        {"output0": (np.float32, rows.shape)},
        {"c": rows, "one": np.ones(1, np.float32), "shape": np.array([10**13])},
    )
    refused(path, "onnxruntime cannot run it (", "Failed to allocate memory")


@pytest.mark.parametrize(
    ("outputs", "takes"),
    [
        ({"boxes": np.zeros((1, 300, 4), np.float32), "logits": np.zeros((1, 300, 91), np.float32)}, TAKES),
        ({"a": predictions(), "b": predictions()}, TAKES),
        ({"output0": predictions()[:, :, :-1]}, TAKES),
        ({"output0": predictions()}, (1, 4, 64, 96)),
        ({"output0": predictions()}, (3, 64)),
        ({"embedding": np.zeros((1, 512), np.float32)}, TAKES),
    ],
)
def test_another_network_is_refused_with_the_table(
    tmp_path: Path, outputs: dict[str, Array], takes: tuple[int, ...]
) -> None:
    path = constants(tmp_path / "net.onnx", outputs, takes)
    refused(
        path, f"{path}: takes input (", "  rf_detr: one picture;", "  torchvision: one picture", "  yolo: one picture"
    )


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_other_types(tmp_path: Path, dtype: Any) -> None:
    path = constants(tmp_path / "net.onnx", {"output0": predictions().astype(dtype)}, TAKES)
    refused(path, f"output0 (1, 84, 126) {np.dtype(dtype).name}; export it as float32, float16 or int8")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 5000,
        b"this is not a model\n" * 40,
        np.random.default_rng(0).bytes(5000),
        b"PK\x03\x04" + bytes(500),
    ],
    ids=["empty", "zeros", "text", "random", "archive"],
)
def test_other_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    refused(path, f"{path}: not an ONNX model, or cut short; download or export it again")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99, 0.9999])
def test_a_file_that_is_cut_short(tmp_path: Path, share: float) -> None:
    path = good(tmp_path / "net.onnx")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    refused(path, f"{path}: not an ONNX model, or cut short; download or export it again")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.9999])
def test_a_real_file_that_is_cut_short(assets: Path, tmp_path: Path, share: float) -> None:
    whole = (assets / "models" / ONNX).read_bytes()
    path = tmp_path / "net.onnx"
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path, f"{path}: not an ONNX model, or cut short; download or export it again")


@pytest.mark.parametrize("text", [b"names", b"{0: 'pen'", b"output0", b"input", b"unused"])
def test_texts_that_are_no_utf_8(tmp_path: Path, text: bytes) -> None:
    """What is read of them is some text; a file whose names are damaged is refused like any other, or runs."""
    path = constants(
        tmp_path / "net.onnx",
        {"output0": predictions()[:, :6]},
        TAKES,
        metadata={"names": {0: "pen", 1: "mug"}},
        weights={"unused": np.array([np.nan], np.float32)},
    )
    path.write_bytes(path.read_bytes().replace(text, text[:-1] + b"\xff"))
    refused(path)


@pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.PT", "net.safetensors", "net.ckpt"])
def test_weights_of_pytorch_say_how_to_export_them(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04")
    refused(path, "PyTorch weights", "`yolo export model=<file> format=onnx`", "`model.export()`", "torch.onnx.export")
