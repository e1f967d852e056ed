"""A network of YOLO's form that is small enough for tests of the workflow: it starts in a tenth of a second.

It is a real TensorFlow Lite file, which `tiny_yolo.tflite` beside this module holds: 80 classes of COCO, and one box
that it always finds, a person in the middle. `python tests/tiny_yolo.py` writes it again.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

TINY_YOLO = Path(__file__).with_suffix(".tflite")


def build_yolo(
    path: Path,
    *,
    channels_first: bool = False,
    pixels: bool = False,
    classes: int = 3,
    found: int | None = None,
    height: int = 64,
    width: int = 96,
    masks: bool = True,
    box: tuple[float, float, float, float] = (48, 32, 64, 40),
    names: Sequence[str] = (),
) -> Path:
    """Writes a network whose one anchor that fires is a box given by the caller.

    The prototype is the input's red channel averaged over 4x4 pixels, less one half: the mask is where red is bright.

    Args:
        path: the file.
        channels_first: the layout of the input.
        pixels: boxes are in pixels, not in shares of the picture.
        classes: how many there are.
        found: the class of the box; None: the last one.
        height: of the input, pixels.
        width: of the input, pixels.
        masks: False: a network that gives boxes only.
        box: centre x and y, width and height, in pixels of the input.
        names: of the classes, for the file's metadata.
    """
    import tensorflow as tf

    found = classes - 1 if found is None else found
    anchors = sum((height // s) * (width // s) for s in (8, 16, 32))
    rows = np.zeros((1, 4 + classes + 2 * masks, anchors), np.float32)
    unit = np.ones(4) if pixels else np.array([width, height, width, height])
    rows[0, 0] = np.linspace(0, width, anchors) / unit[0]
    rows[0, :4, 5] = np.array(box) / unit
    rows[0, 4 + found, 5] = 0.9
    if masks:
        rows[0, -2, 5] = 6.0

    def network(images: tf.Tensor) -> list[tf.Tensor]:
        red = images[:, 0] if channels_first else images[..., 0]
        bright = tf.nn.avg_pool2d(red[..., None], 4, 4, "VALID") - 0.5
        prototypes = tf.concat([bright, bright * 0], -1)
        if channels_first:
            prototypes = tf.transpose(prototypes, (0, 3, 1, 2))
        predictions = tf.constant(rows) + tf.reduce_mean(red) * 0
        return [predictions, prototypes] if masks else [predictions]

    shape = (1, 3, height, width) if channels_first else (1, height, width, 3)
    concrete = tf.function(network, input_signature=[tf.TensorSpec(shape, tf.float32)]).get_concrete_function()
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
    if names:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("metadata.json", json.dumps({"task": "segment", "names": list(names)}))
    return path


if __name__ == "__main__":
    build_yolo(TINY_YOLO, classes=80, found=0, height=32, width=32, box=(16, 16, 20, 24))
