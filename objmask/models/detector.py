"""What every network looks like to the rest of objmask, and how an installed one is started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from objmask.detections import Detections
from objmask.errors import ModelError
from objmask.files import sha256_of
from objmask.models.info import ModelInfo

Device = Literal["auto", "cpu", "gpu"]
Precision = Literal["auto", "float32", "mixed"]
Frame = npt.NDArray[np.uint8]
"""RGB, (height, width, 3)."""


class Detector(Protocol):
    """A network that is ready to run.

    Attributes:
        info: what it is.
        placement: device and precision, in words, for logs and metadata.
        frames_at_once: how many frames `detect` likes to be given, to keep the device busy.
    """

    info: ModelInfo
    placement: str
    frames_at_once: int

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Detections of each frame, in order of falling score; the same whatever the frames were grouped with.

        Raises:
            ValueError: a frame is not uint8 (height, width, 3).
        """
        ...

    def refuse_nan(self) -> None:
        """Checks all weights: what a picture's numbers do not show is found here.

        Raises:
            ModelError: one is NaN.
        """
        ...

    def close(self) -> None:
        """Frees the network; it cannot be used after."""
        ...


def load(
    folder: Path,
    *,
    device: Device = "auto",
    floor: float = 0.05,
    max_per_frame: int = 100,
    threads: int = 2,
    batch: int | None = None,
    precision: Precision = "auto",
    optimise: bool = True,
) -> Detector:
    """Starts the model that `install` put into `folder`.

    Args:
        folder: holds `model.json` and the network.
        device: `gpu` fails where there is none; `auto` takes one where the family can use it.
        floor: detections below this score (0..1) are dropped.
        max_per_frame: the most detections a frame, by score.
        threads: CPU threads.
        batch: frames a run of the network; by default the model's own. YOLO files have theirs fixed.
        precision: `mixed` computes in 16 bits where that loses little, on GPUs in float16, on CPUs in bfloat16; `auto`
            does so on GPUs that are made for it. YOLO files have theirs fixed.
        optimise: let TensorFlow rewrite the graph before it runs: faster, but takes more memory.

    Raises:
        ModelError: the model is missing, changed since it was installed, or cannot run on `device`.
        ValueError: an argument is out of range.
    """
    if not 0 <= floor <= 1 or max_per_frame < 1 or threads < 1 or (batch is not None and batch < 1):
        raise ValueError("expected 0 <= floor <= 1 and max_per_frame, threads, batch of at least 1")
    info = ModelInfo.read(folder)
    path = folder / info.file
    if not path.exists():
        raise ModelError(f"{path}: missing; install the model again with `python -m objmask model`")
    if sha256_of(path) != info.sha256:
        raise ModelError(
            f"{path}: changed since it was installed; install the model again with `python -m objmask model`"
        )
    # Imported here: each family's runtime is large, and only the one in use is to be loaded.
    if info.family == "yolo_seg":
        from objmask.models.yolo_seg import YoloSegDetector

        return YoloSegDetector(path, info, device=device, floor=floor, max_per_frame=max_per_frame, threads=threads)
    if device != "cpu":
        from objmask.models.devices import claim_gpu

        claim_gpu()
    from objmask.models.tf_detection import TfDetector

    return TfDetector(
        path,
        info,
        device=device,
        floor=floor,
        max_per_frame=max_per_frame,
        threads=threads,
        batch=batch or info.batch,
        precision=precision,
        optimise=optimise,
    )


def check_frames(frames: Sequence[Frame]) -> None:
    """Raises ValueError unless every frame is uint8 (height, width, 3)."""
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise ValueError(f"frame: expected uint8 (height, width, 3), got {frame.dtype} {frame.shape}")
