"""A network that is in memory as a detector, while it is being trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.evaluation.mask_ap import SCORE_FLOOR
from objmask.evaluation.precision import MOST_DETECTIONS
from objmask.maskrcnn.network import MaskRCNN
from objmask.models.api_outputs import detections_of
from objmask.models.quiet_tensorflow import tf


class InProcess:
    """Detects with a network's present weights."""

    def __init__(self, network: MaskRCNN) -> None:
        """Later changes of the network's variables count."""
        self._names = dict(zip(network.config.class_ids, network.config.classes, strict=True))
        # Without the network's own cut: the floor here must not depend on the config.
        uncut = network.sharing_layers(score_floor=0.0)
        shape = tf.TensorSpec((None, None, None, 3), tf.uint8)
        self._graph = tf.function(uncut.detect, input_signature=[shape])

    def detect(self, frames: Sequence[npt.NDArray[np.uint8]]) -> list[Detections]:
        """Detections of RGB frames (height, width, 3) of one size that score 0.05 or more, at most 100 a frame."""
        height, width = frames[0].shape[:2]
        outputs = {name: values.numpy() for name, values in self._graph(np.stack(frames)).items()}
        return [
            detections_of(
                {name: values[i] for name, values in outputs.items()},
                height,
                width,
                self._names,
                floor=SCORE_FLOOR,
                limit=MOST_DETECTIONS,
                model="the network in training",
            )
            for i in range(len(frames))
        ]
