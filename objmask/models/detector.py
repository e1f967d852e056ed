"""What every network looks like to the rest of objmask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.models.info import ModelInfo

Device = Literal["auto", "cpu", "gpu"]
Precision = Literal["auto", "float32", "mixed"]
Picture = npt.NDArray[np.uint8]
"""RGB, (height, width, 3)."""


@dataclass(frozen=True)
class Loading:
    """How a network is to be loaded.

    Attributes:
        device: `gpu` fails where there is none; `auto` takes one where the family can use it.
        floor: detections below this score (0..1) are dropped.
        max_per_frame: the most detections a frame, by score.
        threads: CPU threads.
        batch: frames a run of the network; None: the model's own. YOLO files have theirs fixed.
        precision: `mixed` computes in 16 bits where that loses little, on GPUs in float16, on CPUs in bfloat16; `auto`
            does so on GPUs that are made for it. YOLO files have theirs fixed.
        optimise: let TensorFlow rewrite the graph before it runs: faster, but takes more memory.

    Raises:
        ValueError: a number is out of range.
    """

    device: Device = "auto"
    floor: float = 0.05
    max_per_frame: int = 100
    threads: int = 2
    batch: int | None = None
    precision: Precision = "auto"
    optimise: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= 1 or min(self.max_per_frame, self.threads, self.batch or 1) < 1:
            raise ValueError("expected 0 <= floor <= 1 and max_per_frame, threads, batch of at least 1")


class Detector(Protocol):
    """A network that is ready to run.

    Attributes:
        info: what it is.
        runtime: the package that computes; results name its version.
        placement: device and precision, in words, for logs and metadata.
        frames_at_once: how many frames `detect` likes to be given, to keep the device busy.
    """

    info: ModelInfo
    runtime: str
    placement: str
    frames_at_once: int

    def detect(self, frames: Sequence[Picture]) -> list[Detections]:
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


def check_frames(frames: Sequence[Picture]) -> None:
    """Raises ValueError unless every frame is uint8 (height, width, 3)."""
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise ValueError(f"frame: expected uint8 (height, width, 3), got {frame.dtype} {frame.shape}")
