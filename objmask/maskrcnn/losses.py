"""How far the network is from its targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from objmask.maskrcnn.targets import AnchorTargets, RegionTargets
from objmask.models.quiet_tensorflow import tf


@dataclass(frozen=True)
class LossWeights:
    """Weights of the five losses, those of the published configurations.

    Attributes:
        objectness, anchor_boxes: of the first stage; Faster R-CNN, arXiv:1506.01497, section 3.1.2.
        classes, boxes, masks: of the second; Mask R-CNN, arXiv:1703.06870, section 3.
    """

    objectness: float = 1.0
    anchor_boxes: float = 2.0
    classes: float = 1.0
    boxes: float = 2.0
    masks: float = 4.0


class Losses(NamedTuple):
    """Scalars, float32, each already weighted."""

    objectness: Any
    anchor_boxes: Any
    classes: Any
    boxes: Any
    masks: Any

    @property
    def total(self) -> Any:
        """Their sum."""
        return tf.add_n(list(self))


def huber(error: Any) -> Any:
    """Smooth L1, elementwise: e^2 / 2 up to |e| = 1, |e| - 1/2 beyond; Fast R-CNN, arXiv:1504.08083, equation 3."""
    size = tf.abs(error)
    return tf.where(size < 1, size * size / 2, size - 0.5)


def anchor_losses(objectness: Any, deltas: Any, targets: AnchorTargets) -> tuple[Any, Any]:
    """Losses of the first stage, each a mean over the sampled anchors.

    Args:
        objectness: (b, a, 2) logits of background and object.
        deltas: (b, a, 4) offsets.
        targets: of the same anchors.

    Returns:
        Of objectness (cross entropy) and of boxes (smooth L1, summed over the four offsets).
    """
    wanted = tf.cast(targets.object, tf.int32)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, objectness)
    distance = tf.reduce_sum(huber(deltas - targets.deltas), axis=-1)
    return _mean(entropy, targets.sampled), _sum(distance, targets.positive) / _count(targets.sampled)


def region_losses(logits: Any, deltas: Any, targets: RegionTargets) -> tuple[Any, Any]:
    """Losses of the box head, each a mean over the sampled regions.

    Args:
        logits: (b, r, c + 1), background first.
        deltas: (b, r, c, 4) offsets, by class.
        targets: of the same regions.

    Returns:
        Of classes (cross entropy) and of boxes (smooth L1 of the true class's offsets, summed over the four).
    """
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(targets.classes, logits)
    own = tf.gather(deltas, tf.maximum(targets.classes - 1, 0), batch_dims=2)
    distance = tf.reduce_sum(huber(own - targets.deltas), axis=-1)
    return _mean(entropy, targets.sampled), _sum(distance, targets.positive) / _count(targets.sampled)


def mask_loss(logits: Any, classes: Any, targets: Any, weights: Any) -> Any:
    """Mean binary cross entropy of the true class's mask; the other classes' masks do not matter.

    Args:
        logits: (m, c, s, s).
        classes: (m,) int32, 0: background (then the weight must be 0), k + 1: class k.
        targets: (m, s, s) float32, 0 or 1.
        weights: (m,) float32, 1 for regions on an object.
    """
    own = tf.gather(logits, tf.maximum(classes - 1, 0), batch_dims=1)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=own)
    return _mean(tf.reduce_mean(entropy, axis=(1, 2)), weights)


def _sum(values: Any, weights: Any) -> Any:
    # Where the weight is 0 the value may be infinite, and 0 x infinity is not a number.
    return tf.reduce_sum(tf.where(weights > 0, values * weights, 0.0))


def _count(weights: Any) -> Any:
    return tf.maximum(tf.reduce_sum(weights), 1.0)


def _mean(values: Any, weights: Any) -> Any:
    return _sum(values, weights) / _count(weights)
