"""A small residual network with a feature pyramid, for rendered desks: about 1.5 G multiply-accumulates at 252 x 448.

Residual blocks: arXiv:1512.03385. Pyramid: arXiv:1612.03144, reduced to one map for proposals and one for crops.
"""

from __future__ import annotations

from typing import Any

from objmask.maskrcnn.layers import Scope
from objmask.models.quiet_tensorflow import tf

_CHANNELS = (32, 64, 128, 192)
"""At strides 4, 8, 16, 32."""
_BLOCKS = (2, 2, 2, 1)
_PYRAMID = 64
_VECTOR = 128


class _Block:
    """x + two convolutions."""

    def __init__(self, scope: Scope, channels: int) -> None:
        self._first = scope.conv("Conv_1", channels, 3)
        self._second = scope.conv("Conv_2", channels, 3, activation=None)

    def __call__(self, x: Any, training: bool) -> Any:
        return tf.nn.relu(x + self._second(self._first(x, training=training), training=training))


class Backbone:
    """From pictures to maps of 64 channels at stride 8, for proposals, and at stride 4, for crops."""

    def __init__(self, root: Scope) -> None:
        scope = root / "FirstStageFeatureExtractor" / "Desk"
        self._stem = scope.conv("Conv_0", 24, 3, stride=2)
        self._stages: list[list[Any]] = []
        for number, (channels, blocks) in enumerate(zip(_CHANNELS, _BLOCKS, strict=True), start=1):
            place = scope / f"Stage_{number}"
            halving = place.conv("Conv_0", channels, 3, stride=2)
            self._stages.append([halving, *(_Block(place / f"Block_{i + 1}", channels) for i in range(blocks))])
        pyramid = scope / "Pyramid"
        self._laterals = [pyramid.conv(f"Lateral_{i}", _PYRAMID, 1, activation=None) for i in range(1, 5)]
        self._for_proposals = pyramid.conv("Proposals", _PYRAMID, 3)
        self._for_crops = pyramid.conv("Crops", _PYRAMID, 3)

    def __call__(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """(map for proposals, map for crops) of images (n, h, w, 3) in -1..1."""
        x = self._stem(images, training=training)
        maps = []
        for stage in self._stages:
            for step in stage:
                x = step(x, training=training)
            maps.append(x)
        merged = [lateral(x, training=training) for lateral, x in zip(self._laterals, maps, strict=True)]
        for level in (2, 1, 0):
            size = tf.shape(merged[level])[1:3]
            coarser = tf.raw_ops.ResizeBilinear(images=merged[level + 1], size=size, half_pixel_centers=True)
            merged[level] = tf.nn.relu(merged[level] + coarser)
        return self._for_proposals(merged[1], training=training), self._for_crops(merged[0], training=training)


class SecondStage:
    """Small branches: crops (n, 14, 14, 64) to a vector for class and box, (n, 20, 20, 64) to a map for the mask."""

    def __init__(self, root: Scope) -> None:
        scope = root / "SecondStageFeatureExtractor" / "Desk"
        self._shrink = scope.conv("Box/Conv", _PYRAMID, 3, stride=2)
        self._dense = scope.dense("Box/Dense", _VECTOR, activation=tf.nn.relu)
        self._convs = [scope.conv(f"Mask/Conv_{number}", _PYRAMID, 3) for number in (1, 2)]

    def box_features(self, crops: Any, training: bool) -> Any:
        """See `objmask.maskrcnn.second_stage.SecondStage`."""
        shrunk = self._shrink(crops, training=training)
        rows, columns, depth = shrunk.shape[1:]
        return self._dense(tf.reshape(shrunk, (-1, rows * columns * depth)))

    def mask_features(self, crops: Any, training: bool) -> Any:
        """See `objmask.maskrcnn.second_stage.SecondStage`."""
        for conv in self._convs:
            crops = conv(crops, training=training)
        return crops
