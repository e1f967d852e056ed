"""One step of training: from a batch to losses, gradients and changed weights, in one graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from objmask.maskrcnn.losses import Losses, LossWeights, anchor_losses, mask_loss, region_losses
from objmask.maskrcnn.network import FirstStage, MaskRCNN
from objmask.maskrcnn.optimiser import AdamW, RunningMean
from objmask.maskrcnn.samples import MASK_GRID, Batch
from objmask.maskrcnn.targets import TargetSampling, Truth, anchor_targets, mask_targets, region_targets
from objmask.models.quiet_tensorflow import tf


@dataclass(frozen=True)
class Recipe:
    """How the weights are changed.

    Attributes:
        weight_decay: a step, times the learning rate.
        clip_norm: largest norm of all gradients together.
        averaging: share of the weights' running mean that a step keeps.
        sampling: what is learnt from.
        losses: how the losses weigh.
    """

    weight_decay: float = 0.02
    clip_norm: float = 10.0
    averaging: float = 0.998
    sampling: TargetSampling = field(default_factory=TargetSampling)
    losses: LossWeights = field(default_factory=LossWeights)


class Learner:
    """A network in training.

    Attributes:
        network: its variables change with every step.
        optimiser: and its running moments.
        average: the running mean of the weights.
    """

    def __init__(self, network: MaskRCNN, recipe: Recipe) -> None:
        """Starts from the network's present weights."""
        self.network, self._recipe = network, recipe
        # The plain TensorFlow variables inside Keras's: what gradients and optimiser operations take.
        every = {name: getattr(variable, "value", variable) for name, variable in network.variables_by_name().items()}
        named = network.variables_by_name()
        self._trained = {name: every[name] for name in every if named[name].trainable}
        self.optimiser = AdamW(self._trained, recipe.weight_decay, recipe.clip_norm)
        self.average = RunningMean(every, recipe.averaging)
        self.variables = every
        scalar, integers = tf.TensorSpec((), tf.float32), tf.TensorSpec((2,), tf.int32)
        self._graph = tf.function(self._step, input_signature=[*_batch_specs(), scalar, scalar, integers])

    def step(self, batch: Batch, number: int, rate: float, seed: int) -> dict[str, float]:
        """Learns from a batch.

        Args:
            batch: the samples.
            number: of the step, 0-based.
            rate: the learning rate.
            seed: of the sampling; the same seed and number draw the same.

        Returns:
            The five losses, their `total`, and the `gradient_norm` before clipping.
        """
        values = self._graph(*tensors(batch), np.float32(number + 1), np.float32(rate), np.array([seed, number]))
        return {name: float(value) for name, value in values.items()}

    def _step(
        self, pictures: Any, sizes: Any, boxes: Any, classes: Any, masks: Any, number: Any, rate: Any, seed: Any
    ) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            losses = self.losses(pictures, Truth(sizes, boxes, classes, masks), seed)
            total = losses.total
        gradients = tape.gradient(total, self._trained, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        norm = self.optimiser.apply(gradients, rate, number)
        self.average.update(number)
        return {**losses._asdict(), "total": total, "gradient_norm": norm}

    def losses(self, pictures: Any, truth: Truth, seed: Any) -> Losses:
        """The losses of pictures uint8 (b, h, w, 3) of the canvas's size."""
        weights, sampling, network = self._recipe.losses, self._recipe.sampling, self.network
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        stage = network.first_stage(network.normalise(pictures), training=True)
        anchors = anchor_targets(stage.anchors, truth, sampling, seeds[0])
        objectness, anchor_boxes = anchor_losses(stage.objectness, stage.deltas, anchors)
        class_loss, box_loss, masks = self._second_stage(stage, truth, tf.shape(pictures)[1:3], seeds[1])
        return Losses(
            weights.objectness * objectness,
            weights.anchor_boxes * anchor_boxes,
            weights.classes * class_loss,
            weights.boxes * box_loss,
            weights.masks * masks,
        )

    def _second_stage(self, stage: FirstStage, truth: Truth, canvas: Any, seed: Any) -> tuple[Any, Any, Any]:
        """Losses of classes, boxes and masks."""
        network, sampling = self.network, self._recipe.sampling
        still = FirstStage(*(tf.stop_gradient(part) for part in stage))
        proposals = network.proposals(still, canvas[0], canvas[1])
        targets = region_targets(proposals.boxes, proposals.valid, truth, sampling, seed)
        to_unit = 1.0 / tf.cast(tf.tile(canvas, (2,)), tf.float32)
        logits, deltas = network.box_head(stage.features, targets.boxes * to_unit, training=True)
        class_loss, box_loss = region_losses(logits, deltas, targets)
        # Only regions on objects have masks. One is always taken, with weight 0 if need be: batch norm needs something.
        learnt = targets.positive[:, : sampling.masks]
        first = tf.one_hot(0, tf.size(learnt), on_value=True, off_value=False, dtype=tf.bool)
        where = tf.cast(tf.where((learnt > 0) | tf.reshape(first, tf.shape(learnt))), tf.int32)
        regions, instances, classes, weights = (
            tf.gather_nd(part, where) for part in (targets.boxes, targets.instances, targets.classes, targets.positive)
        )
        wanted = mask_targets(regions, where[:, 0], instances, truth, network.config.mask_size)
        said = network.mask_head(stage.features, regions * to_unit, where[:, 0], training=True)
        return class_loss, box_loss, mask_loss(said, classes, wanted, weights)


def tensors(batch: Batch) -> tuple[Any, ...]:
    """A batch as the graph takes it."""
    return batch.pictures, batch.sizes, batch.boxes, batch.classes, batch.masks


def _batch_specs() -> list[Any]:
    shapes = (
        ((None, None, None, 3), tf.uint8),
        ((None, 2), tf.float32),
        ((None, None, 4), tf.float32),
        ((None, None), tf.int32),
        ((None, None, MASK_GRID, MASK_GRID), tf.uint8),
    )
    return [tf.TensorSpec(shape, dtype) for shape, dtype in shapes]
