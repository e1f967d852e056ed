"""Exports of torchvision's detectors: boxes and masks land where the network says."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import helper
from onnx_graphs import constants, write

from objmask.detections.arrays import WHOLE_BOX
from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.coco import COCO_NAMES
from objmask.models.describe import describe
from objmask.models.detector import Detector, Loading
from objmask.models.families import family_of
from objmask.models.install import install
from objmask.models.load import load

Array = npt.NDArray[Any]
HEIGHT, WIDTH = 60, 80
ANY_PICTURE = (3, "height", "width")
LAST_LAYER = "roi_heads.box_predictor.cls_score.bias"


def found(*, masks: bool = True) -> dict[str, Array]:
    """Two things in a picture of 60 x 80: a person and, less surely, a cup. Exporters call outputs by numbers."""
    given = {
        "2546": np.float32([[8, 6, 40, 36], [40, 30, 72, 54]]),
        "2547": np.array([1, 47]),
        "2548": np.float32([0.9, 0.5]),
    }
    if masks:
        pasted = np.zeros((2, 1, HEIGHT, WIDTH), np.float32)
        pasted[0, 0, 6:36, 8:24] = 0.9
        pasted[1, 0, 30:54, 40:72] = 0.8
        given["3151"] = pasted
    return given


def network(path: Path, given: dict[str, Array], takes: tuple[int | str, ...] = ANY_PICTURE, **options: Any) -> Path:
    gives = {name: ("found", *["side"] * (values.ndim - 1)) for name, values in given.items()}
    weights = {LAST_LAYER: np.zeros(91, np.float32)} | options.pop("weights", {})
    return constants(path, given, takes, gives=gives, weights=weights, **options)


def start(path: Path, **options: Any) -> Detector:
    """A network's own file, not installed: that takes a process, and one test does it."""
    info = describe(path, "m")
    return family_of(info).start(path, info, Loading(device="cpu", threads=1, **options))


def painted(mask: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], height: int, width: int) -> Array:
    patch = paste(mask, box, height, width, 0.5)
    whole = np.zeros((height, width), np.bool_)
    whole[patch.rows, patch.columns] = patch.mask
    return whole


def overlap(a: Array, b: Array) -> float:
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


@pytest.mark.parametrize("takes", [ANY_PICTURE, (3, HEIGHT, WIDTH), (1, *ANY_PICTURE)])
def test_boxes_and_masks(tmp_path: Path, takes: tuple[int | str, ...]) -> None:
    given = found()
    info = install(network(tmp_path / "net.onnx", given, takes), tmp_path / "m", "m")
    assert (info.family, info.masks, info.classes, info.note) == ("torchvision", True, COCO_NAMES, "")
    assert info.frame_size(1920, 1080) == ((1333, 750) if "height" in takes else (80, 45))
    (one,) = load(tmp_path / "m", device="cpu", threads=1).detect([np.zeros((HEIGHT, WIDTH, 3), np.uint8)])
    assert one.classes == ("person", "cup")
    np.testing.assert_allclose(one.scores, [0.9, 0.5])
    np.testing.assert_allclose(one.boxes * ([HEIGHT, WIDTH] * 2), [[6, 8, 36, 40], [30, 40, 54, 72]], atol=1e-4)
    for i in range(2):
        assert overlap(painted(one.masks[i], one.boxes[i], HEIGHT, WIDTH), given["3151"][i, 0] > 0.5) > 0.96


def test_a_fixed_input_of_other_proportions(tmp_path: Path) -> None:
    """A frame of 60 x 160 lies in the middle of the input, at half its size: 15 rows above, 15 below."""
    detector = start(network(tmp_path / "net.onnx", found(), (3, HEIGHT, WIDTH)))
    (one,) = detector.detect([np.zeros((60, 160, 3), np.uint8)])
    np.testing.assert_allclose(one.boxes[0] * ([60, 160] * 2), [0, 16, 42, 80], atol=1e-4)
    mask = painted(one.masks[0], one.boxes[0], 60, 160)
    expected = np.zeros_like(mask)
    expected[0:42, 16:48] = True
    assert overlap(mask, expected) > 0.95


def test_masks_within_their_boxes(tmp_path: Path) -> None:
    """As an export without pasting has them: 28 x 28 for each box. The left half of the first box is the person."""
    given = found()
    given["3151"] = np.zeros((2, 1, 28, 28), np.float32)
    given["3151"][0, 0, :, :14] = 1
    (one,) = start(network(tmp_path / "net.onnx", given)).detect([np.zeros((HEIGHT, WIDTH, 3), np.uint8)])
    mask = painted(one.masks[0], one.boxes[0], HEIGHT, WIDTH)
    expected = np.zeros_like(mask)
    expected[6:36, 8:24] = True
    assert overlap(mask, expected) > 0.9


def test_any_size_of_a_picture(tmp_path: Path) -> None:
    """The mask is the picture's red channel."""
    nodes = [
        helper.make_node("Gather", ["images", "red"], ["one"], axis=0),
        helper.make_node("Unsqueeze", ["one", "first"], ["masks"]),
        helper.make_node("Identity", ["b"], ["boxes"]),
        helper.make_node("Identity", ["l"], ["labels"]),
        helper.make_node("Identity", ["s"], ["scores"]),
    ]
    outputs: dict[str, tuple[Any, tuple[int | str, ...]]] = {
        "boxes": (np.float32, (1, 4)),
        "labels": (np.int64, (1,)),
        "scores": (np.float32, (1,)),
        "masks": (np.float32, (1, 1, "height", "width")),
    }
    weights = {
        "red": np.array([0]),
        "first": np.array([0]),
        "b": np.float32([[0, 0, 40, 30]]),
        "l": np.array([1]),
        "s": np.float32([0.9]),
    }
    path = write(tmp_path / "net.onnx", nodes, {"images": (np.float32, ANY_PICTURE)}, outputs, weights)
    detector = start(path)
    frames = [np.zeros((height, width, 3), np.uint8) for height, width in ((40, 60), (90, 50), (40, 60))]
    for frame in frames:
        frame[5:20, 10:30, 0] = 255
    for frame, one in zip(frames, detector.detect(frames), strict=True):
        height, width = frame.shape[:2]
        np.testing.assert_allclose(one.boxes[0] * ([height, width] * 2), [0, 0, 30, 40], atol=1e-4)
        assert overlap(painted(one.masks[0], one.boxes[0], height, width), frame[..., 0] > 0) > 0.95
    assert "taken for COCO's" in describe(path).note


def test_boxes_only_and_nothing_found(tmp_path: Path) -> None:
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    detector = start(network(tmp_path / "net.onnx", found(masks=False)))
    assert not detector.info.masks
    (one,) = detector.detect([frame])
    assert all(np.array_equal(mask, WHOLE_BOX) for mask in one.masks)
    nothing = {name: values[:0] for name, values in found().items()}
    assert len(start(network(tmp_path / "none.onnx", nothing)).detect([frame])[0]) == 0


def test_floor_limit_order_and_numbers_without_a_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    given = {
        "boxes": np.tile(np.float32([[8, 6, 40, 36]]), (4, 1)),
        "labels": np.array([1, 12, 47, 3]),
        "scores": np.float32([0.3, 0.9, 0.6, 0.02]),
    }
    path = network(tmp_path / "net.onnx", given)
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    with caplog.at_level(logging.WARNING):
        (one,) = start(path).detect([frame])
    assert one.classes == ("cup", "person")
    assert [record.getMessage() for record in caplog.records] == ["m: class 12 has no name; its detections are dropped"]
    assert start(path, max_per_frame=1).detect([frame])[0].classes == ("cup",)


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        ({1: "pen", 2: "mug"}, {"pen": 1, "mug": 2}),
        (["pen", "mug"], {"pen": 1, "mug": 2}),
        (["__background__", "pen", "mug"], {"pen": 1, "mug": 2}),
    ],
)
def test_names_of_a_network_of_one_s_own(tmp_path: Path, names: object, ids: dict[str, int]) -> None:
    options: dict[str, Any] = {"weights": {LAST_LAYER: np.zeros(3, np.float32)}}
    path = network(tmp_path / "net.onnx", found(), metadata={"names": names}, **options)
    assert describe(path).class_ids == ids
    with pytest.raises(ModelError, match=r"has 2 classes but no names.*set_model_props") as caught:
        describe(network(tmp_path / "bare.onnx", found(), **options))
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match="has 2 classes, but names 3"):
        describe(network(tmp_path / "three.onnx", found(), metadata={"names": ["a", "b", "c"]}, **options))


def test_numbers_that_are_none_and_rows_that_do_not_fit(tmp_path: Path) -> None:
    for name, word in (("2546", "boxes"), ("2548", "scores"), ("3151", "masks")):
        given = found()
        given[name].flat[0] = np.inf
        with pytest.raises(ModelError, match=f"{word} of the network holds numbers that are none"):
            start(network(tmp_path / "net.onnx", given)).detect([np.zeros((HEIGHT, WIDTH, 3), np.uint8)])
    given = found() | {"2548": np.float32([0.9])}
    with pytest.raises(ModelError, match="not one thing found a row"):
        start(network(tmp_path / "net.onnx", given)).detect([np.zeros((HEIGHT, WIDTH, 3), np.uint8)])


def test_what_takes_no_picture_is_not_of_this_family(tmp_path: Path) -> None:
    for takes in ((4, "height", "width"), (2, 3, 64, 64), (3, 8, 8)):
        with pytest.raises(ModelError, match="no network that objmask runs"):
            describe(constants(tmp_path / "net.onnx", found(), takes))
