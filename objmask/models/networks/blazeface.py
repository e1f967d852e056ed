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
from objmask.detections.boxes import box_iou
from objmask.errors import ModelError
from objmask.models.detector import Detector, Loading, Picture
from objmask.models.finite import refuse_non_finite
from objmask.models.graph import Graph, look_up, open_network
from objmask.models.info import ModelInfo
from objmask.models.networks.blazeface_layout import BlazeFaceLayout
from objmask.models.networks.faces import Faces, Reach, detections
from objmask.models.networks.letterbox import Letterbox
from objmask.models.side_by_side import SideBySide
from objmask.models.tensors import NetworkFile

Float64 = npt.NDArray[np.float64]

_IOU = 0.3
_MOST_LOGIT = 100.0
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
        self._anchors = anchors(layout)

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


def anchors(layout: BlazeFaceLayout) -> Float64:
    """(n, 2) y, x of the anchors, input pixels: the centres of the cells of each grid, row by row."""
    grids = []
    for stride, count in layout.grids:
        centres = (np.arange(layout.side // stride) + 0.5) * stride
        grid = np.stack(np.meshgrid(centres, centres, indexing="ij"), -1).reshape(-1, 2)
        grids.append(np.repeat(grid, count, axis=0))
    return np.concatenate(grids)


def decode(
    boxes: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], centres: Float64, floor: float, limit: int
) -> Faces:
    """Faces that a network's outputs show.

    Args:
        boxes: (n, 16) of each anchor, in input pixels: x, y of the box's centre, its width and height, x, y of six
            landmarks; places are distances from the anchor.
        logits: (n,) scores, before the logistic function.
        centres: (n, 2) y, x of the anchors, input pixels.
        floor: faces below this score are dropped.
        limit: the most faces.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits, -_MOST_LOGIT, _MOST_LOGIT).astype(np.float64)))
    pairs = boxes.astype(np.float64).reshape(-1, 8, 2)[..., ::-1]
    (candidates,) = np.nonzero((scores >= floor) & (pairs[:, 1] > 0).all(1))
    scores, pairs, centres = scores[candidates], pairs[candidates], centres[candidates]
    middle, size, landmarks = pairs[:, 0] + centres, pairs[:, 1], pairs[:, 2:] + centres[:, None]
    found = np.concatenate([middle - size / 2, middle + size / 2, landmarks.reshape(-1, 12)], 1)
    best, merged = weighted(scores, found, limit)
    points = merged[:, 4:].reshape(-1, 6, 2)
    return Faces(scores[best].astype(np.float32), merged[:, :4], points[:, _EYES].mean(1), points[:, _MOUTH])


def weighted(scores: Float64, found: Float64, limit: int) -> tuple[npt.NDArray[np.intp], Float64]:
    """Joins what overlaps, as MediaPipe does: the best one's place is the mean of all, weighted by their scores.

    Args:
        scores: (n,).
        found: (n, m): top, left, bottom, right, and whatever else is to be averaged.
        limit: the most to keep.

    Returns:
        Indices of the best ones, falling in score, and (k, m) means.
    """
    left = np.argsort(-scores, kind="stable")
    best: list[np.intp] = []
    means = [np.zeros((0, found.shape[1]))]
    while len(left) and len(best) < limit:
        same = box_iou(found[left, :4], found[left[:1], :4])[:, 0] > _IOU
        best.append(left[0])
        means.append(np.average(found[left[same]], axis=0, weights=scores[left[same]])[None])
        left = left[~same]
    return np.array(best, np.intp), np.concatenate(means)
