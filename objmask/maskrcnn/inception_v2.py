"""Inception-v2 (arXiv:1512.00567) at stride 16, as the published COCO network of that name uses it."""

from __future__ import annotations

from typing import Any

from objmask.maskrcnn.inception import Branch, Convolve, Mixed, Pool
from objmask.maskrcnn.layers import Scope
from objmask.maskrcnn.second_stage import TailSecondStage


def _four(a: int, b: tuple[int, int], c: tuple[int, int], pooled: Pool, d: int) -> tuple[Branch, ...]:
    """Branches of an inception block from their channels."""
    return (
        [Convolve("Conv2d_0a_1x1", a)],
        [Convolve("Conv2d_0a_1x1", b[0]), Convolve("Conv2d_0b_3x3", b[1], 3)],
        [Convolve("Conv2d_0a_1x1", c[0]), Convolve("Conv2d_0b_3x3", c[1], 3), Convolve("Conv2d_0c_3x3", c[1], 3)],
        [pooled, Convolve("Conv2d_0b_1x1", d)],
    )


def _halving(a: tuple[int, int], b: tuple[int, int]) -> tuple[Branch, ...]:
    """Branches of a block of stride 2 from their channels."""
    return (
        [Convolve("Conv2d_0a_1x1", a[0]), Convolve("Conv2d_1a_3x3", a[1], 3, 2)],
        [Convolve("Conv2d_0a_1x1", b[0]), Convolve("Conv2d_0b_3x3", b[1], 3), Convolve("Conv2d_1a_3x3", b[1], 3, 2)],
        [Pool("MAX", 2)],
    )


_MEAN, _MAXIMUM = Pool("AVG"), Pool("MAX")
_FIRST = {
    "Mixed_3b": _four(64, (64, 64), (64, 96), _MEAN, 32),
    "Mixed_3c": _four(64, (64, 96), (64, 96), _MEAN, 64),
    "Mixed_4a": _halving((128, 160), (64, 96)),
    "Mixed_4b": _four(224, (64, 96), (96, 128), _MEAN, 128),
    "Mixed_4c": _four(192, (96, 128), (96, 128), _MEAN, 128),
    "Mixed_4d": _four(160, (128, 160), (128, 160), _MEAN, 96),
    "Mixed_4e": _four(96, (128, 192), (160, 192), _MEAN, 96),
}
_SECOND = {
    "Mixed_5a": _halving((128, 192), (192, 256)),
    "Mixed_5b": _four(352, (192, 320), (160, 224), _MEAN, 128),
    "Mixed_5c": _four(352, (192, 320), (192, 224), _MAXIMUM, 128),
}


class Backbone:
    """From pictures to the map of 576 channels at stride 16 that proposals and crops come from."""

    def __init__(self, root: Scope) -> None:
        scope = root / "FirstStageFeatureExtractor" / "InceptionV2"
        halve = Pool("MAX", 2).layer(scope)
        self._steps = [
            scope.separable("Conv2d_1a_7x7", 64, 7, multiplier=8, stride=2),
            halve,
            scope.conv("Conv2d_2b_1x1", 64, 1),
            scope.conv("Conv2d_2c_3x3", 192, 3),
            halve,
            *(Mixed(scope / name, *branches) for name, branches in _FIRST.items()),
        ]

    def __call__(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """(map for proposals, map for crops) of images (n, h, w, 3) in -1..1; here they are one."""
        for step in self._steps:
            images = step(images, training=training)
        return images, images


class SecondStage(TailSecondStage):
    """The network's last blocks, run on each pooled crop: (n, 7, 7, 576) to (n, 4, 4, 1024)."""

    def __init__(self, root: Scope) -> None:
        scope = root / "SecondStageFeatureExtractor" / "InceptionV2"
        super().__init__([Mixed(scope / name, *branches) for name, branches in _SECOND.items()])
