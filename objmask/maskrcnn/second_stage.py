"""What is done with the crop of a region: a part of each architecture, and the heads that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from objmask.maskrcnn.config import MaskRCNNConfig
from objmask.maskrcnn.layers import Scope
from objmask.models.quiet_tensorflow import tf


class SecondStage(Protocol):
    """An architecture's own part."""

    def box_features(self, crops: Any, training: bool) -> Any:
        """Crops (n, s, s, c) to vectors (n, d), for class and box."""
        ...

    def mask_features(self, crops: Any, training: bool) -> Any:
        """Crops (n, s, s, c) to maps (n, t, t, d), for the mask."""
        ...


class TailSecondStage:
    """One run of blocks serves both, with shared weights: the published networks."""

    def __init__(self, blocks: Sequence[Callable[..., Any]]) -> None:
        self.blocks = blocks

    def mask_features(self, crops: Any, training: bool) -> Any:
        """See `SecondStage`."""
        for block in self.blocks:
            crops = block(crops, training=training)
        return crops

    def box_features(self, crops: Any, training: bool) -> Any:
        """See `SecondStage`: the spatial mean."""
        return tf.reduce_mean(self.mask_features(crops, training), axis=(1, 2))


class Heads:
    """Class, box and mask of a region from its features; Mask R-CNN, arXiv:1703.06870, section 3."""

    def __init__(self, root: Scope, config: MaskRCNNConfig) -> None:
        scope = root / "SecondStageBoxPredictor"
        count = len(config.classes)
        # Small first outputs: all classes start equally likely, boxes at their proposals.
        self._classes = scope.dense("ClassPredictor", count + 1, gain=0.02)
        self._boxes = scope.dense("BoxEncodingPredictor", count * 4, gain=0.02)
        names = ["Conv"] + [f"Conv_{number}" for number in range(1, config.mask_convs + 1)]
        self._convs = [scope.conv(name, config.mask_depth, 3, norm="bias") for name in names[:-1]]
        self._masks = scope.conv(names[-1], count, 3, norm="bias", activation=None, gain=0.02)
        self._side, self._count = config.mask_size, count

    def boxes(self, vectors: Any) -> tuple[Any, Any]:
        """Vectors (n, d) to class logits (n, classes + 1), background first, and offsets (n, classes, 4)."""
        return self._classes(vectors), tf.reshape(self._boxes(vectors), (-1, self._count, 4))

    def masks(self, maps: Any) -> Any:
        """Maps (n, t, t, d) to mask logits (n, side, side, classes), samples aligned with the box's corners."""
        maps = tf.raw_ops.ResizeBilinear(images=maps, size=(self._side, self._side), align_corners=True)
        for conv in self._convs:
            maps = conv(maps)
        return self._masks(maps)
