"""BlazeFace networks of MediaPipe, run by LiteRT.

Bazarevsky, Kartynnik, Vakunov, Raveendran, Grundmann: BlazeFace: sub-millisecond neural face detection on mobile GPUs,
CVPR Workshop on Computer Vision for AR and VR 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.errors import ModelError
from objmask.models.detector import Detector, Loading, Picture
from objmask.models.finite import refuse_non_finite
from objmask.models.graph import Graph, look_up
from objmask.models.info import ModelInfo
from objmask.models.networks.anchors import anchors, weighted
from objmask.models.networks.anchors import decode as anchored
from objmask.models.networks.blazeface_layout import BlazeFaceLayout
from objmask.models.networks.faces import Faces, Reach, detections
from objmask.models.networks.letterbox import Letterbox
from objmask.models.open_network import open_network
from objmask.models.side_by_side import SideBySide
from objmask.models.tensors import NetworkFile

Float64 = npt.NDArray[np.float64]

_EYES, _MOUTH = (0, 1), 3
"""Of the six landmarks: eyes, tip of the nose, middle of the mouth, ears."""
_REACH = Reach(size=1.55, up=0.1)
_BLACK = 0


def start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    """Opens a network.

    Raises:
        ModelError: the file is no such network, LiteRT cannot run it, or the device is to be a GPU.
    """
    opened = open_network(path, info.name, loading)
    return SideBySide(info, opened, loading.threads, lambda: BlazeFaceReader(opened.graph(), path, info, loading))


class BlazeFaceReader:
    """One network. See `Reader`."""

    batch = 1

    def __init__(self, graph: Graph, path: Path, info: ModelInfo, loading: Loading) -> None:
        """Tells its tensors apart.

        Args:
            graph: of the network.
            path: its file, for errors.
            info: what the model is.
            loading: how it is loaded.
        """
        layout = BlazeFaceLayout.of(NetworkFile(graph.inputs, graph.outputs, {}))
        if layout is None:
            raise ModelError(f"{path}: not a BlazeFace network")
        self._graph, self._name, self._layout = graph, info.name, layout
        self._floor, self._limit = loading.floor, loading.max_per_frame
        self._table = (np.arange(256) / 127.5 - 1).astype(np.float32)
        self._anchors = anchors(layout.side, layout.grids)

    def read(self, frames: Sequence[Picture]) -> list[Detections]:
        """See `Reader.read`."""
        return [self._read(frame) for frame in frames]

    def _read(self, frame: Picture) -> Detections:
        box = Letterbox.fit(frame.shape[0], frame.shape[1], self._layout.side, self._layout.side)
        picture = box.apply(frame, _BLACK)

        def write(array: npt.NDArray[Any]) -> None:
            look_up(picture, self._table, array[0], channels_first=False)

        outputs = self._graph.run(write)
        boxes, logits = (outputs[i][0] for i in (self._layout.boxes, self._layout.scores))
        refuse_non_finite(self._name, {"boxes": boxes, "scores": logits})
        return detections(decode(boxes, logits[:, 0], self._anchors, self._floor, self._limit), box, _REACH)


def decode(
    boxes: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], centres: Float64, floor: float, limit: int
) -> Faces:
    """Faces that a network's outputs show.

    Args:
        boxes: (n, 16) of each anchor, in input pixels, as the network gives them.
        logits: (n,) scores, before the logistic function.
        centres: (n, 2) y, x of the anchors, input pixels.
        floor: faces below this score are dropped.
        limit: the most faces.
    """
    scores, found = anchored(boxes, logits, centres, floor)
    best, points = weighted(scores, found, limit)
    landmarks = points[:, 2:]
    edges = points[:, :2].reshape(-1, 4)
    return Faces(scores[best].astype(np.float32), edges, landmarks[:, _EYES].mean(1), landmarks[:, _MOUTH])
