"""Graphs of the Object Detection API's contract, tiny but real. TensorFlow is loaded when one is built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


def outputs(image: tf.Tensor, side: int) -> dict[str, tf.Tensor]:
    """Two detections a frame: a box around the bright pixels, and one that reaches out of the frame; one of no class.

    The first box's mask is what `crop_and_resize` cuts from the picture, the inverse of pasting.
    """
    import tensorflow as tf

    bright = tf.cast(tf.reduce_max(image, -1) > 127, tf.float32)
    size = tf.cast(tf.shape(image)[1:3], tf.float32)

    def box(picture: tf.Tensor) -> tf.Tensor:
        at = tf.cast(tf.where(picture > 0), tf.float32)
        return tf.concat([tf.reduce_min(at, 0) / size, (tf.reduce_max(at, 0) + 1) / size], 0)

    found = tf.map_fn(box, bright)
    batch = tf.shape(image)[0]
    fixed = tf.tile(tf.constant([[[-0.5, 0.25, 0.5, 1.25], [0.1, 0.1, 0.9, 0.9], [0.0, 0.0, 1.0, 1.0]]]), [batch, 1, 1])
    mask = tf.image.crop_and_resize(bright[..., None], found, tf.range(batch), (side, side))[..., 0][:, None]
    lower = tf.tile(tf.cast(tf.range(side) >= side // 2, tf.float32)[None, None, :, None], [batch, 1, 1, side])
    values = {
        "num_detections": tf.fill([batch], 3.0),
        "detection_boxes": tf.concat([found[:, None], fixed], 1),
        "detection_scores": tf.tile([[0.9, 0.8, 0.7, 0.6]], [batch, 1]),
        "detection_classes": tf.tile([[72.0, 1.0, 12.0, 1.0]], [batch, 1]),
        "detection_masks": tf.concat([mask, lower, lower, lower], 1),
    }
    return {name: tf.identity(value, name=name) for name, value in values.items()}


def in_pictures(found: dict[str, tf.Tensor], image: tf.Tensor, dtype: str, shrink: int = 1) -> dict[str, tf.Tensor]:
    """The masks over whole pictures, as the Object Detection API pastes them; cut at one half unless they are float."""
    import tensorflow as tf

    masks, boxes = found["detection_masks"], found["detection_boxes"]
    batch, count = tf.shape(masks)[0], masks.shape[1]
    low, high = tf.split(tf.reshape(boxes, (-1, 4)), 2, 1)
    picture = tf.concat([-low / (high - low), (1 - low) / (high - low)], 1)
    flat = tf.reshape(masks, (-1, *masks.shape[2:], 1))
    height, width = tf.shape(image)[1] // shrink, tf.shape(image)[2] // shrink
    pasted = tf.image.crop_and_resize(flat, picture, tf.range(tf.shape(flat)[0]), (height, width))
    pasted = tf.reshape(pasted, (batch, count, height, width))
    whole = pasted if tf.as_dtype(dtype).is_floating else tf.cast(pasted > 0.5, dtype)
    return {"detection_masks_reframed": tf.identity(whole, name="detection_masks_reframed")}


def frozen(path: Path, side: int = 33, leave_out: str = "", pictures: str = "") -> Path:
    """Writes a frozen TF 1 graph; with masks of whole pictures of the type `pictures`, if it is given."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        image = tf.compat.v1.placeholder(tf.uint8, (None, None, None, 3), name="image_tensor")
        found = outputs(image, side)
        if pictures:
            in_pictures(found, image, pictures)
    definition = graph.as_graph_def()
    for node in list(definition.node):
        if node.name == leave_out:
            # A graph of masks in pictures still computes those in boxes, under another name.
            node.name = f"inside/{leave_out}"
        for i, name in enumerate(node.input):
            if name == leave_out:
                node.input[i] = f"inside/{leave_out}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(definition.SerializeToString())
    return path


EXTRAS = {
    "anchors": (300, 4),
    "box_classifier_features": (30, 9, 9, 8),
    "class_predictions_with_background": (30, 7),
    "detection_anchor_indices": (1, 4),
    "detection_multiclass_scores": (1, 4, 7),
    "image_shape": (4,),
    "mask_predictions": (4, 6, 15, 15),
    "num_proposals": (1,),
    "proposal_boxes_normalized": (1, 30, 4),
    "raw_detection_boxes": (1, 30, 4),
    "raw_detection_scores": (1, 30, 7),
}
"""Further outputs of a genuine TF 2 export, and their shapes: some have no place for the batch."""


def saved_tf2(
    path: Path, side: int = 15, unseen: float = 1.0, leave_out: str = "", pictures: str = "", shrink: int = 1
) -> Path:
    """Writes a TF 2 SavedModel with a variable, of a fixed batch of 1 and with further outputs, as in the TF 2 zoo.

    Args:
        path: its folder.
        side: samples of a mask within its box.
        unseen: a weight that decides nothing.
        leave_out: an output that it does not give.
        pictures: type of its masks of whole pictures; empty: it has none.
        shrink: how much smaller than the frame these are.
    """
    import tensorflow as tf

    module = tf.Module()
    module.one = tf.Variable(1.0)
    module.unseen = tf.Variable(unseen, name="unseen")

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), tf.uint8, name="input_tensor")])
    def call(input_tensor: tf.Tensor) -> dict[str, tf.Tensor]:
        found = outputs(input_tensor, side)
        extras = {name: tf.fill(shape, module.one) for name, shape in EXTRAS.items()}
        given = {
            **found,
            **(in_pictures(found, input_tensor, pictures, shrink) if pictures else {}),
            **extras,
            "detection_scores": found["detection_scores"] * module.one,
            "raw": module.one[None] + tf.where(module.unseen > 2, 1.0, 0.0),
        }
        return {name: value for name, value in given.items() if name != leave_out}

    tf.saved_model.save(module, str(path), signatures={"serving_default": call})
    return path


def saved_tf1(path: Path) -> Path:
    """Writes a TF 1 SavedModel, its input called `inputs` as in the zoo's archives."""
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        image = tf.compat.v1.placeholder(tf.uint8, (None, None, None, 3), name="image_tensor")
        tf.compat.v1.saved_model.simple_save(session, str(path), {"inputs": image}, outputs(image, 33))
    return path


def frame(top: int = 10, left: int = 20) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A picture with an object of 20 x 30 pixels, less a corner."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[top : top + 20, left : left + 30, 1] = 255
    picture[top : top + 8, left : left + 8] = 0
    return picture
