"""RF-DETR exports: what goes into the network and what comes of its outputs is as in the package `rfdetr`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from onnx import helper
from onnx_graphs import constants, write

from objmask.detections.arrays import WHOLE_BOX, Detections
from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.coco import COCO_IDS, COCO_NAMES
from objmask.models.describe import describe
from objmask.models.detector import Detector, Loading
from objmask.models.families import family_of
from objmask.models.install import install
from objmask.models.load import load
from objmask.models.networks.rf_detr import fill, mask_box

Array = npt.NDArray[Any]
SIDE, CELLS = 64, 16
FRAME = np.full((90, 160, 3), 100, np.uint8)


def outputs(*, queries: int = 3, classes: int = 91, masks: bool = True) -> dict[str, Array]:
    """Of a network that finds nothing, and nowhere."""
    found = {
        "dets": np.tile(np.float32([0.5, 0.5, 0.5, 0.5]), (1, queries, 1)),
        "labels": np.full((1, queries, classes), -9, np.float32),
    }
    return found | ({"masks": np.full((1, queries, CELLS, CELLS), -4, np.float32)} if masks else {})


def network(path: Path, found: dict[str, Array], **options: Any) -> Path:
    return constants(path, found, options.pop("takes", (1, 3, SIDE, SIDE)), **options)


def start(path: Path, **options: Any) -> Detector:
    """A network's own file, not installed: that takes a process, and some tests do it."""
    info = describe(path, "m")
    return family_of(info).start(path, info, Loading(device="cpu", threads=1, **options))


def painted(found: Detections, i: int, height: int, width: int) -> npt.NDArray[np.bool_]:
    patch = paste(found.masks[i], found.boxes[i], height, width, 0.5)
    whole = np.zeros((height, width), np.bool_)
    whole[patch.rows, patch.columns] = patch.mask
    return whole


def overlap(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


@pytest.fixture(scope="module")
def reference(assets: Path) -> dict[str, Array]:
    """What the package's `predict` makes of two pictures, and says of them, with a network of random weights."""
    with np.load(assets / "parity/rfdetr_seg_nano_reference.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize("picture", ["coco", "video"])
def test_the_input_is_that_of_the_package(reference: dict[str, Array], picture: str) -> None:
    expected = reference[f"{picture}_input"][0]
    slot = np.full_like(expected, 7)
    fill(reference[f"{picture}_image"], slot)
    assert np.abs(slot - expected).max() < 1 / 255 / 20


@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("picture", ["coco", "video"])
def test_what_is_found_is_what_the_package_finds(
    reference: dict[str, Array], tmp_path: Path, picture: str, masks: bool
) -> None:
    """Random weights: the masks lie all over the picture, whatever the box. So boxes are compared without them."""
    given = {name: reference[f"{picture}_{name}"] for name in ("dets", "labels", *(["masks"] if masks else []))}
    path = network(tmp_path / "net.onnx", given, takes=reference[f"{picture}_input"].shape)
    image = reference[f"{picture}_image"]
    height, width = image.shape[:2]
    install(path, tmp_path / "m", "m")
    (found,) = load(tmp_path / "m", device="cpu", threads=1, floor=0.0).detect([image])
    first = found.take(range(40))
    assert [COCO_IDS[name] for name in first.classes] == reference[f"{picture}_class_id"].tolist()
    np.testing.assert_allclose(first.scores, reference[f"{picture}_confidence"], rtol=0, atol=1e-5)
    boxes = first.boxes[:, [1, 0, 3, 2]] * [width, height, width, height]
    expected = reference[f"{picture}_xyxy"]
    if not masks:
        np.testing.assert_allclose(boxes, expected, rtol=0, atol=0.5)
        return
    # Boxes that hold their masks hold what the network called the box too.
    assert np.all(boxes[:, :2] <= expected[:, :2] + 0.5)
    assert np.all(boxes[:, 2:] >= expected[:, 2:] - 0.5)
    bits = np.unpackbits(reference[f"{picture}_mask_bits"], axis=1)[:, : height * width].astype(bool)
    overlaps = [overlap(painted(first, i, height, width), one.reshape(height, width)) for i, one in enumerate(bits)]
    # These have dozens of pieces with ragged borders; no 160 samples a side give each of them to 0.995.
    assert np.mean(overlaps) > 0.993
    assert np.min(overlaps) > 0.98


def test_pairs_of_query_and_class_by_score(tmp_path: Path) -> None:
    """As many as there are queries, the lower index first of equal ones; nothing suppresses anything."""
    given = outputs(queries=4, masks=False)
    given["dets"][0, 1] = 0.25, 0.25, 0.1, 0.2
    person, cup = COCO_IDS["person"], COCO_IDS["cup"]
    given["labels"][0, 2, [person, cup]] = 1, 2
    given["labels"][0, 0, cup] = 1
    given["labels"][0, 1, person] = 3
    given["labels"][0, 3, person] = 0.5
    path = network(tmp_path / "net.onnx", given)
    info = install(path, tmp_path / "m", "m")
    assert (info.family, info.masks, info.classes, info.frame_size(1920, 1080)) == (
        "rf_detr",
        False,
        COCO_NAMES,
        (114, 64),
    )
    detector = load(tmp_path / "m", device="cpu", threads=1)
    (found,) = detector.detect([FRAME])
    assert found.classes == ("person", "cup", "cup", "person")
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp([-3.0, -2, -1, -1])), atol=1e-6)
    np.testing.assert_allclose(found.boxes[0], [0.15, 0.2, 0.35, 0.3], atol=1e-6)
    assert all(mask is not None and np.array_equal(mask, WHOLE_BOX) for mask in found.masks)
    few = load(tmp_path / "m", device="cpu", threads=1, max_per_frame=2, floor=0.8).detect([FRAME])[0]
    assert few.classes == ("person", "cup")


def test_what_has_no_name_is_dropped_but_takes_its_place(tmp_path: Path) -> None:
    given = outputs(queries=2, masks=False)
    given["labels"][0, 0, 12] = 4  # COCO uses no id 12
    given["labels"][0, :, 1] = 2, 1
    detector = start(network(tmp_path / "net.onnx", given))
    (found,) = detector.detect([FRAME])
    assert len(found) == 1
    assert found.scores[0] == pytest.approx(1 / (1 + np.exp(-2)))


def test_boxes_are_clipped_and_those_under_a_pixel_dropped(tmp_path: Path) -> None:
    given = outputs(masks=False)
    given["labels"][0, :, 1] = 3, 2, 1
    given["dets"][0] = [[0.0, 0.5, 0.4, 0.2], [0.5, 0.5, 0.5, 0.01], [0.5, 1.2, 0.1, 0.1]]
    (found,) = start(network(tmp_path / "net.onnx", given)).detect([FRAME])
    np.testing.assert_allclose(found.boxes, [[0.4, 0, 0.6, 0.2]], atol=1e-6)


def blob(rows: slice, columns: slice) -> Array:
    """Logits over a frame, of a mask in these cells."""
    field = np.full((CELLS, CELLS), -4, np.float32)
    field[rows, columns] = 4
    return field


def test_the_box_of_a_mask_that_keeps_to_it(tmp_path: Path) -> None:
    """A mask's cells are coarse: what reaches a cell out of the box is cut off, as in other networks."""
    given = outputs()
    given["labels"][0, 0, 1] = 3
    given["masks"][0, 0] = blob(slice(3, 13), slice(3, 13))
    (found,) = start(network(tmp_path / "net.onnx", given)).detect([FRAME])
    np.testing.assert_allclose(found.boxes, [[0.25, 0.25, 0.75, 0.75]], atol=1e-6)
    mask = painted(found, 0, 90, 160)
    assert mask[24:66, 42:118].all()
    assert np.count_nonzero(mask) < 0.26 * mask.size


def test_the_box_grows_to_hold_a_mask_that_contradicts_it(tmp_path: Path) -> None:
    given = outputs()
    given["labels"][0, 0, 1] = 3
    field = given["masks"][0, 0]
    field[...] = blob(slice(2, 14), slice(0, 8))
    field[5, 15] = 4
    (found,) = start(network(tmp_path / "net.onnx", given)).detect([FRAME])
    np.testing.assert_allclose(found.boxes[0], [1.5 / 16, 0, 14.5 / 16, 1], atol=1e-6)
    expected = cv2.resize(field, (160, 90), interpolation=cv2.INTER_LINEAR) > 0
    assert overlap(painted(found, 0, 90, 160), expected) > 0.98


def test_which_box_holds_a_mask() -> None:
    box = np.array([0.25, 0.25, 0.75, 0.75])
    assert mask_box(np.full((CELLS, CELLS), -1.0), box) is box
    speck = blob(slice(4, 12), slice(4, 12))
    speck[0, 0] = 4
    assert mask_box(speck, box) is box
    # It ends within a cell of the outermost centres, and within the frame.
    np.testing.assert_allclose(mask_box(blob(slice(8, 15), slice(6, 10)), box), [0.25, 0.25, 15.5 / 16, 0.75])
    np.testing.assert_allclose(mask_box(blob(slice(0, 16), slice(4, 12)), box), [0, 3.5 / 16, 1, 12.5 / 16])


@pytest.mark.parametrize("batch", [2, "batch"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_several_pictures_at_a_time_and_half_precision(tmp_path: Path, batch: int | str, dtype: Any) -> None:
    given = outputs()
    given["labels"][0, 0, 1] = 3
    given["masks"][0, 0] = blob(slice(4, 12), slice(4, 12))
    gives = {name: (batch, *values.shape[1:]) for name, values in given.items()}
    path = network(
        tmp_path / "net.onnx",
        {name: values.astype(dtype) for name, values in given.items()},
        takes=(batch, 3, SIDE, SIDE),
        dtype=dtype,
        batched=True,
        gives=gives,
    )
    detector = start(path, batch=3)
    found = detector.detect([FRAME] * 5)
    single = start(network(tmp_path / "one.onnx", given)).detect([FRAME])[0]
    assert len(found) == 5
    for one in found:
        assert one.classes == single.classes
        np.testing.assert_allclose(one.scores, single.scores, atol=1e-3)
        np.testing.assert_allclose(one.boxes, single.boxes, atol=1e-3)
        assert overlap(painted(one, 0, 90, 160), painted(single, 0, 90, 160)) > 0.99


def test_the_network_sees_red_green_and_blue_in_its_terms(tmp_path: Path) -> None:
    """The logits of three classes are the means of the input's three channels, of each query."""
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["means", "ones"], ["labels"]),
        helper.make_node("Identity", ["box"], ["dets"]),
    ]
    path = write(
        tmp_path / "net.onnx",
        nodes,
        {"input": (np.float32, (1, 3, SIDE, SIDE))},
        {"dets": (np.float32, (1, 3, 4)), "labels": (np.float32, (1, 3, 3))},
        {"ones": np.ones((1, 3, 1), np.float32), "box": np.full((1, 3, 4), 0.5, np.float32)},
        {"names": ["r", "g", "b"]},
    )
    picture = np.full((40, 60, 3), (200, 100, 20), np.uint8)
    (found,) = start(path, floor=0.0).detect([picture])
    means = (np.array([200, 100, 20]) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert set(found.classes) == {"r"}  # three queries say so, and no more pairs than queries count
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp(-means[0])), atol=1e-5)
    (found,) = start(path, floor=0.0).detect([picture[..., ::-1].copy()])
    assert set(found.classes) == {"b"}


@pytest.mark.parametrize(
    ("metadata", "ids"),
    [
        ({"names": {0: "pen", 1: "mug"}}, {"pen": 0, "mug": 1}),
        ({"names": ["pen", "mug", "badge"]}, {"pen": 0, "mug": 1, "badge": 2}),
        ({"rfdetr_notes": '["pen", "mug"]'}, {"pen": 0, "mug": 1}),
        ({"rfdetr_notes": '{"class_names": ["pen", "mug"], "by": "me"}'}, {"pen": 0, "mug": 1}),
    ],
)
def test_names_of_a_network_of_one_s_own(tmp_path: Path, metadata: dict[str, object], ids: dict[str, int]) -> None:
    """Its last logit is of nothing."""
    info = describe(network(tmp_path / "net.onnx", outputs(classes=3), metadata=metadata))
    assert info.class_ids == ids


def test_the_package_s_own_list_of_coco_s_names(tmp_path: Path) -> None:
    """It has no gaps where COCO's ids have some."""
    noted = {"rfdetr_notes": f'{{"names": {json.dumps(COCO_NAMES)}}}'}
    assert describe(network(tmp_path / "net.onnx", outputs(), metadata=noted)).class_ids == COCO_IDS


@pytest.mark.parametrize("metadata", [{}, {"names": ["pen"]}, {"names": ["a", "b", "c", "d"]}, {"names": ["a", "a"]}])
def test_classes_without_names_are_refused(tmp_path: Path, metadata: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=r"has 3 classes and \d names.*model\.export\(notes=") as caught:
        describe(network(tmp_path / "net.onnx", outputs(classes=3), metadata=metadata))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"takes": (1, 3, "height", "width")}, "fixed sides"),
        ({}, {"takes": (1, SIDE, SIDE, 3)}, r"pictures \(n, 3, height, width\)"),
        ({}, {"dtype": np.float64}, "float32 or float16"),
        ({"dets": np.zeros((1, 3, 5), np.float32)}, {}, "boxes"),
        ({"dets": np.zeros((1, 4, 4), np.float32)}, {}, "as many queries"),
        ({"masks": np.zeros((1, 3, CELLS), np.float32)}, {}, "masks"),
        ({}, {"gives": {"labels": (1, 3, "classes")}}, "logits"),
    ],
)
def test_what_only_is_named_like_one_is_refused(
    tmp_path: Path, change: dict[str, Array], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        install(network(tmp_path / "net.onnx", outputs() | change, **options), tmp_path / "m")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("name", ["dets", "labels", "masks"])
def test_numbers_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    given = outputs()
    given[name][0, -1, -1] = np.inf
    with pytest.raises(ModelError, match=f"{name} of the network holds numbers that are none"):
        install(network(tmp_path / "net.onnx", given), tmp_path / "m")
    assert not (tmp_path / "m").exists()
