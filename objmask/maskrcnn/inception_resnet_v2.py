"""Inception-ResNet-v2 (arXiv:1602.07261) at stride 8, its last blocks dilated, as in the published COCO network."""

from __future__ import annotations

from typing import Any

from objmask.maskrcnn.inception import Branch, Convolve, Mixed, Pool, Residual
from objmask.maskrcnn.layers import Scope
from objmask.maskrcnn.second_stage import TailSecondStage

_STEM: Branch = (
    Convolve("Conv2d_1a_3x3", 32, 3, stride=2),
    Convolve("Conv2d_2a_3x3", 32, 3),
    Convolve("Conv2d_2b_3x3", 64, 3),
    Pool("MAX", stride=2),
    Convolve("Conv2d_3b_1x1", 80),
    Convolve("Conv2d_4a_3x3", 192, 3),
    Pool("MAX", stride=2),
)
_MIXED_5B: tuple[Branch, ...] = (
    [Convolve("Conv2d_1x1", 96)],
    [Convolve("Conv2d_0a_1x1", 48), Convolve("Conv2d_0b_5x5", 64, 5)],
    [Convolve("Conv2d_0a_1x1", 64), Convolve("Conv2d_0b_3x3", 96, 3), Convolve("Conv2d_0c_3x3", 96, 3)],
    [Pool("AVG"), Convolve("Conv2d_0b_1x1", 64)],
)
_BLOCK35 = (
    [Convolve("Conv2d_1x1", 32)],
    [Convolve("Conv2d_0a_1x1", 32), Convolve("Conv2d_0b_3x3", 32, 3)],
    [Convolve("Conv2d_0a_1x1", 32), Convolve("Conv2d_0b_3x3", 48, 3), Convolve("Conv2d_0c_3x3", 64, 3)],
)
# In classification these have stride 2; here the map stays at stride 8 and the blocks after are dilated instead.
_MIXED_6A: tuple[Branch, ...] = (
    [Convolve("Conv2d_1a_3x3", 384, 3)],
    [Convolve("Conv2d_0a_1x1", 256), Convolve("Conv2d_0b_3x3", 256, 3), Convolve("Conv2d_1a_3x3", 384, 3)],
    [Pool("MAX")],
)
_BLOCK17 = (
    [Convolve("Conv2d_1x1", 192)],
    [
        Convolve("Conv2d_0a_1x1", 128),
        Convolve("Conv2d_0b_1x7", 160, (1, 7), dilation=2),
        Convolve("Conv2d_0c_7x1", 192, (7, 1), dilation=2),
    ],
)
_MIXED_7A: tuple[Branch, ...] = (
    [Convolve("Conv2d_0a_1x1", 256), Convolve("Conv2d_1a_3x3", 384, 3, 2, "VALID")],
    [Convolve("Conv2d_0a_1x1", 256), Convolve("Conv2d_1a_3x3", 288, 3, 2, "VALID")],
    [Convolve("Conv2d_0a_1x1", 256), Convolve("Conv2d_0b_3x3", 288, 3), Convolve("Conv2d_1a_3x3", 320, 3, 2, "VALID")],
    [Pool("MAX", 2, "VALID")],
)
_BLOCK8 = (
    [Convolve("Conv2d_1x1", 192)],
    [Convolve("Conv2d_0a_1x1", 192), Convolve("Conv2d_0b_1x3", 224, (1, 3)), Convolve("Conv2d_0c_3x1", 256, (3, 1))],
)


class Backbone:
    """From pictures to the map of 1088 channels at stride 8 that proposals and crops come from.

    Attributes:
        stages: (name, step) in order; `objmask.maskrcnn.network` can return what any of them gives.
    """

    def __init__(self, root: Scope) -> None:
        scope = root / "FirstStageFeatureExtractor" / "InceptionResnetV2"
        stages = [(getattr(step, "name", f"MaxPool_{place}"), step.layer(scope)) for place, step in enumerate(_STEM)]
        stages.append(("Mixed_5b", Mixed(scope / "Mixed_5b", *_MIXED_5B)))
        for number in range(1, 11):
            place = scope / "Repeat" / f"block35_{number}"
            stages.append((f"block35_{number}", Residual(place, *_BLOCK35, channels=320, scale=0.17)))
        stages.append(("Mixed_6a", Mixed(scope / "Mixed_6a", *_MIXED_6A)))
        for number in range(1, 21):
            place = scope / "Repeat_1" / f"block17_{number}"
            stages.append((f"block17_{number}", Residual(place, *_BLOCK17, channels=1088, scale=0.10)))
        self.stages = stages

    def __call__(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """(map for proposals, map for crops) of images (n, h, w, 3) in -1..1; here they are one."""
        x = images
        for _, stage in self.stages:
            x = stage(x, training=training)
        return x, x


class SecondStage(TailSecondStage):
    """The network's last blocks, run on each crop: (n, 17, 17, 1088) to (n, 8, 8, 1536)."""

    def __init__(self, root: Scope) -> None:
        scope = root / "SecondStageFeatureExtractor" / "InceptionResnetV2"
        blocks: list[Any] = [Mixed(scope / "Mixed_7a", *_MIXED_7A)]
        for number in range(1, 10):
            place = scope / "Repeat" / f"block8_{number}"
            blocks.append(Residual(place, *_BLOCK8, channels=2080, scale=0.20))
        blocks.append(Residual(scope / "Block8", *_BLOCK8, channels=2080, scale=1.0, activate=False))
        blocks.append(scope.conv("Conv2d_7b_1x1", 1536, 1))
        super().__init__(blocks)
