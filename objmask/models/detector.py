"""What every network looks like to the rest of objmask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.models.info import ModelInfo

Device = Literal["auto", "cpu", "gpu"]
Precision = Literal["auto", "float32", "mixed"]
Picture = npt.NDArray[np.uint8]
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
