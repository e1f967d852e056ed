"""YOLO segmentation networks (YOLOv8, YOLO11 `-seg` and kin) as TensorFlow Lite files, on CPU."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from objmask.detections.arrays import Detections
from objmask.errors import ModelError
from objmask.models.detector import Loading, Picture, check_frames
from objmask.models.finite import refuse_non_finite
from objmask.models.info import ModelInfo
from objmask.models.letterbox import Letterbox
from objmask.models.tflite_file import refuse_nan
from objmask.models.yolo_decode import Decoder, Quantisation
from objmask.models.yolo_layout import YoloLayout

_DTYPES = (np.float32, np.int8, np.uint8)
_FRAMES_A_THREAD = 16
"""So many frames a thread at once leave no thread idle for long at the end of a batch."""


class YoloSegDetector:
    """Runs a network on several frames side by side, one interpreter of one thread for each CPU thread.

    Several interpreters give more frames a second than one with several threads, hide the work before and after the
    network, and make the results independent of `threads`. Hand `detect` many frames at a time.

    Attributes:
        info: what the model is.
        placement: device and precision.
    """

    runtime = "ai-edge-litert"

    def __init__(self, path: Path, info: ModelInfo, loading: Loading) -> None:
        """Opens the network.

        Raises:
            ModelError: the file is no such network, contradicts `info`, or the device is to be a GPU.
        """
        if loading.device == "gpu":
            raise ModelError(f"{info.name}: TensorFlow Lite models run on the CPU; set device: cpu or auto")
        self.info, self._path = info, path
        self._networks = [_Network(path, info, loading.floor, loading.max_per_frame) for _ in range(loading.threads)]
        self._idle: SimpleQueue[_Network] = SimpleQueue()
        for network in self._networks:
            self._idle.put(network)
        self._pool = ThreadPoolExecutor(loading.threads, thread_name_prefix="yolo")
        self.placement = f"CPU, LiteRT, {self._networks[0].precision} input"
        self.frames_at_once = _FRAMES_A_THREAD * loading.threads * self._networks[0].layout.batch

    def detect(self, frames: Sequence[Picture]) -> list[Detections]:
        """Detections of each frame; frames may differ in size. See `Detector.detect`."""
        check_frames(frames)
        batch = self._networks[0].layout.batch
        groups = [frames[start : start + batch] for start in range(0, len(frames), batch)]
        return [found for part in self._pool.map(self._detect_group, groups) for found in part]

    def _detect_group(self, frames: Sequence[Picture]) -> list[Detections]:
        network = self._idle.get()
        try:
            return network.detect(frames)
        finally:
            self._idle.put(network)

    def refuse_nan(self) -> None:
        """See `Detector.refuse_nan`."""
        refuse_nan(self._path)

    def close(self) -> None:
        """Stops the threads and frees the networks."""
        self._pool.shutdown()
        self._networks.clear()
        self._idle = SimpleQueue()


class _Network:
    """One interpreter, used by one thread at a time."""

    def __init__(self, path: Path, info: ModelInfo, floor: float, max_per_frame: int) -> None:
        self._name = info.name
        try:
            self._interpreter = Interpreter(os.fspath(path), num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: LiteRT cannot run it ({_first_line(error)}); export it again") from error
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        try:
            self.layout = YoloLayout.from_shapes(
                [d["shape"].tolist() for d in inputs], [d["shape"].tolist() for d in outputs]
            )
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        if self.layout.classes != len(info.classes):
            raise ModelError(f"{path}: has {self.layout.classes} classes, model.json names {len(info.classes)}")
        predictions, prototypes = outputs[self.layout.predictions], outputs[self.layout.prototypes]
        for tensor in (inputs[0], predictions, prototypes):
            if tensor["dtype"] not in _DTYPES:
                raise ModelError(f"{path}: {np.dtype(tensor['dtype'])} tensors; export it as float32 or int8")
            if not math.isfinite(tensor["quantization"][0]) or tensor["quantization"][0] < 0:
                raise ModelError(f"{path}: the scale of a tensor is {tensor['quantization'][0]}; export it again")
        self.precision = np.dtype(inputs[0]["dtype"]).name
        self._input = inputs[0]["index"]
        self._predictions, self._prototypes = predictions["index"], prototypes["index"]
        # A pixel's value 0..255 as the input tensor holds it: one look-up does scaling and quantisation.
        self._table = Quantisation(*inputs[0]["quantization"]).stored(np.arange(256) / 255, inputs[0]["dtype"])
        self._decoder = Decoder(
            self.layout,
            info.classes,
            Quantisation(*predictions["quantization"]),
            Quantisation(*prototypes["quantization"]),
            (1.0, 1.0),
            floor,
            max_per_frame,
        )
        self._decoder = replace(self._decoder, box_unit=self._box_unit())

    def _box_unit(self) -> tuple[float, float]:
        """Input pixels a unit of the predicted boxes, told from a run on a grey picture.

        Anchors lie all over the input: the largest centre is near the input's size in pixels, or near 1.
        """
        grey = np.full((self.layout.height, self.layout.width, 3), 114, np.uint8)
        predictions, _ = self._run([grey])
        rows = predictions[0].T if self.layout.anchors_first else predictions[0]
        largest = float(self._decoder.predictions.real(rows[:2]).max())
        return (1.0, 1.0) if largest > 2 else (float(self.layout.height), float(self.layout.width))

    def detect(self, frames: Sequence[Picture]) -> list[Detections]:
        """Detections of at most `layout.batch` frames."""
        layout = self.layout
        boxes = [Letterbox.fit(frame.shape[0], frame.shape[1], layout.height, layout.width) for frame in frames]
        predictions, prototypes = self._run([box.apply(frame) for box, frame in zip(boxes, frames, strict=True)])
        return [self._decoder.decode(predictions[i], prototypes[i], box) for i, box in enumerate(boxes)]

    def _run(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """(predictions, prototypes) of pictures of the input's size: views that the next run overwrites."""
        for slot, picture in zip(self._interpreter.tensor(self._input)(), pictures, strict=False):
            # Straight into the interpreter's memory: fresh arrays of this size cost more than the look-up itself.
            if self.layout.channels_first:
                for plane, values in zip(slot, cv2.split(picture), strict=True):
                    cv2.LUT(values, self._table, plane)
            else:
                cv2.LUT(picture, self._table, slot)
        slot = plane = None  # the interpreter refuses to run while its memory is looked at
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self._name}: LiteRT cannot run it ({_first_line(error)}); install it again") from error
        predictions, prototypes = (self._interpreter.tensor(one)() for one in (self._predictions, self._prototypes))
        refuse_non_finite(self._name, {"predictions": predictions, "prototypes": prototypes})
        return predictions, prototypes


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
