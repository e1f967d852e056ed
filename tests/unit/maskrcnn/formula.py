"""Weights and a picture from formulas, so that a large network can be compared without shipping its weights.

The network of the original, built by the Object Detection API (July 2021, TensorFlow 2.21) and given these same
weights, was recorded once; `inception_resnet_v2.json` holds samples of what it and this project's network both give.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.maskrcnn.config import MaskRCNNConfig, named

BIASES = "SecondStageBoxPredictor/ClassPredictor/biases"
_FACTORS = {
    "FirstStageBoxPredictor/BoxEncodingPredictor/weights": 0.1,
    "FirstStageBoxPredictor/ClassPredictor/weights": 0.1,
    "SecondStageBoxPredictor/BoxEncodingPredictor/weights": 0.1,
    "SecondStageBoxPredictor/ClassPredictor/weights": 2.0,
    "SecondStageBoxPredictor/Conv_3/weights": 0.1,
}


def config() -> MaskRCNNConfig:
    """The original's network for small pictures."""
    return named("inception_resnet_v2_atrous_coco", min_dimension=160, max_dimension=224)


def weights(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The value of the variable `name`: normal numbers, scaled so that no layer's output vanishes or explodes."""
    if name == BIASES:
        return np.zeros(shape, np.float32)  # see `balanced`
    normal = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
    leaf = name.rsplit("/", 1)[1]
    if leaf == "weights":
        return (normal * np.sqrt(2 / np.prod(shape[:-1])) * _FACTORS.get(name, 1.0)).astype(np.float32)
    return (np.exp(0.25 * normal) if leaf == "moving_variance" else 0.1 * normal).astype(np.float32)


def balanced(logits: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Biases, multiples of 1/64, that make all classes equally likely on average; logits (regions, classes) without."""
    rounded: npt.NDArray[np.float32] = (np.round(-logits.mean(axis=0) * 64) / 64).astype(np.float32)
    return rounded


def picture() -> npt.NDArray[np.uint8]:
    """160 x 224: blocks of random colour, blurred by the mean of 9 x 9, in whole numbers."""
    blocks = np.random.default_rng(0).integers(0, 256, (20, 28, 3))
    padded = np.pad(blocks.repeat(8, axis=0).repeat(8, axis=1), ((4, 4), (4, 4), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (9, 9), axis=(0, 1))
    return (windows.sum(axis=(-2, -1)) // 81).astype(np.uint8)
