"""From the network's raw outputs to proposals and detections: decoding, suppression of overlaps, clipping."""

from __future__ import annotations

from typing import Any, NamedTuple

from objmask.maskrcnn import boxes as box
from objmask.maskrcnn.config import MaskRCNNConfig
from objmask.models.quiet_tensorflow import tf

_SPARE = 4


class Kept(NamedTuple):
    """The boxes that were kept of a batch, best first, padded with zeros.

    Attributes:
        boxes: float32 (n, k, 4), pixels.
        scores: float32 (n, k).
        classes: int32 (n, k), 0-based channel.
        valid: bool (n, k), false where padded.
    """

    boxes: Any
    scores: Any
    classes: Any
    valid: Any


def proposals(offsets: Any, objectness: Any, anchors: Any, height: Any, width: Any, config: MaskRCNNConfig) -> Kept:
    """Regions of interest; arXiv:1506.01497, section 3.1.

    Args:
        offsets: (n, anchors, 4).
        objectness: (n, anchors, 2) logits of background and object.
        anchors: (anchors, 4) pixels.
        height, width: of the network's input, pixels.
        config: which to keep.
    """
    boxes = box.decode(offsets, anchors)[:, :, None]
    scores = tf.nn.softmax(objectness)[..., 1:]
    limit = config.proposals
    kept = _Suppression(config.proposal_iou, 0.0, limit, limit, config.clip_before_nms)(boxes, scores, height, width)
    return _first(kept, limit)


def detections(
    logits: Any, offsets: Any, regions: Any, valid: Any, height: Any, width: Any, config: MaskRCNNConfig
) -> Kept:
    """Detections; arXiv:1703.06870, section 3.1.

    Args:
        logits: (n, regions, classes + 1), background first.
        offsets: (n, regions, classes, 4).
        regions: (n, regions, 4) pixels.
        valid: (n, regions), false where padded.
        height, width: of the network's input, pixels.
        config: which to keep.
    """
    boxes = box.decode(offsets, regions[:, :, None])
    scores = tf.where(valid[..., None], tf.nn.softmax(logits)[..., 1:], -1.0)
    # Boxes that clipping leaves empty are dropped only after: more are kept until then, to fill their places.
    spare = _SPARE * config.detections
    suppression = _Suppression(
        config.detection_iou, config.score_floor, config.per_class, spare, config.clip_before_nms
    )
    return _first(suppression(boxes, scores, height, width), config.detections)


class _Suppression(NamedTuple):
    """Greedy suppression of overlaps within each class.

    Attributes:
        iou: a box overlapping a better one by more is dropped.
        floor: boxes that do not score more are dropped.
        per_class, total: the most boxes a class and a picture.
        clip_first: cut boxes at the border before overlaps are judged, and not after.
    """

    iou: float
    floor: float
    per_class: int
    total: int
    clip_first: bool

    def __call__(self, boxes: Any, scores: Any, height: Any, width: Any) -> Kept:
        """Boxes (n, k, classes, 4), scores (n, k, classes); empty boxes are kept, but not valid."""
        if self.clip_first:
            boxes = box.clip(boxes, height, width)
        kept, kept_scores, classes, found = tf.image.combined_non_max_suppression(
            boxes, scores, self.per_class, self.total, self.iou, self.floor, clip_boxes=False
        )
        clipped = box.clip(kept, height, width)
        valid = (tf.range(self.total) < found[:, None]) & (box.area(clipped) > 0)
        return Kept(clipped, kept_scores, tf.cast(classes, tf.int32), valid)


def _first(kept: Kept, count: int) -> Kept:
    """The first `count` valid boxes of each picture, zeros after them."""
    # Stable: equal scores stay in the order of their classes.
    order = tf.argsort(tf.cast(~kept.valid, tf.int32), axis=1, stable=True)[:, :count]
    boxes, scores, classes, valid = (tf.gather(values, order, axis=1, batch_dims=1) for values in kept)
    return Kept(
        tf.where(valid[..., None], boxes, 0.0), tf.where(valid, scores, 0.0), tf.where(valid, classes, 0), valid
    )
