"""Graphs of the Object Detection API's contract, tiny but real: saved, loaded and run by TensorFlow."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from graphs import frame, frozen, saved_tf1, saved_tf2
from hypothesis import given, settings
from hypothesis import strategies as st

from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.api_outputs import clip_mask, crop_mask, detections_of
from objmask.models.describe import describe
from objmask.models.info import ModelInfo
from objmask.models.install import install
from objmask.models.load import load

Mask = npt.NDArray[np.bool_]
OUTPUTS = ("num_detections", "detection_boxes", "detection_scores", "detection_classes", "detection_masks")


def detected(source: Path, folder: Path) -> list[Detections]:
    """What a network, installed into `folder`, finds in the picture."""
    install(source, folder, "m")
    detector = load(folder, device="cpu")
    try:
        return detector.detect([frame()])
    finally:
        detector.close()


def painted(found: Detections) -> list[Mask]:
    """The pixels of each detection in the picture."""
    pictures = []
    for mask, box in zip(found.masks, found.boxes, strict=True):
        patch = paste(mask, box, 48, 64, 0.5)
        pictures.append(np.zeros((48, 64), bool))
        pictures[-1][patch.rows, patch.columns] = patch.mask
    return pictures


def iou(a: Mask, b: Mask) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("kind", ["frozen33", "frozen15", "tf1", "tf2"])
def test_boxes_and_masks_land_on_the_object(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    source = {
        "frozen33": lambda: frozen(tmp_path / "a" / "frozen_inference_graph.pb").parent,
        "frozen15": lambda: frozen(tmp_path / "a" / "graph.pb", 15),
        "tf1": lambda: saved_tf1(tmp_path / "a" / "saved_model").parent,
        "tf2": lambda: saved_tf2(tmp_path / "a"),
    }[kind]()
    info = install(source, tmp_path / "m", "m")
    assert (info.family, info.input_height, info.frame_size(1920, 1080)) == ("tf_detection", 0, (1365, 768))
    detector = load(tmp_path / "m", device="cpu")
    assert detector.placement.startswith("CPU")
    with caplog.at_level(logging.WARNING):
        (found,) = detector.detect([frame()])
        detector.detect([frame()])
    # Id 12 is none of COCO's: dropped, with one warning; the fourth is beyond num_detections.
    assert found.classes == ("tv", "person")
    assert [r.message for r in caplog.records].count(
        "m: class id 12 is not in the label map; its detections are dropped"
    ) == 1
    np.testing.assert_allclose(found.boxes[0] * [48, 64, 48, 64], [10, 20, 30, 50], atol=1e-4)
    assert iou(painted(found)[0], frame()[..., 1] > 0) > 0.95
    # The second box spans -0.5..0.5; its mask is the lower half, which is all that lies in the frame.
    np.testing.assert_allclose(found.boxes[1], [0, 0.25, 0.5, 1])
    assert found.masks[1][1:].min() == 255
    detector.close()


@pytest.mark.parametrize("pictures", ["uint8", "float32"])
@pytest.mark.parametrize("write", [frozen, saved_tf2])
def test_masks_of_whole_pictures_are_cropped_to_their_boxes(
    tmp_path: Path, write: Callable[..., Path], pictures: str
) -> None:
    (inside,) = detected(write(tmp_path / "inside.pb", 33), tmp_path / "m")
    (found,) = detected(write(tmp_path / "own.pb", 33, leave_out="detection_masks", pictures=pictures), tmp_path / "m")
    assert ModelInfo.read(tmp_path / "m").masks
    np.testing.assert_array_equal(found.boxes, inside.boxes)
    assert all(a.shape != b.shape for a, b in zip(found.masks, inside.masks, strict=True))
    # Pasting is what the network did: the same pixels come back.
    (screen, person), (same_screen, same_person) = painted(found), painted(inside)
    assert np.array_equal(screen, same_screen)
    # Rounding decides whether the frame's last column lies in a box that reaches beyond it.
    assert np.array_equal(person[:, :-1], same_person[:, :-1])


def test_of_both_kinds_of_masks_those_in_boxes_are_exact(tmp_path: Path) -> None:
    (plain,) = detected(saved_tf2(tmp_path / "plain"), tmp_path / "m")
    (both,) = detected(saved_tf2(tmp_path / "both", pictures="uint8"), tmp_path / "m")
    for a, b in zip(plain.masks, both.masks, strict=True):
        np.testing.assert_array_equal(a, b)


def test_masks_of_a_picture_that_is_smaller_than_the_frame(tmp_path: Path) -> None:
    own = saved_tf2(tmp_path / "own", 33, leave_out="detection_masks", pictures="float32", shrink=2)
    (found,) = detected(own, tmp_path / "m")
    truth = frame()[..., 1] > 0
    assert iou(painted(found)[0], truth) > 0.93
    # The lower half of a box that reaches from above the frame to its middle: rows 0 to 23.
    assert painted(found)[1][1:23, 17:].all()
    assert not painted(found)[1][24:].any()


@pytest.mark.parametrize("write", [frozen, saved_tf2])
def test_a_detector_of_boxes_gives_their_area(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write(tmp_path / "net.pb", leave_out="detection_masks")
    assert describe(path).masks is False
    (found,) = detected(path, tmp_path / "m")
    info = ModelInfo.read(tmp_path / "m")
    assert info.masks is False
    assert replace(info, masks=True).digest() != info.digest()
    assert found.classes == ("tv", "person")
    assert [mask.tolist() for mask in found.masks] == [[[255, 255], [255, 255]]] * 2
    assert painted(found)[0][10:30, 20:50].sum() == painted(found)[0].sum() == 20 * 30


@pytest.mark.parametrize("kind", ["tf1", "tf2", "frozen"])
def test_loading_says_nothing_unless_everything_is_to_be_shown(tmp_path: Path, kind: str) -> None:
    source = {"tf1": saved_tf1, "tf2": saved_tf2, "frozen": frozen}[kind](tmp_path / "own.pb")
    install(source, tmp_path / "m", "m")
    code = (
        "import sys; from pathlib import Path; from objmask.models.load import load;"
        "load(Path(sys.argv[1]), device='cpu').close();"
        "from objmask.models.quiet_tensorflow import tf; tf.get_logger().error('a real error')"
    )

    def said(**level: str) -> str:
        environment = {**{k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}, **level}
        command = [sys.executable, "-c", code, str(tmp_path / "m")]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stderr

    assert said() == "ERROR:tensorflow:a real error\n"
    if kind != "frozen":
        assert "deprecated" in said(TF_CPP_MIN_LOG_LEVEL="0")


def test_results_do_not_depend_on_how_frames_are_batched(tmp_path: Path) -> None:
    install(frozen(tmp_path / "graph.pb"), tmp_path / "m", "m")
    frames = [frame(top, top) for top in (0, 5, 9, 14, 20)]
    one = load(tmp_path / "m", device="cpu", batch=1).detect(frames)
    two = load(tmp_path / "m", device="cpu", batch=2).detect(frames)
    assert len(one) == len(two) == 5
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.boxes, b.boxes)
        np.testing.assert_array_equal(a.masks[0], b.masks[0])
    with pytest.raises(ValueError, match="differ in size"):
        load(tmp_path / "m", device="cpu", batch=2).detect([frame(), frame()[:40]])


def test_floor_limit_and_label_map(tmp_path: Path) -> None:
    graph = frozen(tmp_path / "a" / "graph.pb")
    (graph.parent / "labels.pbtxt").write_text("item { id: 72 name: 'badge' } item { id: 12 name: 'pen' }")
    info = install(graph, tmp_path / "m", "m")
    assert info.classes == ("pen", "badge")
    assert (tmp_path / "m" / "label_map.pbtxt").is_file()
    assert load(tmp_path / "m", device="cpu").detect([frame()])[0].classes == ("badge", "pen")
    assert load(tmp_path / "m", device="cpu", max_per_frame=1).detect([frame()])[0].classes == ("badge",)
    assert load(tmp_path / "m", device="cpu", floor=0.75).detect([frame()])[0].classes == ("badge",)


def test_pipeline_config_tells_resizer_and_score_cut(tmp_path: Path) -> None:
    graph = frozen(tmp_path / "a" / "frozen_inference_graph.pb")
    (graph.parent / "pipeline.config").write_text(
        "keep_aspect_ratio_resizer { min_dimension: 600\n max_dimension: 1024 }\n"
        "first_stage_nms_score_threshold: 0.0\n"
        "second_stage_post_processing { batch_non_max_suppression { score_threshold: 0.300000011920929 } }"
    )
    info = install(graph.parent, tmp_path / "m", "m")
    assert (info.score_cut, info.frame_size(1280, 720)) == (0.3, (1024, 576))


def test_graphs_that_break_the_contract_are_refused(tmp_path: Path) -> None:
    for write in (frozen, saved_tf2):
        with pytest.raises(ModelError, match="lacks detection_scores"):
            install(write(tmp_path / f"{write.__name__}.pb", leave_out="detection_scores"), tmp_path / "m", "m")
        assert not (tmp_path / "m").exists()
    whole = frozen(tmp_path / "whole.pb").read_bytes()
    (tmp_path / "cut.pb").write_bytes(whole[:-100])
    with pytest.raises(ModelError, match="cut short"):
        install(tmp_path / "cut.pb", tmp_path / "m", "m")


def test_a_fixed_batch_is_kept_to(tmp_path: Path) -> None:
    install(saved_tf2(tmp_path / "a"), tmp_path / "m", "m")
    with pytest.raises(ModelError, match=r"set detect\.batch: 1"):
        load(tmp_path / "m", device="cpu", batch=2)


def test_a_gpu_that_is_required_but_missing_is_an_error(tmp_path: Path) -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    install(frozen(tmp_path / "graph.pb"), tmp_path / "m", "m")
    with pytest.raises(ModelError, match="TensorFlow sees none"):
        load(tmp_path / "m", device="gpu")
    assert load(tmp_path / "m", device="auto").placement.startswith("CPU")


def test_clipping_a_mask_keeps_its_samples_in_place() -> None:
    """A linear ramp over the box, cut to any part of it, is the same ramp over that part."""
    ramp = np.tile(np.linspace(0, 1, 33, dtype=np.float32)[:, None], (1, 33))
    box = np.array([-0.2, 0.1, 0.6, 0.5])
    cut = clip_mask(ramp, box, np.clip(box, 0, 1))
    np.testing.assert_allclose(cut[:, 0] / 255, np.linspace(0.25, 1, 33), atol=1 / 255)
    assert clip_mask(np.full((200, 15), 0.5), box, box).shape == (160, 15)


@given(
    size=st.tuples(st.integers(2, 300), st.integers(2, 300)),
    corner=st.tuples(st.floats(0, 0.95), st.floats(0, 0.95)),
    sides=st.tuples(st.floats(1, 79), st.floats(1, 79)),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_small_mask_of_a_picture_is_kept_to_the_pixel(
    size: tuple[int, int], corner: tuple[float, float], sides: tuple[float, float], seed: int
) -> None:
    """Whatever its pixels are: pasted they are the same."""
    mask = np.random.default_rng(seed).random(size) > 0.5
    box = np.float32([*corner, *np.minimum(1, corner + np.array(sides) / (np.array(size) - 1))])
    stored = crop_mask(mask, box.astype(np.float64))
    patch = paste(stored, box, *size, 0.5)
    assert np.array_equal(patch.mask, mask[patch.rows, patch.columns])


@given(
    corner=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)),
    sides=st.tuples(st.floats(0.15, 0.5), st.floats(0.15, 0.5)),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=30)
def test_a_large_mask_of_a_picture_keeps_its_outline(
    corner: tuple[float, float], sides: tuple[float, float], seed: int
) -> None:
    """As networks give them: 33 samples a side, pasted into 720p, cut at one half."""
    soft = cv2.resize(np.random.default_rng(seed).integers(0, 256, (4, 4), np.uint8), (33, 33))
    soft[8:25, 8:25] |= 128
    box = np.float32([*corner, *(np.array(corner) + sides)])
    whole = np.zeros((720, 1280), np.uint8)
    patch = paste(soft, box, *whole.shape, 0.5)
    whole[patch.rows, patch.columns] = patch.mask
    again = paste(crop_mask(whole, box.astype(np.float64)), box, *whole.shape, 0.5)
    assert (again.top, again.left) == (patch.top, patch.left)
    assert iou(again.mask, patch.mask) > 0.99


def test_boxes_in_pixels_are_refused() -> None:
    found = {
        "num_detections": np.float32(1),
        "detection_boxes": np.array([[10, 20, 30, 40]], np.float32),
        "detection_scores": np.array([0.9], np.float32),
        "detection_classes": np.array([1], np.float32),
    }
    with pytest.raises(ModelError, match="net: its boxes are in pixels"):
        detections_of(found, 48, 64, {1: "person"}, floor=0.05, limit=10, model="net")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["num_detections", *(name for name in OUTPUTS if name != "num_detections")])
def test_numbers_that_are_none_are_no_empty_frame(name: str, wrong: float) -> None:
    good = {
        "num_detections": np.float32(2),
        "detection_boxes": np.array([[0, 0, 0.5, 0.5], [0, 0, 1, 1], [0, 0, 0, 0]], np.float32),
        "detection_scores": np.array([0.9, 0.01, 0], np.float32),
        "detection_classes": np.array([1, 1, 1], np.float32),
        "detection_masks": np.full((3, 15, 15), 0.5, np.float32),
    }
    how = {"floor": 0.05, "limit": 10, "model": "net"}
    assert len(detections_of(good, 48, 64, {1: "person"}, **how)) == 1
    # Beyond num_detections there are no detections, whatever the numbers are.
    padded = {**good, "detection_scores": np.array([0.9, 0.01, wrong], np.float32)}
    assert len(detections_of(padded, 48, 64, {1: "person"}, **how)) == 1
    bad = np.array(good[name])
    bad[(1,) * bad.ndim if bad.ndim else ()] = wrong
    with pytest.raises(ModelError, match=f"net: {name} of the network holds numbers that are none"):
        detections_of({**good, name: bad}, 48, 64, {1: "person"}, **how)
    for count in (-1, 4):
        with pytest.raises(ModelError, match="detections in 3 places"):
            detections_of({**good, "num_detections": np.float32(count)}, 48, 64, {1: "person"}, **how)


@pytest.mark.parametrize("kind", ["frozen", "tf2"])
def test_a_weight_that_is_no_number_is_found_though_no_output_shows_it(tmp_path: Path, kind: str) -> None:
    import tensorflow as tf

    if kind == "frozen":
        path = frozen(tmp_path / "a" / "frozen_inference_graph.pb")
        definition = tf.compat.v1.GraphDef.FromString(path.read_bytes())
        node = definition.node.add(name="unseen", op="Const")
        node.attr["dtype"].type = tf.float16.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto([1.0, np.nan], tf.float16))
        path.write_bytes(definition.SerializeToString())
    else:
        path = saved_tf2(tmp_path / "a", unseen=np.nan)
    with pytest.raises(ModelError, match=r"a: weight .*unseen.* holds numbers that are none") as caught:
        install(path.parent if kind == "frozen" else path, tmp_path / "m")
    assert "\n" not in str(caught.value)
