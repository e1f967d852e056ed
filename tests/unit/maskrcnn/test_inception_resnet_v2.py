"""The original's network, tensor by tensor, against what the genuine graph gives for the same weights and picture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import formula
import numpy as np
import pytest

from objmask.cli import main
from objmask.maskrcnn.config import changed, named


@pytest.fixture(scope="module", autouse=True)
def _networks():
    """TensorFlow, which takes seconds to load, comes when a test runs, not when tests are collected."""
    global MaskRCNN, checkpoint, postprocess, tf
    import tensorflow as tf

    from objmask.maskrcnn import checkpoint, postprocess
    from objmask.maskrcnn.network import MaskRCNN


SAMPLES = json.loads(Path(__file__).with_name("inception_resnet_v2.json").read_text())
TOLERANCES = {
    # Ten times the noise of float32: what other thread counts, oneDNN kernels and fusions change.
    **dict.fromkeys(("stem_conv2d_2b", "stem_maxpool_5a", "mixed_5b", "block35_10", "mixed_6a", "block17_1"), 3e-4),
    **dict.fromkeys(("rpn_features_to_crop", "rpn_features_to_crop_channel_mean", "rpn_conv", "tail_proposal0"), 3e-4),
    **dict.fromkeys(("crops_mean_first8", "mixed_7a_mean_first8", "tail_mean_first8", "class_logits"), 3e-4),
    **dict.fromkeys(("rpn_box_encodings", "rpn_objectness_logits", "detection_scores"), 3e-5),
    **dict.fromkeys(("preprocessed", "anchors", "num_detections", "detection_classes"), 0.0),
    **dict.fromkeys(("box_encodings", "mask_logits_det0to3_classes_stride10"), 5e-5),
    **dict.fromkeys(("proposal_boxes_normalized", "detection_boxes"), 3e-6),
    "proposal_boxes": 1e-3,
    "crop_proposal0": 2e-4,
    "detection_masks_first20": 2e-5,
}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> MaskRCNN:
    """The network with the formula's weights, which came from a checkpoint through `import-checkpoint`."""
    folder = tmp_path_factory.mktemp("checkpoint")
    shapes = {k: tuple(v.shape) for k, v in MaskRCNN(formula.config()).variables_by_name().items()}
    values: dict[str, Any] = {name: formula.weights(name, shape) for name, shape in shapes.items()}
    # A training's own variables are of no use to a network, and no reason to refuse it.
    values |= {"global_step": np.int64(7), "Conv/weights/Momentum": values["Conv/weights"]}
    checkpoint.save(folder / "zoo.ckpt", values)
    arguments = ["--config=inception_resnet_v2_atrous_coco", f"--out={folder / 'network'}"]
    assert main(["import-checkpoint", f"--checkpoint={folder / 'zoo.ckpt'}", *arguments]) == 0
    return checkpoint.load_network(folder / "network", min_dimension=160, max_dimension=224)


@pytest.fixture(scope="module")
def tensors(network: MaskRCNN) -> dict[str, Any]:
    """What each layer gives, thinned out as the recording is."""
    pictures = tf.constant(formula.picture()[None])
    first = {name: value.numpy() for name, value in tf.function(lambda: _to_class_logits(network, pictures))().items()}
    biases = formula.balanced(first["class_logits"])
    network.variables_by_name()[formula.BIASES].assign(biases)
    first["class_logits"] = first["class_logits"] + biases
    found = {name: value.numpy() for name, value in tf.function(network.detect)(pictures).items()}
    boxes = tf.constant(found["detection_boxes"][0, :4])
    masks = network.mask_head(tf.constant(first["features"]), boxes, tf.zeros(4, tf.int32)).numpy()
    first.pop("features")
    return {
        **first,
        "num_detections": found["num_detections"],
        "detection_boxes": found["detection_boxes"][0],
        "detection_scores": found["detection_scores"][0],
        "detection_classes": found["detection_classes"][0],
        "detection_masks_first20": found["detection_masks"][0, :20],
        "mask_logits_det0to3_classes_stride10": masks[:, :90:10],
    }


def _to_class_logits(network: MaskRCNN, pictures: Any) -> dict[str, Any]:
    """All tensors up to the class logits."""
    recorded = {
        "Conv2d_2b_3x3": ("stem_conv2d_2b", np.s_[:, ::2, ::2, ::8]),
        "MaxPool_6": ("stem_maxpool_5a", np.s_[..., ::8]),
        "Mixed_5b": ("mixed_5b", np.s_[..., ::16]),
        "block35_10": ("block35_10", np.s_[..., ::16]),
        "Mixed_6a": ("mixed_6a", np.s_[..., ::16]),
        "block17_1": ("block17_1", np.s_[..., ::16]),
        "block17_20": ("rpn_features_to_crop", np.s_[..., ::8]),
    }
    inputs = network.preprocess(pictures)
    seen, x = {"preprocessed": inputs}, inputs
    for name, layer in network.backbone.stages:
        x = layer(x)
        if name in recorded:
            key, thinned = recorded[name]
            seen[key] = x[thinned]
    stage = network.first_stage(inputs)
    regions = network.proposals(stage, 160, 224).boxes
    normalised = regions / tf.constant([160.0, 224, 160, 224])
    crops = network.crop(x, normalised[0, :8], tf.zeros(8, tf.int32))
    mixed_7a = network.second_stage.blocks[0](crops)
    tail = network.second_stage.mask_features(crops, False)
    logits, offsets = network.box_head(x, normalised)
    return seen | {
        "features": x,
        "rpn_features_to_crop_channel_mean": tf.reduce_mean(x, axis=(0, 1, 2)),
        "rpn_conv": network.proposal_features(x)[..., ::8],
        "rpn_box_encodings": stage.deltas,
        "rpn_objectness_logits": stage.objectness,
        "anchors": stage.anchors,
        "proposal_boxes": regions,
        "proposal_boxes_normalized": normalised,
        "crops_mean_first8": tf.reduce_mean(crops, axis=(1, 2)),
        "crop_proposal0": crops[0, ..., ::32],
        "mixed_7a_mean_first8": tf.reduce_mean(mixed_7a, axis=(1, 2)),
        "tail_mean_first8": tf.reduce_mean(tail, axis=(1, 2)),
        "tail_proposal0": tail[0, ..., ::16],
        "class_logits": logits[0],
        "box_encodings": offsets[0],
    }


def test_variables_are_those_of_the_published_checkpoint(network: MaskRCNN) -> None:
    lines = sorted(
        f"{name}\t{','.join(map(str, v.shape))}\t{'yes' if v.trainable else 'no'}"
        for name, v in network.variables_by_name().items()
    )
    assert len(lines) == 914
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == SAMPLES["variables_sha256"]


@pytest.mark.parametrize("key", sorted(TOLERANCES))
def test_tensor_equals_the_recording(key: str, tensors: dict[str, Any]) -> None:
    values, sample = tensors[key].ravel(), SAMPLES["tensors"][key]
    assert list(tensors[key].shape) == sample["shape"]
    places = np.linspace(0, values.size - 1, len(sample["values"])).astype(np.int64)
    # JSON keeps nine digits, which is more than float32 has.
    np.testing.assert_allclose(values[places], sample["values"], rtol=1e-7, atol=TOLERANCES[key])
    # Every value counts in these, also those between the samples.
    assert np.abs(values.astype(np.float64)).mean() == pytest.approx(
        sample["mean_abs"], abs=max(TOLERANCES[key], 1e-7), rel=1e-7
    )


def test_whole_tensors_equal_the_genuine_recording(assets: Path, tensors: dict[str, Any]) -> None:
    recorded = dict(np.load(assets / "parity/reference_inception_resnet_v2_variantB.npz"))
    np.testing.assert_array_equal(formula.picture(), recorded["image_uint8"])
    worst = {key: float(np.abs(tensors[key].reshape(recorded[key].shape) - recorded[key]).max()) for key in TOLERANCES}
    assert {key: value for key, value in worst.items() if value > TOLERANCES[key]} == {}


def test_clipping_before_suppression_keeps_other_proposals(assets: Path) -> None:
    recorded = dict(np.load(assets / "parity/reference_inception_resnet_v2_variantB.npz"))
    raw = [tf.constant(recorded[name]) for name in ("rpn_box_encodings", "rpn_objectness_logits", "anchors")]
    for early, expected in ((False, "proposal_boxes"), (True, "derived_numpy_proposals_clip_before_nms")):
        kept = postprocess.proposals(*raw, 160, 224, changed(formula.config(), {"clip_before_nms": early})).boxes
        np.testing.assert_allclose(kept.numpy().reshape(-1, 4), recorded[expected].reshape(-1, 4), atol=1e-3)


@pytest.mark.parametrize(
    ("part", "expected"), [("features", 456e9), ("proposals", 83e9), ("crop", 2.09e9), ("mask", 5.36e9)]
)
def test_multiply_accumulates(part: str, expected: float, network: MaskRCNN) -> None:
    features = tf.TensorSpec((1, 96, 171, 1088))
    functions: dict[str, Any] = {
        "features": (lambda x: network.backbone(x)[0], tf.TensorSpec((1, 768, 1365, 3))),
        "proposals": (network.proposal_features, features),
        "crop": (lambda x: network.second_stage.mask_features(x, False), tf.TensorSpec((1, 17, 17, 1088))),
        "mask": (network.masks_from_features, tf.TensorSpec((1, 8, 8, 1536))),
    }
    function, spec = functions[part]
    assert _multiply_accumulates(function, spec) == pytest.approx(expected, rel=0.03)


def _multiply_accumulates(function: Any, spec: Any) -> int:
    """Of the convolutions that a function does on one input of the shape `spec`."""
    graph = tf.function(function).get_concrete_function(spec).graph
    total = 0
    for op in graph.get_operations():
        if op.type == "Conv2D":
            rows, columns, inputs, _ = op.inputs[1].shape
            total += int(np.prod(op.outputs[0].shape)) * rows * columns * inputs
    return total


def test_missing_extra_and_misshapen_variables_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = named("desk")
    values = {k: v.numpy() for k, v in MaskRCNN(config).variables_by_name().items()}
    del values["Conv/biases"]
    values["Conv/weights"] = values["Conv/weights"][..., :1]
    values["Elsewhere/weights"] = np.zeros(3, np.float32)
    checkpoint.save(tmp_path / "model.ckpt", values)
    code = main(
        ["import-checkpoint", f"--checkpoint={tmp_path / 'model.ckpt'}", "--config=desk", f"--out={tmp_path / 'out'}"]
    )
    message = capsys.readouterr().err
    assert code == 1
    assert "missing Conv/biases" in message
    assert "Conv/weights has shape (3, 3, 64, 1), not (3, 3, 64, 64)" in message
    assert "nothing takes Elsewhere/weights" in message
    assert not (tmp_path / "out").exists()
