"""The network as a whole: pictures in, the Object Detection API's five outputs out, all in one graph."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from objmask.maskrcnn import boxes as box
from objmask.maskrcnn import desk, inception_resnet_v2, inception_v2, postprocess
from objmask.maskrcnn.anchors import anchors
from objmask.maskrcnn.config import MaskRCNNConfig, changed
from objmask.maskrcnn.layers import BatchNorm, Norm, Scope
from objmask.maskrcnn.second_stage import Heads
from objmask.models.quiet_tensorflow import tf

_ARCHITECTURES: dict[str, tuple[Any, Any]] = {
    "inception_resnet_v2": (inception_resnet_v2.Backbone, inception_resnet_v2.SecondStage),
    "inception_v2": (inception_v2.Backbone, inception_v2.SecondStage),
    "desk": (desk.Backbone, desk.SecondStage),
}
_NORM: dict[str, Norm] = {"inception_resnet_v2": "centred", "inception_v2": "scaled", "desk": "scaled"}


class FirstStage(NamedTuple):
    """What the first stage says of a batch of n pictures.

    Attributes:
        features: (n, rows, columns, channels), the map that regions are cropped from.
        anchors: (a, 4) pixels of the network's input; clipped to the picture if the config says so.
        deltas: (n, a, 4) offsets from the anchors.
        objectness: (n, a, 2) logits of background and object.
    """

    features: Any
    anchors: Any
    deltas: Any
    objectness: Any


class MaskRCNN:
    """A Mask R-CNN (arXiv:1703.06870) on one feature map, in two stages.

    Attributes:
        config: its settings.
        backbone: pictures to feature maps.
        second_stage: crops to features.
    """

    def __init__(self, config: MaskRCNNConfig) -> None:
        """Builds it with random weights; the same for the same config."""
        self.config = config
        root = Scope(norm=_NORM[config.architecture])
        backbone, second_stage = _ARCHITECTURES[config.architecture]
        self.backbone, self.second_stage = backbone(root), second_stage(root)
        per_cell = config.anchors_per_cell
        self._rpn = root.conv(
            "Conv", config.rpn_depth, 3, norm="bias", dilation=config.rpn_dilation, activation=tf.nn.relu6
        )
        predictor = root / "FirstStageBoxPredictor"
        linear = {"norm": "bias", "activation": None, "gain": 0.02}
        self._rpn_boxes = predictor.conv("BoxEncodingPredictor", 4 * per_cell, 1, **linear)
        self._rpn_classes = predictor.conv("ClassPredictor", 2 * per_cell, 1, **linear)
        self._heads = Heads(root, config)
        self._layers = root.layers
        self._make_variables()

    def _make_variables(self) -> None:
        """Runs a tiny picture through: layers learn their inputs' shapes."""
        stage = self.first_stage(tf.zeros((1, 64, 64, 3)))
        whole = tf.constant([[0.0, 0.0, 1.0, 1.0]])
        self.box_head(stage.features, whole[None])
        self.mask_head(stage.features, whole, tf.constant([0]))

    def variables_by_name(self) -> dict[str, Any]:
        """Checkpoint name to variable, batch norms' moving statistics included, in the order of the layers."""
        return {name: variable for layer in self._layers for name, variable in layer.named.items()}

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables that training changes."""
        return [variable for variable in self.variables_by_name().values() if variable.trainable]

    def sharing_layers(self, **changes: Any) -> MaskRCNN:
        """The same layers, whose weights stay the same ones, run with other settings.

        Args:
            changes: of settings that shape no variable: what is done before and after the layers.

        Raises:
            ModelError: a setting is unknown or out of range.
        """
        other = copy.copy(self)
        other.config = changed(self.config, changes)
        return other

    def freeze_batch_norm(self) -> None:
        """Makes batch norms keep their moving statistics in training: for fine-tuning with small batches."""
        for layer in self._layers:
            if isinstance(layer, BatchNorm):
                layer.frozen = True

    def preprocess(self, images: Any) -> Any:
        """Pictures uint8 (n, h, w, 3) to float32 in -1..1, resized keeping their shape."""
        height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))
        low, high = float(self.config.min_dimension), float(self.config.max_dimension)
        landscape = height < width
        scale = tf.minimum(tf.where(landscape, low, high) / height, tf.where(landscape, high, low) / width)
        size = tf.cast(tf.maximum(tf.round(scale * tf.stack([height, width])), 1), tf.int32)
        # Samples at multiples of the scale, without half a pixel's offset: what the published weights were trained on.
        return self.normalise(tf.raw_ops.ResizeBilinear(images=tf.cast(images, tf.float32), size=size))

    def normalise(self, images: Any) -> Any:
        """Values 0..255 to float32 in -1..1."""
        return (2.0 / 255.0) * tf.cast(images, tf.float32) - 1.0

    def first_stage(self, images: Any, training: bool = False) -> FirstStage:
        """Feature map, anchors and what is said of them, for images (n, h, w, 3) in -1..1."""
        proposal_map, crop_map = self.backbone(images, training=training)
        hidden = self.proposal_features(proposal_map)
        places = anchors(self.config, tf.shape(hidden)[1], tf.shape(hidden)[2])
        if self.config.clip_anchors:
            places = box.clip(places, tf.shape(images)[1], tf.shape(images)[2])
        count = tf.shape(images)[0]
        return FirstStage(
            crop_map,
            places,
            tf.reshape(self._rpn_boxes(hidden), (count, -1, 4)),
            tf.reshape(self._rpn_classes(hidden), (count, -1, 2)),
        )

    def proposal_features(self, features: Any) -> Any:
        """The map (n, rows, columns, depth) that objectness and offsets are read from."""
        return self._rpn(features)

    def proposals(self, stage: FirstStage, height: Any, width: Any) -> postprocess.Kept:
        """Regions of interest in pixels of the network's input of `height` x `width`; at most `config.proposals`."""
        return postprocess.proposals(stage.deltas, stage.objectness, stage.anchors, height, width, self.config)

    def crop(self, features: Any, boxes: Any, image_index: Any, side: int | None = None) -> Any:
        """Samples of the map in boxes (m, 4), normalised, of the pictures image_index (m,): (m, side, side, c).

        Bilinear, the first and last sample on the box's edges; 0 outside the map.
        """
        side, pooling = side or self.config.crop_size, self.config.crop_pooling
        crops = tf.image.crop_and_resize(features, boxes, image_index, (side, side))
        return crops if pooling == 1 else tf.nn.max_pool2d(crops, pooling, pooling, "SAME")

    def box_head(self, features: Any, boxes: Any, training: bool = False) -> tuple[Any, Any]:
        """Class logits (n, r, classes + 1), background first, and offsets (n, r, classes, 4).

        Args:
            features: of the first stage.
            boxes: (n, r, 4), normalised.
            training: whether batch norms learn.
        """
        count, regions = tf.shape(boxes)[0], tf.shape(boxes)[1]
        crops = self.crop(features, tf.reshape(boxes, (-1, 4)), tf.repeat(tf.range(count), regions))
        logits, offsets = self._heads.boxes(self.second_stage.box_features(crops, training))
        classes = len(self.config.classes)
        return (
            tf.reshape(logits, (count, regions, classes + 1)),
            tf.reshape(offsets, (count, regions, classes, 4)),
        )

    def mask_head(self, features: Any, boxes: Any, image_index: Any, training: bool = False) -> Any:
        """Mask logits (m, classes, size, size) of boxes (m, 4), normalised, of the pictures image_index (m,)."""
        crops = self.crop(features, boxes, image_index, self.config.mask_crop_size)
        return tf.transpose(self.masks_from_features(self.second_stage.mask_features(crops, training)), (0, 3, 1, 2))

    def masks_from_features(self, features: Any) -> Any:
        """Mask logits (m, size, size, classes) of the second stage's maps (m, t, t, d)."""
        return self._heads.masks(features)

    def detect(self, images: Any) -> dict[str, Any]:
        """The Object Detection API's outputs for pictures uint8 (n, h, w, 3).

        Returns:
            num_detections float32 (n); detection_boxes (n, k, 4), normalised ymin, xmin, ymax, xmax;
            detection_scores (n, k); detection_classes (n, k), ids as float32; detection_masks (n, k, size, size),
            probabilities. k = config.detections; rows past num_detections are zero.
        """
        return self.detect_preprocessed(self.preprocess(images))

    def detect_preprocessed(self, inputs: Any) -> dict[str, Any]:
        """`detect` for what `preprocess` returns."""
        height, width = tf.shape(inputs)[1], tf.shape(inputs)[2]
        to_unit = 1.0 / tf.cast(tf.stack([height, width, height, width]), tf.float32)
        stage = self.first_stage(inputs)
        regions = self.proposals(stage, height, width)
        logits, offsets = self.box_head(stage.features, regions.boxes * to_unit)
        found = postprocess.detections(logits, offsets, regions.boxes, regions.valid, height, width, self.config)
        boxes = found.boxes * to_unit
        ids = tf.gather(tf.constant(self.config.class_ids, tf.float32), found.classes)
        return {
            "num_detections": tf.reduce_sum(tf.cast(found.valid, tf.float32), axis=1),
            "detection_boxes": boxes,
            "detection_scores": found.scores,
            "detection_classes": tf.where(found.valid, ids, 0.0),
            "detection_masks": self._masks_of(stage.features, boxes, found),
        }

    def _masks_of(self, features: Any, boxes: Any, found: postprocess.Kept) -> Any:
        """Masks (n, k, size, size); the branch runs on the boxes that were kept only, zeros elsewhere."""
        where = tf.where(found.valid)
        # Some convolutions have no kernel for nothing at all: the first box then stands in, and is blanked below.
        nothing = tf.cast(tf.equal(tf.shape(where)[0], 0), tf.int32)
        where = tf.pad(where, [[0, nothing], [0, 0]])
        logits = self.mask_head(features, tf.gather_nd(boxes, where), tf.cast(where[:, 0], tf.int32))
        own = tf.gather(logits, tf.gather_nd(found.classes, where), axis=1, batch_dims=1)
        side = self.config.mask_size
        shape = tf.concat([tf.shape(found.valid, out_type=tf.int64), [side, side]], axis=0)
        return tf.where(found.valid[..., None, None], tf.scatter_nd(where, tf.sigmoid(own), shape), 0.0)
