"""Models for the tests: real ones from OBJMASK_TEST_ASSETS, and tiny real ones built here with TensorFlow."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of real test files."""
    folder = os.environ.get("OBJMASK_TEST_ASSETS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real models and images: set OBJMASK_TEST_ASSETS to their folder")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def pictures(assets: Path) -> list[npt.NDArray[np.uint8]]:
    """Eight photographs, RGB."""
    files = sorted((assets / "coco/val2017").glob("*.jpg"))[:8]
    return [np.ascontiguousarray(cv2.imread(str(file))[..., ::-1]) for file in files]


@pytest.fixture(scope="session")
def tiny_yolo(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds a real TensorFlow Lite network of YOLO's form: its one anchor that fires is a box given by the test.

    The prototype is the input's red channel averaged over 4x4 pixels, less one half: the mask is where red is bright.
    """
    import tensorflow as tf

    def build(
        *,
        channels_first: bool = False,
        pixels: bool = False,
        classes: int = 3,
        height: int = 64,
        width: int = 96,
        masks: bool = True,
        box: tuple[float, float, float, float] = (48, 32, 64, 40),
        names: Sequence[str] = (),
    ) -> Path:
        anchors = sum((height // s) * (width // s) for s in (8, 16, 32))
        rows = np.zeros((1, 4 + classes + 2 * masks, anchors), np.float32)
        unit = np.ones(4) if pixels else np.array([width, height, width, height])
        rows[0, 0] = np.linspace(0, width, anchors) / unit[0]
        rows[0, :4, 5] = np.array(box) / unit
        rows[0, 4 + classes - 1, 5] = 0.9
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
        path = tmp_path_factory.mktemp("yolo") / "tiny.tflite"
        path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
        if names:
            with zipfile.ZipFile(path, "a") as archive:
                archive.writestr("metadata.json", json.dumps({"task": "segment", "names": list(names)}))
        return path

    return build
