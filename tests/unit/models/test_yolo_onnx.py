"""YOLO networks as ONNX files: whichever way one is exported, it finds the same thing in the same place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx_graphs import constants

from objmask.detections.arrays import WHOLE_BOX, Detections
from objmask.detections.boxes import box_iou
from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.coco import COCO_NAMES
from objmask.models.describe import describe
from objmask.models.detector import Detector, Loading
from objmask.models.families import family_of
from objmask.models.install import install
from objmask.models.load import load

Array = npt.NDArray[Any]
HEIGHT, WIDTH = 64, 96
CELLS = sum((HEIGHT // stride) * (WIDTH // stride) for stride in (8, 16, 32))
NAMES = ("pen", "mug", "badge")
FRAME = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
FIXED = (1, 3, HEIGHT, WIDTH)
OPEN = ("batch", 3, "height", "width")
NMS = {"args": {"nms": True, "batch": 1}}


def prototypes() -> Array:
    """Two masks, of which the first is the right half of the picture."""
    field = np.full((1, 2, HEIGHT // 4, WIDTH // 4), -1, np.float32)
    field[:, 0, :, 12:] = 1
    return field


def raw(*, masks: bool = True, objectness: bool = False, keypoints: int = 0, classes: int = 3) -> Array:
    """A badge with its centre at 48, 32, 64 pixels wide and 40 high; a worse one beside it, and a likely pen."""
    own = classes + objectness
    rows = np.zeros((1, 4 + own + 3 * keypoints + 2 * masks, CELLS * (3 if objectness else 1)), np.float32)
    rows[0, 0] = np.linspace(4, WIDTH - 4, rows.shape[2])
    for anchor, name, box, score in (
        (5, 2, (48, 32, 64, 40), 0.9),
        (6, 2, (50, 32, 64, 40), 0.6),
        (9, 0, (20, 20, 16, 24), 0.8),
    ):
        rows[0, :4, anchor] = box
        rows[0, 4 + objectness + name, anchor] = score / (0.95 if objectness else 1)
        if objectness:
            rows[0, 4, anchor] = 0.95
        if masks:
            rows[0, -2, anchor] = 6
    return rows


def finished(*, masks: bool = True, keypoints: int = 0) -> Array:
    """The same after overlaps are removed: left, top, right, bottom, score, class; the rest of 300 places is empty."""
    rows = np.zeros((1, 300, 6 + 3 * keypoints + 2 * masks), np.float32)
    rows[0, 0, :6] = 16, 12, 80, 52, 0.9, 2
    rows[0, 1, :6] = 12, 8, 28, 32, 0.8, 0
    if masks:
        rows[0, :2, -2] = 6
    return rows


def start(path: Path, **options: Any) -> Detector:
    """A network's own file, not installed: that takes a process, and one test does it."""
    info = describe(path, "m")
    return family_of(info).start(path, info, Loading(device="cpu", threads=1, **options))


def check(found: Detections, classes: tuple[str, ...] = ("badge", "pen"), *, masks: bool = True) -> None:
    assert found.classes == classes
    np.testing.assert_allclose(found.scores, [0.9, 0.8], atol=2e-3)
    expected = [[12, 16, 52, 80], [8, 12, 32, 28]]
    np.testing.assert_allclose(found.boxes * ([HEIGHT, WIDTH] * 2), expected, atol=0.05)
    if not masks:
        assert all(np.array_equal(mask, WHOLE_BOX) for mask in found.masks)
        return
    patch = paste(found.masks[0], found.boxes[0], HEIGHT, WIDTH, 0.5)
    whole = np.zeros((HEIGHT, WIDTH), np.bool_)
    whole[patch.rows, patch.columns] = patch.mask
    truth = np.zeros_like(whole)
    truth[12:52, 48:80] = True
    assert np.count_nonzero(whole & truth) / np.count_nonzero(whole | truth) > 0.93


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("kind", ["raw", "anchors first", "objectness", "finished"])
def test_every_layout_and_precision(tmp_path: Path, kind: str, masks: bool, dtype: Any) -> None:
    rows = {
        "raw": raw(masks=masks),
        "anchors first": raw(masks=masks).transpose(0, 2, 1),
        "objectness": raw(masks=masks, objectness=True).transpose(0, 2, 1),
        "finished": finished(masks=masks),
    }[kind]
    given = {"output0": rows} | ({"output1": prototypes()} if masks else {})
    metadata: dict[str, object] = {"names": dict(enumerate(NAMES)), "task": "segment" if masks else "detect"}
    path = constants(
        tmp_path / "net.onnx",
        {name: values.astype(dtype) for name, values in given.items()},
        FIXED,
        name="images",
        dtype=dtype,
        metadata=metadata | (NMS if kind == "finished" else {}),
    )
    detector = start(path)
    info = detector.info
    assert (info.family, info.classes, info.masks) == ("yolo", NAMES, masks)
    assert (info.input_width, info.input_height) == (WIDTH, HEIGHT)
    assert ("conf=" in info.note) == (kind == "finished")
    check(detector.detect([FRAME])[0], masks=masks)


@pytest.mark.parametrize(
    ("kind", "open_channels"),
    [("raw", True), ("raw", False), ("finished", True), ("finished", False), ("objectness", False)],
)
def test_open_batch_and_size(tmp_path: Path, kind: str, open_channels: bool) -> None:
    """As `dynamic=True` exports: which axis is what, only names and arguments in the metadata say."""
    rows = {"raw": raw(), "objectness": raw(objectness=True).transpose(0, 2, 1), "finished": finished()}[kind]
    sides = [side if side < 20 and not open_channels else f"side{side}" for side in rows.shape[1:]]
    path = constants(
        tmp_path / "net.onnx",
        {"output0": rows, "output1": prototypes()},
        OPEN,
        name="images",
        batched=True,
        gives={"output0": ("batch", *sides), "output1": ("batch", 2, "rows", "columns")},
        metadata={"names": dict(enumerate(NAMES)), "imgsz": [HEIGHT, WIDTH]} | (NMS if kind == "finished" else {}),
    )
    info = describe(path)
    assert (info.input_height, info.input_width, info.batch) == (HEIGHT, WIDTH, 1)
    resized = family_of(info).resized
    assert resized is not None
    larger = resized(path, info, 100)
    assert (larger.input_height, larger.input_width) == (128, 128)
    found = start(path, batch=2).detect([FRAME] * 3)
    assert len(found) == 3
    for one in found:
        check(one)


def test_a_fixed_size_is_said_to_be_one(tmp_path: Path) -> None:
    path = constants(tmp_path / "net.onnx", {"output0": raw(masks=False)}, FIXED, metadata={"names": list(NAMES)})
    info = describe(path)
    resized = family_of(info).resized
    assert resized is not None
    with pytest.raises(ModelError, match=r"fixed to 96x64; leave size out, or export it with imgsz=320"):
        resized(path, info, 320)


@pytest.mark.parametrize("kind", ["raw", "finished"])
@pytest.mark.parametrize("is_open", [False, True])
def test_of_keypoints_the_boxes_are_used(tmp_path: Path, kind: str, is_open: bool) -> None:
    rows = raw(masks=False, keypoints=17) if kind == "raw" else finished(masks=False, keypoints=17)
    metadata: dict[str, object] = {"task": "pose", "names": dict(enumerate(NAMES)), "kpt_shape": [17, 3]}
    path = constants(
        tmp_path / "net.onnx",
        {"output0": rows},
        OPEN if is_open else FIXED,
        gives={"output0": ("batch", "a", "b") if is_open else rows.shape},
        batched=True,
        metadata=metadata | {"imgsz": [HEIGHT, WIDTH]} | (NMS if kind == "finished" else {}),
    )
    detector = start(path)
    assert not detector.info.masks
    check(detector.detect([FRAME])[0], masks=False)


def test_names_are_coco_s_for_80_classes(tmp_path: Path) -> None:
    path = constants(tmp_path / "net.onnx", {"output0": raw(masks=False, classes=80)}, FIXED)
    info = install(path, tmp_path / "m", "m")
    assert info.classes == COCO_NAMES
    (found,) = load(tmp_path / "m", device="cpu", threads=1).detect([FRAME])
    check(found, ("car", "person"), masks=False)


@pytest.mark.parametrize("task", ["classify", "obb"])
def test_a_task_without_areas(tmp_path: Path, task: str) -> None:
    path = constants(
        tmp_path / "net.onnx", {"output0": raw(masks=False)}, FIXED, metadata={"task": task, "names": list(NAMES)}
    )
    with pytest.raises(ModelError, match=f"a YOLO export for '{task}', which gives no areas"):
        describe(path)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (None, "3 classes but no names"),
        (["pen", "mug"], "must name 3 different classes"),
        (["pen", "pen", "mug"], "must name 3 different classes"),
        ("pen", "must name 3 different classes"),
    ],
)
def test_names_that_do_not_fit(tmp_path: Path, names: object, words: str) -> None:
    metadata = {} if names is None else {"names": names}
    with pytest.raises(ModelError, match=words):
        describe(constants(tmp_path / "net.onnx", {"output0": raw(masks=False)}, FIXED, metadata=metadata))


def test_everything_open_and_nothing_noted(tmp_path: Path) -> None:
    path = constants(
        tmp_path / "net.onnx", {"output0": raw()}, OPEN, gives={"output0": ("batch", "a", "b")}, batched=True
    )
    with pytest.raises(ModelError, match="no network that objmask runs") as caught:
        describe(path)
    assert "yolo: one picture" in str(caught.value)


def test_fewer_numbers_than_the_names_need(tmp_path: Path) -> None:
    """The file leaves the channels open, and its metadata names more classes than come."""
    path = constants(
        tmp_path / "net.onnx",
        {"output0": raw(masks=False)},
        OPEN,
        gives={"output0": ("batch", "a", "b")},
        batched=True,
        metadata={"names": [f"c{i}" for i in range(9)], "imgsz": [HEIGHT, WIDTH]},
    )
    with pytest.raises(ModelError, match="7 numbers a detection are too few for 9 classes"):
        start(path)


def test_the_real_network_finds_what_its_other_format_finds(assets: Path, pictures: list[Array]) -> None:
    """One network as two files; the numbers within, of 8 bits, are rounded a little differently."""
    files = [assets / "models" / f"yolov8n-seg_640_{name}" for name in ("nchw_onnx.onnx", "nhwc_float_io.tflite")]
    compared = 0
    for one, other in zip(*(start(file).detect(pictures) for file in files), strict=True):
        for i in np.flatnonzero(one.scores >= 0.4):
            same = other.take(j for j in range(len(other)) if other.classes[j] == one.classes[i])
            overlaps = box_iou(one.boxes[i : i + 1], same.boxes)[0]
            assert overlaps.max() > 0.8
            assert abs(float(same.scores[overlaps.argmax()] - one.scores[i])) < 0.05
            compared += 1
    assert compared > 20
