"""CenterFace networks as ONNX files: what they are, told from the file alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.files.whole import sha256_of
from objmask.models.family import Family
from objmask.models.formats.read import is_network_file, read_network_file
from objmask.models.info import ModelInfo
from objmask.models.networks.centerface_layout import STEP, is_centerface

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading

_FILE = "model.onnx"
_LONG_SIDE = 640


def _recognises(path: Path) -> bool:
    return path.suffix.lower() == ".onnx" and is_network_file(path) and is_centerface(read_network_file(path))


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    from objmask.models.networks.centerface import start

    return start(path, info, loading)


def _describe(path: Path, name: str) -> ModelInfo:
    return ModelInfo(
        name=name,
        family="centerface",
        file=_FILE,
        sha256=sha256_of(path),
        source=str(path),
        classes=("face",),
        class_ids={"face": 0},
        input_height=0,
        input_width=0,
        long_side=_LONG_SIDE,
        masks=False,
    )


def _resized(_: Path | None, info: ModelInfo, size: int) -> ModelInfo:
    return replace(info, long_side=-(-size // STEP) * STEP)


FAMILY = Family(
    files="CenterFace, which finds faces, as ONNX (.onnx)",
    objects="face",
    tensors="one picture; four maps of a quarter of its sides, of 1, 2, 2 and 10 channels",
    recognises=_recognises,
    describe=_describe,
    parts=lambda path: {_FILE: path},
    start=_start,
    resized=_resized,
    chunk_frames=6000,
    memory_mb=1500,
    fixed_threads=None,
    on_gpu=True,
)
