"""YOLO networks (v5 to 26, `-seg`, boxes only, keypoints), whichever library runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.errors import ModelError
from objmask.models.detector import Detector, Loading, Picture
from objmask.models.finite import refuse_non_finite
from objmask.models.formats.read import read_network_file
from objmask.models.graph import Graph, look_up
from objmask.models.info import ModelInfo
from objmask.models.networks.letterbox import Letterbox
from objmask.models.networks.yolo_decode import Decoder
from objmask.models.networks.yolo_layout import YoloLayout
from objmask.models.open_network import open_network
from objmask.models.side_by_side import SideBySide
from objmask.models.tensors import ANY

_DTYPES = ("float32", "float16", "int8", "uint8")


def start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    """Opens a network.

    Raises:
        ModelError: the file is no such network, contradicts `info`, or cannot run on the device.
    """
    opened = open_network(path, info.name, loading)
    return SideBySide(
        info, opened, loading.threads, lambda: YoloReader(opened.graph(), path, info, loading, opened.batch(loading))
    )


class YoloReader:
    """One network. See `Reader`."""

    def __init__(self, graph: Graph, path: Path, info: ModelInfo, loading: Loading, batch: int) -> None:
        """Tells its tensors apart, and runs it once.

        Args:
            graph: of the network.
            path: its file, for errors.
            info: what the model is.
            loading: how it is loaded.
            batch: frames at a time, where the file does not fix that.
        """
        self._graph, self._name = graph, info.name
        try:
            self._layout = layout = YoloLayout.of(read_network_file(path))
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        if layout.classes not in (0, len(info.classes)):
            raise ModelError(f"{path}: has {layout.classes} classes, model.json names {len(info.classes)}")
        taken, predictions = graph.inputs[0], graph.outputs[layout.predictions]
        for tensor in (taken, predictions):
            if tensor.dtype not in _DTYPES or (tensor.dtype.endswith("int8") and not tensor.quantisation.scale):
                raise ModelError(f"{path}: {tensor}; export it as float32, float16 or int8")
        self.batch = batch if layout.batch == ANY else layout.batch
        self._height, self._width = info.input_height, info.input_width
        sides = (3, self._height, self._width) if layout.channels_first else (self._height, self._width, 3)
        self._shape = (self.batch, *sides)
        # A pixel's value 0..255 as the input tensor holds it: one look-up does scaling and quantisation.
        self._table = taken.quantisation.stored(np.arange(256) / 255, taken.dtype)
        self._decoder = Decoder(
            layout,
            info.classes,
            predictions.quantisation,
            graph.outputs[layout.prototypes or 0].quantisation,
            (1.0, 1.0),
            loading.floor,
            loading.max_per_frame,
        )
        self._decoder = replace(self._decoder, box_unit=self._box_unit(normalised=path.suffix == ".tflite"))

    def _box_unit(self, *, normalised: bool) -> tuple[float, float]:
        """Input pixels a unit of the predicted boxes, told from a run on a grey picture.

        Anchors lie all over the input: the largest centre is near the input's size in pixels, or near 1. A network that
        removes overlaps itself mostly finds nothing there.

        Args:
            normalised: what exporters do for this format, where the run does not tell.
        """
        grey = np.full((self._height, self._width, 3), 114, np.uint8)
        predictions, _ = self._run([grey])
        rows = predictions[0].T if self._layout.anchors_first else predictions[0]
        if len(rows) < self._decoder.channels:
            raise ModelError(
                f"{self._name}: {len(rows)} numbers a detection are too few for {len(self._decoder.classes)} classes; "
                "export it again with its metadata"
            )
        largest = float(self._decoder.predictions.real(rows[: 4 if self._layout.end_to_end else 2]).max(initial=0))
        if self._layout.end_to_end and largest <= 0:
            largest = 1 if normalised else self._width
        return (1.0, 1.0) if largest > 2 else (float(self._height), float(self._width))

    def read(self, frames: Sequence[Picture]) -> list[Detections]:
        """See `Reader.read`."""
        boxes = [Letterbox.fit(frame.shape[0], frame.shape[1], self._height, self._width) for frame in frames]
        predictions, prototypes = self._run([box.apply(frame) for box, frame in zip(boxes, frames, strict=True)])
        return [
            self._decoder.decode(predictions[i], None if prototypes is None else prototypes[i], box)
            for i, box in enumerate(boxes)
        ]

    def _run(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """(predictions, prototypes) of pictures of the input's size: views that the next run overwrites."""

        def write(array: npt.NDArray[Any]) -> None:
            # With fewer pictures than the batch the rest of it stays as it is; nobody looks at what comes of it.
            for slot, picture in zip(array, pictures, strict=False):
                look_up(picture, self._table, slot, channels_first=self._layout.channels_first)

        outputs = self._graph.run(write, self._shape)
        predictions = outputs[self._layout.predictions]
        prototypes = None if self._layout.prototypes is None else outputs[self._layout.prototypes]
        refuse_non_finite(self._name, {"predictions": predictions})
        if prototypes is not None:
            refuse_non_finite(self._name, {"prototypes": prototypes})
        return predictions, prototypes
