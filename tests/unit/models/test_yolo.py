"""YOLO segmentation networks: boxes and masks land where the objects are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.detector import Detector
from objmask.models.install import install
from objmask.models.load import load

NHWC = "yolov8n-seg_640_nhwc_float_io.tflite"
NCHW = "yolov8n-seg_640_nchw_float_io.tflite"
INT8 = "yolov8n-seg_256_nhwc_int8_io.tflite"

Frame = npt.NDArray[np.uint8]


def start(path: Path, tmp_path: Path, **options: object) -> Detector:
    install(path, tmp_path / path.stem, "m")
    return load(tmp_path / path.stem, **options)  # type: ignore[arg-type]


def same(a: Detections, b: Detections) -> bool:
    return (
        a.classes == b.classes
        and np.array_equal(a.scores, b.scores)
        and np.array_equal(a.boxes, b.boxes)
        and all(np.array_equal(m, n) for m, n in zip(a.masks, b.masks, strict=True))
    )


def iou(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(sides.clip(0)))
    return common / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common)


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("pixels", [False, True])
def test_box_and_mask_land_on_the_object(
    tiny_yolo: Callable[..., Path], tmp_path: Path, channels_first: bool, pixels: bool
) -> None:
    path = tiny_yolo(channels_first=channels_first, pixels=pixels, names=["pen", "mug", "badge"])
    detector = start(path, tmp_path)
    # A frame of twice the input's size, padded above and below: 192 x 96 becomes 96 x 48, 8 rows down.
    frame = np.zeros((96, 192, 3), np.uint8)
    frame[32:64, 64:128, 0] = 255
    (found,) = detector.detect([frame])
    assert found.classes == ("badge",)
    # Input (48, 32, 64, 40) as centre, width and height: x 16..80, y 12..52, in the frame 32..160, 8..88.
    np.testing.assert_allclose(found.boxes[0] * [96, 192, 96, 192], [8, 32, 88, 160], atol=1e-3)
    patch = paste(found.masks[0], found.boxes[0], 96, 192, 0.5)
    painted = np.zeros((96, 192), bool)
    painted[patch.rows, patch.columns] = patch.mask
    bright = frame[..., 0] > 0
    rows, columns = np.flatnonzero(painted.any(1)), np.flatnonzero(painted.any(0))
    assert np.abs(rows[[0, -1]] - [32, 63]).max() <= 1
    assert np.abs(columns[[0, -1]] - [64, 127]).max() <= 1
    # Bilinear sampling rounds the corners of the rectangle; the network's cells are 8 pixels of this frame.
    assert (painted & bright).sum() / (painted | bright).sum() > 0.95
    detector.close()


def test_a_box_that_reaches_out_of_the_frame_is_clipped_before_its_mask(
    tiny_yolo: Callable[..., Path], tmp_path: Path
) -> None:
    path = tiny_yolo(classes=80, box=(0, 32, 64, 200))
    detector = start(path, tmp_path)
    frame = np.zeros((64, 96, 3), np.uint8)
    frame[16:, 8:24, 0] = 255
    (found,) = detector.detect([frame])
    np.testing.assert_allclose(found.boxes[0] * [64, 96, 64, 96], [0, 0, 64, 32], atol=1e-3)
    patch = paste(found.masks[0], found.boxes[0], 64, 96, 0.5)
    painted = np.zeros((64, 96), bool)
    painted[patch.rows, patch.columns] = patch.mask
    bright = frame[..., 0] > 0
    assert (painted & bright).sum() / (painted | bright).sum() > 0.95


def test_a_box_within_the_padding_or_under_a_pixel_is_dropped(tiny_yolo: Callable[..., Path], tmp_path: Path) -> None:
    for number, box in enumerate(((48, 2, 20, 4), (48, 32, 0.3, 20))):
        detector = start(tiny_yolo(classes=80, box=box), tmp_path / str(number))
        assert len(detector.detect([np.zeros((48, 144, 3), np.uint8)])[0]) == 0


@pytest.mark.parametrize("file", [NHWC, NCHW, INT8])
def test_results_depend_neither_on_company_nor_on_threads(
    assets: Path, pictures: list[Frame], tmp_path: Path, file: str
) -> None:
    path = assets / "models" / file
    detector = start(path, tmp_path, threads=2)
    together = detector.detect(pictures)
    single = load(tmp_path / path.stem, threads=1)
    alone = [single.detect([picture])[0] for picture in pictures]
    assert all(same(a, b) for a, b in zip(together, alone, strict=True))
    assert sum(map(len, together)) > 8
    assert all(np.all(np.diff(found.scores) <= 0) for found in together)


def test_floor_and_limit(assets: Path, pictures: list[Frame], tmp_path: Path) -> None:
    path = assets / "models" / NHWC
    every = start(path, tmp_path).detect(pictures)
    strict = load(tmp_path / path.stem, floor=0.5).detect(pictures)
    few = load(tmp_path / path.stem, max_per_frame=3).detect(pictures)
    assert min(found.scores.min() for found in strict if len(found)) >= 0.5
    assert all(same(found.select(score=0.5), kept) for found, kept in zip(every, strict, strict=True))
    assert all(same(found.take(range(min(3, len(found)))), kept) for found, kept in zip(every, few, strict=True))


def test_layouts_and_precisions_agree_on_clear_objects(assets: Path, pictures: list[Frame], tmp_path: Path) -> None:
    """The NCHW file is another export, its weights and boxes quantised to some 10 pixels: IoU 0.99 is beyond it."""
    nhwc = start(assets / "models" / NHWC, tmp_path, floor=0.7).detect(pictures)
    nchw = start(assets / "models" / NCHW, tmp_path, floor=0.2).detect(pictures)
    overlaps = [
        max((iou(box, other) for other, name in zip(b.boxes, b.classes, strict=True) if name == label), default=0.0)
        for a, b in zip(nhwc, nchw, strict=True)
        for box, label in zip(a.boxes, a.classes, strict=True)
    ]
    assert len(overlaps) > 8
    assert np.median(overlaps) > 0.85


def test_odd_frames(assets: Path, tmp_path: Path) -> None:
    detector = start(assets / "models" / NHWC, tmp_path)
    grey = [np.full(shape, 90, np.uint8) for shape in ((1, 1, 3), (2, 900, 3), (900, 2, 3), (641, 639, 3))]
    assert len(detector.detect(grey)) == 4
    assert detector.detect([]) == []
    for bad in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(ValueError, match="expected uint8"):
            detector.detect([bad])  # type: ignore[list-item]


def test_gpu_and_a_changed_file_are_refused(tiny_yolo: Callable[..., Path], tmp_path: Path) -> None:
    path = tiny_yolo(classes=80)
    install(path, tmp_path / "m", "m")
    with pytest.raises(ModelError, match="run on the CPU"):
        load(tmp_path / "m", device="gpu")
    with (tmp_path / "m" / "model.tflite").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError, match="changed since it was installed"):
        load(tmp_path / "m")
    with pytest.raises(ModelError, match="not the folder of an installed model"):
        load(tmp_path / "none")


@pytest.mark.parametrize("number", [0.9, 6.0])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_network_with_a_number_that_is_none_is_not_installed(
    tiny_yolo: Callable[..., Path], tmp_path: Path, number: float, wrong: float
) -> None:
    """Of a score, which is compared with a floor, and of a mask's coefficient, not looked at without a score."""
    good = tiny_yolo(names=["pen", "mug", "badge"])
    place = np.float32(number).tobytes()
    assert place in good.read_bytes()
    bad = tmp_path / "bad.tflite"
    bad.write_bytes(good.read_bytes().replace(place, np.float32(wrong).tobytes()))
    with pytest.raises(ModelError, match=r"bad: predictions of the network holds numbers that are none") as caught:
        install(bad, tmp_path / "m")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "m").exists()
