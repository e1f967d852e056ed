"""CenterFace networks, run by onnxruntime.

Xu, Yan, Yang, Chen, Zhang, Lin, Liu: CenterFace: joint face detection and alignment using face as point, Scientific
Programming 2020. Each cell of a map a quarter as large as the input may be the centre of a face.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.errors import ModelError
from objmask.models.detector import Detector, Loading, Picture
from objmask.models.finite import refuse_non_finite
from objmask.models.graph import Graph, look_up
from objmask.models.info import ModelInfo
from objmask.models.networks.centerface_layout import CHANNELS, STEP, STRIDE
from objmask.models.networks.faces import Faces, Reach, detections
from objmask.models.networks.letterbox import Letterbox
from objmask.models.networks.yolo_decode import suppress
from objmask.models.side_by_side import SideBySide

if TYPE_CHECKING:
    from onnx import ModelProto

_BATCH_ON_GPU = 8
_IOU = 0.3
_MOST_LOG = 12.0
"""A face of exp(12) cells is larger than any picture; a damaged network may say more than a float can hold."""
_EYES, _MOUTH = (0, 1), (3, 4)
"""Of the five landmarks: eyes, nose, corners of the mouth."""
_REACH = Reach(size=1.4, up=0.1)
_BLACK = 0


def start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    """Opens a network.

    Raises:
        ModelError: onnxruntime cannot run it, or not on that device.
    """
    from objmask.models.runtimes.onnx import open_onnx

    opened = open_onnx(path, info.name, loading, mend=loosen)
    batch = loading.batch or (_BATCH_ON_GPU if opened.on_gpu else 1)
    return SideBySide(info, opened, loading.threads, lambda: CenterFaceReader(opened.graph(), info, loading, batch))


def loosen(model: ModelProto) -> None:
    """Lets a network take any number of pictures of any size, and its weights be constants.

    The file fixes sides that the network does not need. It also lists weights as inputs, as files of its time do: each
    could be another in the next run, so onnxruntime would keep operations apart that it can join. Such a network takes
    twice the time.
    """
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    taken = [value for value in graph.input if value.name not in weights]
    del graph.input[:]
    graph.input.extend(taken)
    for value in (*graph.input, *graph.output):
        sides = value.type.tensor_type.shape.dim
        for place, name in ((0, "batch"), (2, f"{value.name}_height"), (3, f"{value.name}_width")):
            sides[place].Clear()
            sides[place].dim_param = name
    del graph.value_info[:]


class CenterFaceReader:
    """One network. See `Reader`."""

    def __init__(self, graph: Graph, info: ModelInfo, loading: Loading, batch: int) -> None:
        """Remembers what to keep.

        Args:
            graph: of the network, which takes any size.
            info: what the model is.
            loading: how it is loaded.
            batch: frames at a time.
        """
        self.batch = batch
        self._graph, self._name, self._long_side = graph, info.name, info.long_side
        self._floor, self._limit = loading.floor, loading.max_per_frame
        self._table = np.arange(256).astype(graph.inputs[0].dtype)

    def read(self, frames: Sequence[Picture]) -> list[Detections]:
        """See `Reader.read`."""
        found: list[Detections] = []
        for (height, width), some in groupby(frames, key=lambda frame: frame.shape[:2]):
            box = self._fit(height, width)
            outputs = self._run([box.apply(frame, _BLACK) for frame in some])
            found += [
                detections(decode(one, self._floor, self._limit), box, _REACH) for one in zip(*outputs, strict=True)
            ]
        return found

    def _fit(self, height: int, width: int) -> Letterbox:
        """How a frame lies in the input: its longer side as the model's, around it what makes the sides multiples."""
        scale = self._long_side / max(height, width)
        sides = (-(-max(1, round(side * scale)) // STEP) * STEP for side in (height, width))
        return Letterbox.fit(height, width, *sides)

    def _run(self, pictures: Sequence[Picture]) -> list[npt.NDArray[np.float32]]:
        """Score, size, offset and landmarks of pictures of one size, each (n, channels, rows, columns)."""
        height, width = pictures[0].shape[:2]

        def write(array: npt.NDArray[Any]) -> None:
            for slot, picture in zip(array, pictures, strict=True):
                look_up(picture, self._table, slot, channels_first=True)

        outputs = self._graph.run(write, (len(pictures), 3, height, width))
        for tensor, values, channels in zip(self._graph.outputs, outputs, CHANNELS, strict=True):
            if values.shape != (len(pictures), channels, height // STRIDE, width // STRIDE):
                raise ModelError(f"{self._name}: gives {tensor.name} of the sides {values.shape}; it is no CenterFace")
            refuse_non_finite(self._name, {tensor.name: values})
        return [values.astype(np.float32, copy=False) for values in outputs]


def decode(outputs: Sequence[npt.NDArray[np.float32]], floor: float, limit: int) -> Faces:
    """Faces that a network's maps of a picture show.

    Args:
        outputs: score (1, rows, columns) 0..1; logarithm of height and width, in cells; offset of the centre (y, x) in
            cells; five landmarks (y, x) from the box's upper left corner, shares of its sides.
        floor: faces below this score are dropped.
        limit: the most faces.
    """
    score, size, offset, landmarks = outputs
    rows, columns = np.nonzero(score[0] >= np.float32(floor))
    scores = np.clip(score[0, rows, columns], 0, 1)
    cells = np.stack([rows, columns], 1) + 0.5
    centres = (cells + offset[:, rows, columns].T) * STRIDE
    sizes = np.exp(np.minimum(size[:, rows, columns].T, _MOST_LOG).astype(np.float64)) * STRIDE
    corners = centres - sizes / 2
    edges = np.concatenate([corners, corners + sizes], 1)
    kept = suppress(edges, scores, np.zeros(len(scores), np.intp), iou=_IOU, limit=limit)
    points = landmarks[:, rows[kept], columns[kept]].T.reshape(-1, 5, 2) * sizes[kept, None] + corners[kept, None]
    return Faces(scores[kept], edges[kept], points[:, _EYES].mean(1), points[:, _MOUTH].mean(1))
