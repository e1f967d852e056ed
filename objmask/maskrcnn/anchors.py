"""Anchors: boxes of several sizes and shapes at every cell of the feature map (arXiv:1506.01497, section 3.1.1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from objmask.maskrcnn.config import MaskRCNNConfig
from objmask.models.quiet_tensorflow import tf


def anchors(config: MaskRCNNConfig, rows: Any, columns: Any) -> Any:
    """Anchors of a feature map of `rows` x `columns` cells, in pixels of the network's input.

    Centres lie at multiples of the stride, without half a cell's offset.

    Returns:
        float32 (rows x columns x shapes, 4): by row, column, aspect ratio, scale.
    """
    ratios, scales = np.meshgrid(config.anchor_ratios, config.anchor_scales, indexing="ij")
    heights = config.anchor_base_px * scales.ravel() / np.sqrt(ratios.ravel())
    widths = config.anchor_base_px * scales.ravel() * np.sqrt(ratios.ravel())
    shapes = tf.constant(np.stack([-heights, -widths, heights, widths], axis=-1) / 2, tf.float32)
    y, x = tf.meshgrid(tf.range(rows), tf.range(columns), indexing="ij")
    cells = tf.cast(tf.stack([y, x, y, x], axis=-1) * config.stride_px, tf.float32)
    return tf.reshape(cells[:, :, None] + shapes, (-1, 4))
