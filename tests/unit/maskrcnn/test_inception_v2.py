"""The smaller published network: the same blocks with other numbers."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from objmask.maskrcnn.config import named


@pytest.fixture(scope="module", autouse=True)
def _networks():
    """TensorFlow, which takes seconds to load, comes when a test runs, not when tests are collected."""
    global MaskRCNN, tf
    import tensorflow as tf

    from objmask.maskrcnn.network import MaskRCNN


VARIABLES_SHA256 = "98e8d8b2f4943ad20eb0534827c43257078280dd64248de01f1def6b5fc77b1f"
"""Of the sorted lines `name, shape, trainable` of the published checkpoint's variables."""


def test_variables_are_those_of_the_published_checkpoint() -> None:
    network = MaskRCNN(named("inception_v2_coco", min_dimension=64, max_dimension=96))
    variables = network.variables_by_name()
    lines = sorted(
        f"{name}\t{','.join(map(str, v.shape))}\t{'yes' if v.trainable else 'no'}" for name, v in variables.items()
    )
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == VARIABLES_SHA256
    weights = {name: int(np.prod(v.shape)) for name, v in variables.items() if "BatchNorm" not in name}
    assert round(sum(weights.values()) / 1e6, 3) == 15.864
    assert round(sum(n for name, n in weights.items() if name.startswith("SecondStageFeature")) / 1e6, 2) == 5.89
    found = network.detect(tf.zeros((1, 64, 96, 3), tf.uint8))
    assert found["detection_masks"].shape == (1, 100, 15, 15)
