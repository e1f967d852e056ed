"""What `describe` and `install` say of good and bad model files."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from objmask.errors import ModelError
from objmask.models.coco import COCO_IDS, COCO_NAMES
from objmask.models.describe import describe
from objmask.models.info import ModelInfo
from objmask.models.install import install
from objmask.models.label_map import read_label_map

NHWC = "yolov8n-seg_640_nhwc_float_io.tflite"
NCHW = "yolov8n-seg_640_nchw_float_io.tflite"
INT8 = "yolov8n-seg_256_nhwc_int8_io.tflite"

TinyYolo = Callable[..., Path]


def zip_names(path: Path, names: object, task: str = "segment") -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("metadata.json", json.dumps({"task": task, "names": names}))


@pytest.mark.parametrize(("file", "side"), [(NHWC, 640), (NCHW, 640), (INT8, 256)])
def test_real_models_are_described_from_their_own_metadata(assets: Path, file: str, side: int) -> None:
    info = describe(assets / "models" / file)
    assert (info.family, info.input_height, info.input_width) == ("yolo", side, side)
    assert info.classes == COCO_NAMES
    assert info.licence.startswith("AGPL-3.0")
    assert info.frame_size(1920, 1080) == (side, side * 9 // 16)
    assert info.frame_size(100, 80) == (100, 80)
    assert ModelInfo.from_json(json.loads(json.dumps(info.to_json()))) == info


def test_describing_imports_no_runtime() -> None:
    code = (
        "import sys, objmask.models.describe, objmask.models.detector, objmask.models.install;"
        "sys.exit(any(m.startswith(('tensorflow', 'ai_edge_litert')) for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_classes_come_from_metadata_else_coco(tiny_yolo: TinyYolo) -> None:
    path = tiny_yolo()
    with pytest.raises(ModelError, match="3 classes but no names"):
        describe(path)
    zip_names(path, {"0": "pen", "1": "mug", "2": "badge"})
    assert describe(path).classes == ("pen", "mug", "badge")
    assert describe(tiny_yolo(classes=80)).classes == COCO_NAMES


def test_a_number_of_names_that_contradicts_the_network_is_refused(tiny_yolo: TinyYolo) -> None:
    path = tiny_yolo()
    zip_names(path, ["pen", "mug"])
    with pytest.raises(ModelError, match="must name 3 different classes"):
        describe(path)


def test_bad_files_are_refused_in_one_line(tmp_path: Path, tiny_yolo: TinyYolo) -> None:
    text = tmp_path / "text.tflite"
    text.write_text("this is not a model")
    whole = tiny_yolo(classes=80).read_bytes()
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(whole[: len(whole) // 2])
    graph = tmp_path / "graph.pb"
    graph.write_text("neither is this")
    empty = tmp_path / "empty.tflite"
    empty.touch()
    for path, reason in (
        (text, "not a TensorFlow Lite model"),
        (cut, "cut short"),
        (graph, "not a TensorFlow graph"),
        (empty, "not a TensorFlow Lite model"),
        (tmp_path / "none.tflite", "no such model"),
        (tmp_path, "not a model"),
    ):
        with pytest.raises(ModelError, match=reason) as caught:
            describe(path, "x")
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.9999])
def test_a_real_model_cut_anywhere_is_refused(assets: Path, tmp_path: Path, share: float) -> None:
    whole = (assets / "models" / NHWC).read_bytes()
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match="cut short"):
        describe(cut)


def test_a_detection_only_export_gives_boxes(tiny_yolo: TinyYolo) -> None:
    path = tiny_yolo(masks=False, classes=80)
    assert not describe(path).masks
    zip_names(path, list(COCO_NAMES), task="detect")
    assert not describe(path).masks


def test_names_are_made_safe(tiny_yolo: TinyYolo, tmp_path: Path) -> None:
    path = tmp_path / "my model (v2).tflite"
    path.write_bytes(tiny_yolo(classes=80).read_bytes())
    assert describe(path).name == "my_model__v2_"
    with pytest.raises(ModelError, match="model name"):
        describe(path, "../up")


def test_a_failed_install_leaves_nothing(tmp_path: Path, tiny_yolo: TinyYolo) -> None:
    with pytest.raises(ModelError):
        install(tiny_yolo(masks=False), tmp_path / "models" / "bad", "bad")
    assert list(tmp_path.rglob("*")) in ([], [tmp_path / "models"])


def test_installing_again_replaces_the_model(tmp_path: Path, tiny_yolo: TinyYolo) -> None:
    folder = tmp_path / "m"
    install(tiny_yolo(classes=80, width=96), folder, "m")
    info = install(tiny_yolo(classes=80, width=128), folder, "m")
    assert ModelInfo.read(folder) == info
    assert info.input_width == 128
    assert sorted(p.name for p in folder.iterdir()) == ["model.json", "model.tflite"]


def test_label_map_of_coco(assets: Path) -> None:
    assert read_label_map(assets / "models" / "mscoco_label_map.pbtxt") == COCO_IDS


def test_label_map_syntax_that_exists_in_the_wild(tmp_path: Path) -> None:
    path = tmp_path / "map.pbtxt"
    path.write_text(
        "# a comment { }\nitem{\n name:'it\\'s' id:2 }\n"
        'item: { id: 1, name: "/m/1"; display_name: "a } b" keypoints { id: 9 label: "x" } }\n'
        "item { id: 0 name: 'background' }"
    )
    assert read_label_map(path) == {"a } b": 1, "it's": 2}
    path.write_text("item { name: 'no id' }")
    with pytest.raises(ModelError, match="lacks its id"):
        read_label_map(path)
    path.write_text("node { name: 'x' }")
    with pytest.raises(ModelError, match="not a label map"):
        read_label_map(path)


def test_model_json_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"name": 1}'):
        (tmp_path / "model.json").write_text(text)
        with pytest.raises(ModelError, match="install the model again"):
            ModelInfo.read(tmp_path)


@pytest.mark.parametrize(("start", "end"), [(b"\xef\xbb\xbf", b"\r\n"), (b"", b"\r")])
def test_label_map_saved_by_another_editor(tmp_path: Path, start: bytes, end: bytes) -> None:
    path = tmp_path / "map.pbtxt"
    lines = [b"item {", b" id: 1 # first", b" name: 'person'", b"}", b"item { id: 2 name: 'tv' }"]
    path.write_bytes(start + end.join(lines))
    assert read_label_map(path) == {"person": 1, "tv": 2}
