"""BlazeFace networks as TensorFlow Lite files: what they are, told from the file alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.family import Family
from objmask.models.formats.read import is_network_file, read_network_file
from objmask.models.info import ModelInfo
from objmask.models.networks.blazeface_layout import BlazeFaceLayout

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading

_FILE = "model.tflite"


def _layout(path: Path) -> BlazeFaceLayout | None:
    if path.suffix.lower() != ".tflite" or not is_network_file(path):
        return None
    return BlazeFaceLayout.of(read_network_file(path))


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    from objmask.models.networks.blazeface import start

    return start(path, info, loading)


def _describe(path: Path, name: str) -> ModelInfo:
    layout = _layout(path)
    if layout is None:
        raise ModelError(f"{path}: not a BlazeFace network")
    return ModelInfo(
        name=name,
        family="blazeface",
        file=_FILE,
        sha256=sha256_of(path),
        source=str(path),
        classes=("face",),
        class_ids={"face": 0},
        input_height=layout.side,
        input_width=layout.side,
        masks=False,
    )


FAMILY = Family(
    files="BlazeFace of MediaPipe, which finds faces, as TensorFlow Lite (.tflite)",
    objects="face",
    tensors="one picture of 128, 192 or 256 pixels a side; 16 numbers and a score of each anchor",
    recognises=lambda path: _layout(path) is not None,
    describe=_describe,
    parts=lambda path: {_FILE: path},
    start=_start,
    chunk_frames=6000,
    memory_mb=1000,
    fixed_threads=None,
    on_gpu=False,
)
