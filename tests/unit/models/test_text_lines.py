"""Networks that find lines of text: recognised by their graph, and their lines lie where the text is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import TensorProto
from rapidocr import RapidOCR
from text_networks import REAL, by_convolution, page, tiny

from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.describe import describe
from objmask.models.detector import Detector
from objmask.models.families import all_families
from objmask.models.install import install
from objmask.models.load import load
from objmask.video.probe import probe
from objmask.video.reader import read_frames


def start(path: Path, folder: Path, size: int | None = None, **options: object) -> Detector:
    install(path, folder, "m", **({"size": size} if size else {}))
    return load(folder, device="cpu", threads=1, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return start(REAL, tmp_path_factory.mktemp("text") / "m", floor=0.5)


def covered(found: Detections, height: int, width: int) -> np.ndarray:
    """The pixels that are hidden by default."""
    pixels = np.zeros((height, width), bool)
    for mask, box in zip(found.masks, found.boxes, strict=True):
        patch = paste(mask, box, height, width, 0.1)
        pixels[patch.rows, patch.columns] |= patch.mask
    return pixels


def test_the_real_network_is_recognised_and_by_no_other_family() -> None:
    assert [name for name, family in all_families().items() if family.recognises(REAL)] == ["text_lines"]
    info = describe(REAL)
    assert (info.family, info.classes, info.masks, info.input_height) == ("text_lines", ("text",), False, 0)
    assert info.frame_size(1920, 1080) == (1280, 720)
    assert info.frame_size(640, 360) == (640, 360)


def test_other_networks_of_pictures_are_none(tmp_path: Path) -> None:
    assert describe(tiny(tmp_path / "text.onnx")).family == "text_lines"
    others = [
        tiny(tmp_path / "classes.onnx", channels=2),
        tiny(tmp_path / "levels.onnx", last="Relu"),
        tiny(tmp_path / "fixed.onnx", shape=(1, 3, 64, 64)),
        tiny(tmp_path / "grey.onnx", shape=("n", 1, "h", "w")),
        by_convolution(tmp_path / "segmentation.onnx"),
    ]
    for other in others:
        with pytest.raises(ModelError, match=r"text_lines: one picture of any size; one map") as refused:
            describe(other)
        assert "no network that objmask runs" in str(refused.value)


def test_an_exported_yolo_network_is_none(assets: Path) -> None:
    assert not all_families()["text_lines"].recognises(assets / "models/yolov8n-seg_640_nchw_onnx.onnx")


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT, TensorProto.FLOAT16])
@pytest.mark.parametrize(("height", "width"), [(180, 320), (333, 500), (400, 300)])
def test_lines_lie_where_they_are_in_frames_of_any_size(tmp_path: Path, dtype: int, height: int, width: int) -> None:
    frame = np.zeros((height, width, 3), np.uint8)
    frame[60:66, 100:200] = 255
    (found,) = start(tiny(tmp_path / "t.onnx", dtype=dtype), tmp_path / "m", 320).detect([frame])
    out = 1.6 * 100 * 6 / (2 * 106)
    assert found.classes == ("text",)
    np.testing.assert_allclose(
        found.boxes[0] * [height, width, height, width], [60 - out, 100 - out, 66 + out, 200 + out], atol=3
    )
    assert found.scores[0] > 0.75


def test_tall_lines_are_found_in_a_smaller_picture_and_larger_things_are_no_text(tmp_path: Path) -> None:
    def found(height: int) -> int:
        frame = np.zeros((360, 640, 3), np.uint8)
        frame[20 : 20 + height, 100:500] = 255
        return len(detector.detect([frame])[0])

    detector = start(tiny(tmp_path / "t.onnx"), tmp_path / "m", 640)
    assert found(20) == 1
    assert found(80) == 1
    assert found(200) == 0


def test_of_too_many_lines_none_is_lost(tmp_path: Path) -> None:
    frame = np.zeros((360, 640, 3), np.uint8)
    for row in range(10, 350, 24):
        for column in range(20, 600, 100):
            frame[row : row + 6, column : column + 60] = 255
    install(tiny(tmp_path / "t.onnx"), tmp_path / "m", "m", size=640)
    for limit in (100, 30, 1):
        (found,) = load(tmp_path / "m", device="cpu", threads=1, max_per_frame=limit).detect([frame])
        assert 1 <= len(found) <= limit
        assert covered(found, 360, 640)[frame[..., 0] > 0].all()
        assert (np.diff(found.scores) <= 0).all()


def test_what_cannot_be_right_is_refused_in_a_line(tmp_path: Path) -> None:
    for name, options, said in (
        ("none", {"sharpness": float("nan")}, "holds numbers that are none"),
        ("size", {"upscale": 1}, "numbers for"),
        ("double", {"dtype": TensorProto.DOUBLE}, "export it again"),
    ):
        path = tiny(tmp_path / f"{name}.onnx", **options)  # type: ignore[arg-type]
        with pytest.raises(ModelError, match=said) as refused:
            install(path, tmp_path / "m", "m")
        assert len(str(refused.value).splitlines()) == 1
        assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("tilt", [0, 12, -30])
def test_every_line_of_a_page_is_covered_and_no_more(real: Detector, tilt: float) -> None:
    frame, ink = page(tilt=tilt)
    (found,) = real.detect([frame])
    hidden = covered(found, *ink.shape)
    assert hidden[ink].mean() > 0.99
    assert hidden.mean() < 0.4
    assert len(real.detect([np.full((360, 640, 3), 128, np.uint8)])[0]) == 0


def test_whatever_rapidocr_finds_is_found(real: Detector) -> None:
    """Its pictures have blue first."""
    reference = RapidOCR(params={"Global.log_level": "critical"})
    for frame, _ in (page(), page(960, 540, rows=14), page(tilt=10)):
        theirs = reference(np.ascontiguousarray(frame[..., ::-1]), use_cls=False, use_rec=False)
        hidden = covered(real.detect([frame])[0], *frame.shape[:2])
        assert len(theirs) >= 8
        for box in theirs.boxes:
            inside = np.zeros(frame.shape[:2], np.uint8)
            cv2.fillPoly(inside, [np.rint(box).astype(np.int32)], 1)
            assert hidden[inside > 0].mean() > 0.8


def test_the_calendar_on_the_wall_of_an_office_is_found(real: Detector, assets: Path) -> None:
    path = assets / "videos/office/typing/mini_subject_2_typeset.MP4"
    frames = [frame.rgb() for frame in read_frames(path, probe(path)) if frame.number % 60 == 0]
    for found in real.detect(frames):
        calendar = [
            score for score, box in zip(found.scores, found.boxes, strict=True) if 0.4 < box[0] < 0.5 < box[1] < 0.65
        ]
        assert max(calendar) > 0.7
