"""Arithmetic of boxes: ymin, xmin, ymax, xmax in pixels, float32 tensors of shape (..., 4)."""

from __future__ import annotations

from typing import Any

from objmask.models.quiet_tensorflow import tf

_SCALES = (10.0, 10.0, 5.0, 5.0)
"""Of the centre's and the sides' offsets, so that losses of both weigh alike."""


def centres(boxes: Any) -> tuple[Any, Any, Any, Any]:
    """(y centre, x centre, height, width), each (...)."""
    ymin, xmin, ymax, xmax = tf.unstack(boxes, axis=-1)
    height, width = ymax - ymin, xmax - xmin
    return ymin + height / 2, xmin + width / 2, height, width


def encode(boxes: Any, anchors: Any) -> Any:
    """Offsets (ty, tx, th, tw) of boxes from anchors; Faster R-CNN, arXiv:1506.01497, section 3.1.2, scaled."""
    y, x, height, width = centres(boxes)
    anchor_y, anchor_x, anchor_height, anchor_width = centres(anchors)
    small = 1e-8  # as in the Object Detection API: an empty box must not divide by zero
    height, width, anchor_height, anchor_width = (side + small for side in (height, width, anchor_height, anchor_width))
    offsets = (
        (y - anchor_y) / anchor_height,
        (x - anchor_x) / anchor_width,
        tf.math.log(height / anchor_height),
        tf.math.log(width / anchor_width),
    )
    return tf.stack([offset * scale for offset, scale in zip(offsets, _SCALES, strict=True)], axis=-1)


def decode(offsets: Any, anchors: Any) -> Any:
    """The reverse of `encode`; sides are not limited."""
    anchor_y, anchor_x, anchor_height, anchor_width = centres(anchors)
    ty, tx, th, tw = (part / scale for part, scale in zip(tf.unstack(offsets, axis=-1), _SCALES, strict=True))
    y, x = ty * anchor_height + anchor_y, tx * anchor_width + anchor_x
    height, width = tf.exp(th) * anchor_height, tf.exp(tw) * anchor_width
    return tf.stack([y - height / 2, x - width / 2, y + height / 2, x + width / 2], axis=-1)


def clip(boxes: Any, height: Any, width: Any) -> Any:
    """The part of each box inside a picture of `height` x `width`."""
    limits = tf.cast(tf.stack([height, width, height, width]), tf.float32)
    return tf.clip_by_value(boxes, 0.0, limits)


def area(boxes: Any) -> Any:
    """Areas (...) of boxes; 0 for empty ones."""
    ymin, xmin, ymax, xmax = tf.unstack(boxes, axis=-1)
    return tf.maximum(ymax - ymin, 0) * tf.maximum(xmax - xmin, 0)


def iou(a: Any, b: Any) -> Any:
    """Intersection over union of boxes (..., n, 4) and (..., m, 4): (..., n, m); 0 between empty boxes."""
    a, b = tf.expand_dims(a, -2), tf.expand_dims(b, -3)
    corner = tf.maximum(a[..., :2], b[..., :2]), tf.minimum(a[..., 2:], b[..., 2:])
    intersection = area(tf.concat(corner, axis=-1))
    return tf.math.divide_no_nan(intersection, area(a) + area(b) - intersection)
