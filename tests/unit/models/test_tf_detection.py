"""Graphs of the Object Detection API's contract, tiny but real: saved, loaded and run by TensorFlow."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from graphs import frame, frozen, saved_tf1, saved_tf2

from objmask.detections.masks import paste
from objmask.errors import ModelError
from objmask.models.api_outputs import clip_mask, detections_of
from objmask.models.install import install
from objmask.models.load import load

OUTPUTS = ("num_detections", "detection_boxes", "detection_scores", "detection_classes", "detection_masks")


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
    patch = paste(found.masks[0], found.boxes[0], 48, 64, 0.5)
    painted = np.zeros((48, 64), bool)
    painted[patch.rows, patch.columns] = patch.mask
    bright = frame()[..., 1] > 0
    assert (painted & bright).sum() / (painted | bright).sum() > 0.95
    # The second box spans -0.5..0.5; its mask is the lower half, which is all that lies in the frame.
    np.testing.assert_allclose(found.boxes[1], [0, 0.25, 0.5, 1])
    assert found.masks[1][1:].min() == 255
    detector.close()


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
    cases = (
        ("detection_masks", "a detector of boxes only"),
        ("detection_scores", "lacks detection_scores"),
    )
    for name, reason in cases:
        with pytest.raises(ModelError, match=reason):
            install(frozen(tmp_path / f"{name}.pb", leave_out=name), tmp_path / "m", "m")
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
