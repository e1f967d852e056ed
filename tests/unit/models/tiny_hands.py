"""Networks of the form of MediaPipe's two for hands, tiny but real: what is green is a palm, what is red is a hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

SIDE = 32
"""Of a palm, pixels of the network's input."""
_PALM = ((0, 16), (8, -12), (0, -12), (-8, -12), (-14, -8), (14, 8), (16, 0))
"""x, y of a palm's landmarks from its centre, fingers upwards: wrist, four fingers, two of the thumb."""


def build_hands(folder: Path, *, weight: float = 0.0, names: Sequence[str] = ("palm.tflite", "hand.tflite")) -> Path:
    """Writes both files into a new folder.

    Args:
        folder: it.
        weight: of both networks, that decides nothing unless it is NaN.
        names: of the two files.
    """
    folder.mkdir()
    write_palms(folder / names[0], weight)
    write_hand(folder / names[1], weight)
    return folder


def write_palms(path: Path, weight: float = 0.0) -> None:
    """Writes the network that finds palms: one in the middle of each green cell, its fingers upwards."""
    import tensorflow as tf

    numbers = [0.0, 0.0, SIDE, SIDE, *(float(number) for point in _PALM for number in point)]

    def network(images: tf.Tensor) -> list[tf.Tensor]:
        cells = []
        for stride, count in ((8, 2), (16, 6)):
            green = tf.nn.avg_pool2d(images[..., 1:2], stride, stride, "VALID")
            # Of the anchors of a cell only the first one finds anything, and none of the larger cells.
            share = tf.constant([1.0 if stride == 8 and i == 0 else 0.0 for i in range(count)])
            cells.append(tf.reshape(green * share, (1, -1, 1)))
        scores = tf.concat(cells, 1) * 10 - 6
        return [tf.zeros((1, 2016, 18)) + tf.constant(numbers) + scores * weight, scores]

    _write(path, network, 192)


def write_hand(path: Path, weight: float = 0.0) -> None:
    """Writes the network of landmarks: a hand's bones upright in the middle of the picture; presence is its red."""
    import tensorflow as tf

    landmarks = np.full((21, 3), 0.0)
    landmarks[:, :2] = 112, 60  # fingertips
    landmarks[0, :2] = 112, 160  # wrist
    landmarks[[5, 9, 13, 17], :2] = (90, 100), (105, 100), (120, 100), (135, 100)

    def network(images: tf.Tensor) -> list[tf.Tensor]:
        points = tf.constant(landmarks.reshape(1, 63), tf.float32)
        red = tf.reshape(tf.reduce_mean(images[..., 0]), (1, 1))
        return [points + red * weight, red + red * weight, red * 0, points * 0.001 + red * 0]

    _write(path, network, 224)


def _write(path: Path, network: Callable[[tf.Tensor], list[tf.Tensor]], side: int) -> None:
    import tensorflow as tf

    concrete = tf.function(network, input_signature=[tf.TensorSpec((1, side, side, 3), tf.float32)])
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete.get_concrete_function()]).convert())
