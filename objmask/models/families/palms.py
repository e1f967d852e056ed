"""MediaPipe's networks for hands as TensorFlow Lite files in one folder: what they are, told from the files alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.files.whole import sha256_of
from objmask.models.family import Family
from objmask.models.info import ModelInfo
from objmask.models.networks.palms_layout import Networks

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading

_FOLDER = "networks"
_LONG_SIDE = 640
"""Of the frames from which the pictures of single hands are cut, pixels."""


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    from objmask.models.networks.palms import start

    return start(path, info, loading)


def _describe(path: Path, name: str) -> ModelInfo:
    Networks.of(path)
    return ModelInfo(
        name=name,
        family="palms",
        file=_FOLDER,
        sha256=sha256_of(path),
        source=str(path),
        classes=("hand",),
        class_ids={"hand": 0},
        input_height=0,
        input_width=0,
        long_side=_LONG_SIDE,
        masks=False,
    )


FAMILY = Family(
    files="MediaPipe's networks for hands: a folder with palm_detection*.tflite and hand_landmark*.tflite",
    objects="hand",
    tensors="two files in a folder: of one picture of 192 pixels a side 18 numbers and a score of each anchor; of one "
    "of 224 pixels a side the landmarks of a hand",
    recognises=Networks.any_in,
    describe=_describe,
    parts=lambda path: {_FOLDER: path},
    start=_start,
    resized=lambda path, info, size: replace(info, long_side=size),
    chunk_frames=3000,
    memory_mb=1000,
    fixed_threads=None,
    on_gpu=False,
)
