"""What the network should have said: targets for anchors and for regions of interest, inside TensorFlow's graph.

Everything is batched: b pictures, a anchors, n instances (padded), r regions. Which of many candidates are learnt from
is drawn at random from seeds, so that a step can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from objmask.maskrcnn import boxes
from objmask.models.quiet_tensorflow import tf

_MOSTLY = 0.5


class Truth(NamedTuple):
    """Tensors of a `objmask.maskrcnn.samples.Batch`.

    Attributes:
        sizes: (b, 2) float32, height and width that are picture, pixels.
        boxes: (b, n, 4) float32 pixels.
        classes: (b, n) int32; -1: leave out of account, -2: there is none.
        masks: (b, n, g, g) uint8, probability x 255 over the box.
    """

    sizes: Any
    boxes: Any
    classes: Any
    masks: Any

    @property
    def objects(self) -> Any:
        """(b, n) bool: an object to be found."""
        return self.classes >= 0

    @property
    def ignored(self) -> Any:
        """(b, n) bool: a region to leave out of account."""
        return tf.equal(self.classes, -1)


class AnchorTargets(NamedTuple):
    """For each anchor.

    Attributes:
        object: (b, a) bool, an object's anchor.
        sampled: (b, a) float32, 1 where the objectness is learnt from.
        positive: (b, a) float32, 1 where the offsets are learnt from.
        deltas: (b, a, 4) float32 offsets to the object's box; only those of positive anchors mean anything.
    """

    object: Any
    sampled: Any
    positive: Any
    deltas: Any


class RegionTargets(NamedTuple):
    """For each sampled region of interest, the positive ones of a picture first.

    Attributes:
        boxes: (b, r, 4) float32 pixels.
        classes: (b, r) int32, 0: background, k + 1: class k.
        sampled: (b, r) float32, 1 for regions, 0 for padding.
        positive: (b, r) float32, 1 for those on an object.
        deltas: (b, r, 4) float32 offsets to the object's box.
        instances: (b, r) int32, which instance of the picture.
    """

    boxes: Any
    classes: Any
    sampled: Any
    positive: Any
    deltas: Any
    instances: Any


@dataclass(frozen=True)
class TargetSampling:
    """Which anchors and regions are learnt from.

    Faster R-CNN, arXiv:1506.01497, section 3.1.2 (anchors); Mask R-CNN, arXiv:1703.06870, section 3.1 (regions).

    Attributes:
        anchor_positive_iou, anchor_negative_iou: an anchor is an object's from the first on, background below the
            second; between them it is left out.
        anchors, anchors_positive: sampled a picture, and at most of those an object's.
        region_positive_iou: a region is an object's from there on, else background.
        regions, regions_positive: sampled a picture, and at most of those an object's.
        masks: regions a picture whose masks are learnt from, at most `regions_positive`.
    """

    anchor_positive_iou: float = 0.7
    anchor_negative_iou: float = 0.3
    anchors: int = 256
    anchors_positive: int = 128
    region_positive_iou: float = 0.5
    regions: int = 64
    regions_positive: int = 16
    masks: int = 16


def chosen(candidates: Any, most: Any, limit: int, seed: Any) -> Any:
    """Draws at random.

    Args:
        candidates: (b, n) bool.
        most: (b,) int32 how many to draw, 0..limit; all where there are fewer candidates.
        limit: static bound.
        seed: (2,) int32.

    Returns:
        (b, n) bool, `candidates` or fewer.
    """
    keys = tf.where(candidates, tf.random.stateless_uniform(tf.shape(candidates), seed), -1.0)
    best = tf.math.top_k(keys, tf.minimum(limit, tf.shape(keys)[1])).values
    last = tf.minimum(most, tf.shape(best)[1]) - 1
    threshold = tf.gather(best, tf.maximum(last, 0), batch_dims=1)
    return candidates & (keys >= threshold[:, None]) & (last >= 0)[:, None]


def anchor_targets(anchors: Any, truth: Truth, sampling: TargetSampling, seed: Any) -> AnchorTargets:
    """Targets of the first stage.

    An anchor is an object's when it overlaps it well, or better than any other anchor does; anchors that reach over
    the picture's border take part, those centred on padding or lying on a region to be ignored do not.

    Args:
        anchors: (a, 4) float32 pixels, as decoding uses them.
        truth: of the pictures.
        sampling: thresholds and numbers.
        seed: (2,) int32.
    """
    overlap = boxes.iou(truth.boxes, anchors[None])  # (b, n, a): the long axis last, where it is fast
    overlap = tf.where(truth.objects[:, :, None], overlap, 0.0)
    best = tf.reduce_max(overlap, axis=1)
    instance = tf.argmax(overlap, axis=1, output_type=tf.int32)
    # The best anchor of an object wins that object, however little they overlap, and even if it fits another better.
    its_best = tf.reduce_max(overlap, axis=2, keepdims=True)
    forced = (overlap >= its_best) & (its_best > 0)
    any_forced = tf.reduce_any(forced, axis=1)
    instance = tf.where(any_forced, tf.argmax(tf.cast(forced, tf.int32), axis=1, output_type=tf.int32), instance)
    usable = _on_picture(anchors, truth.sizes)
    positive = usable & ((best >= sampling.anchor_positive_iou) | any_forced)
    ignored = _covered(anchors[None], truth.boxes, truth.ignored)
    negative = usable & ~positive & (best < sampling.anchor_negative_iou) & ~ignored
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    count = tf.shape(best)[0]
    positive = chosen(positive, tf.fill([count], sampling.anchors_positive), sampling.anchors_positive, seeds[0])
    room = sampling.anchors - tf.reduce_sum(tf.cast(positive, tf.int32), axis=1)
    negative = chosen(negative, room, sampling.anchors, seeds[1])
    deltas = boxes.encode(tf.gather(truth.boxes, instance, batch_dims=1), anchors[None])
    deltas = tf.where(positive[:, :, None], deltas, 0.0)
    return AnchorTargets(positive, tf.cast(positive | negative, tf.float32), tf.cast(positive, tf.float32), deltas)


def region_targets(proposals: Any, valid: Any, truth: Truth, sampling: TargetSampling, seed: Any) -> RegionTargets:
    """Samples regions of interest among the proposals and the true boxes; targets of the second stage.

    Args:
        proposals: (b, p, 4) float32 pixels.
        valid: (b, p) bool.
        truth: of the pictures; its boxes are proposals too, so that there is something to learn from at the start.
        sampling: thresholds and numbers.
        seed: (2,) int32.
    """
    candidates = tf.stop_gradient(tf.concat([proposals, truth.boxes], axis=1))
    valid = tf.concat([valid, truth.objects], axis=1) & (boxes.area(candidates) > 0)
    overlap = tf.where(truth.objects[:, :, None], boxes.iou(truth.boxes, candidates), 0.0)
    best = tf.reduce_max(overlap, axis=1)
    instance = tf.argmax(overlap, axis=1, output_type=tf.int32)
    positive = valid & (best >= sampling.region_positive_iou)
    negative = valid & ~positive & ~_covered(candidates, truth.boxes, truth.ignored)
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    most = tf.fill([tf.shape(best)[0]], sampling.regions_positive)
    positive = chosen(positive, most, sampling.regions_positive, seeds[0])
    # Positive ones before negative ones, both in random order, then padding.
    keys = tf.random.stateless_uniform(tf.shape(best), seeds[1])
    keys = tf.where(positive, keys + 2, tf.where(negative, keys + 1, 0.0))
    keys, index = tf.math.top_k(keys, tf.minimum(sampling.regions, tf.shape(keys)[1]))
    missing = sampling.regions - tf.shape(index)[1]
    keys, index = (tf.pad(some, [[0, 0], [0, missing]]) for some in (keys, index))
    keys, index = (tf.ensure_shape(some, (None, sampling.regions)) for some in (keys, index))
    sampled, on_object = keys >= 1, keys >= 2
    instance = tf.gather(instance, index, batch_dims=1)
    regions = tf.where(sampled[:, :, None], tf.gather(candidates, index, batch_dims=1), 0.0)
    classes = tf.where(on_object, tf.gather(truth.classes, instance, batch_dims=1) + 1, 0)
    deltas = boxes.encode(tf.gather(truth.boxes, instance, batch_dims=1), regions)
    deltas = tf.where(on_object[:, :, None], deltas, 0.0)
    return RegionTargets(
        regions, classes, tf.cast(sampled, tf.float32), tf.cast(on_object, tf.float32), deltas, instance
    )


def mask_targets(regions: Any, picture: Any, instances: Any, truth: Truth, side: int) -> Any:
    """What the mask branch should say of each region.

    Args:
        regions: (m, 4) float32 pixels.
        picture: (m,) int32, which picture of the batch.
        instances: (m,) int32, which instance of the picture.
        truth: of the pictures.
        side: samples a side, m in the paper.

    Returns:
        (m, side, side) float32, 0 or 1; align-corners over the region, 0 outside of the object's box.
    """
    shape = tf.shape(truth.masks)
    flat = picture * shape[1] + instances
    grids = tf.reshape(truth.masks, (-1, truth.masks.shape[2], truth.masks.shape[3], 1))
    box = tf.gather(tf.reshape(truth.boxes, (-1, 4)), flat)
    corner, sides = box[:, :2], box[:, 2:] - box[:, :2]
    relative = tf.math.divide_no_nan(regions - tf.tile(corner, (1, 2)), tf.tile(sides, (1, 2)))
    sampled = tf.image.crop_and_resize(tf.cast(grids, tf.float32), relative, flat, (side, side))
    return tf.cast(sampled[..., 0] >= 127.5, tf.float32)


def _on_picture(anchors: Any, sizes: Any) -> Any:
    """(b, a) bool: whose centre lies on the picture, not on the padding."""
    y, x, _, _ = boxes.centres(anchors)
    return (y[None] < sizes[:, :1]) & (x[None] < sizes[:, 1:])


def _covered(candidates: Any, regions: Any, ignored: Any) -> Any:
    """(b, c) bool: which candidates (b or 1, c, 4) lie mostly on one of the ignored among regions (b, n, 4)."""
    a, b = tf.expand_dims(regions, 2), tf.expand_dims(candidates, 1)
    common = tf.concat([tf.maximum(a[..., :2], b[..., :2]), tf.minimum(a[..., 2:], b[..., 2:])], axis=-1)
    share = tf.math.divide_no_nan(boxes.area(common), boxes.area(b))
    return tf.reduce_any((share > _MOSTLY) & ignored[:, :, None], axis=1)
