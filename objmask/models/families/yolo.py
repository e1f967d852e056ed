"""YOLO networks as TensorFlow Lite or ONNX files: what they are, told from the file alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.coco import COCO_NAMES
from objmask.models.family import Family
from objmask.models.formats.read import is_network_file, read_network_file
from objmask.models.info import ModelInfo
from objmask.models.networks.yolo_layout import YoloLayout, input_size, suppresses
from objmask.models.noted_names import noted_names
from objmask.models.tensors import ANY

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading

_STEP = 32
"""Sides of an input are multiples of this."""
_CUT = (
    "drops what scores less than its export was told (0.25, or conf=), whatever privacy.score says; export it with "
    "conf=0.05 to hide more"
)


def _recognises(path: Path) -> bool:
    if not is_network_file(path):
        return False
    file = read_network_file(path)
    try:
        YoloLayout.of(file)
    except ModelError:
        # Ultralytics notes names and task: it says better than "another network" what is wrong with such a file.
        return {"names", "task"} <= set(file.metadata)
    return True


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    from objmask.models.networks.yolo import start

    return start(path, info, loading)


def _describe(path: Path, name: str) -> ModelInfo:
    file = read_network_file(path)
    try:
        layout = YoloLayout.of(file)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    height, width = input_size(layout, file.metadata)
    classes = _class_names(path, file.metadata, layout.classes)
    return ModelInfo(
        name=name,
        family="yolo",
        file=f"model{path.suffix.lower()}",
        sha256=sha256_of(path),
        source=str(path),
        classes=classes,
        class_ids={label: index for index, label in enumerate(classes)},
        input_height=height,
        input_width=width,
        batch=max(layout.batch, 1),
        masks=layout.prototypes is not None,
        licence=str(file.metadata.get("license", "unknown")),
        citation=", ".join(str(file.metadata[key]) for key in ("description", "docs") if key in file.metadata),
        note=_CUT if suppresses(file.metadata) else "",
    )


def _resized(path: Path | None, info: ModelInfo, size: int) -> ModelInfo:
    if path is None:
        raise ModelError(f"{info.name}: its size is not known before it is there; leave size out")
    layout = YoloLayout.of(read_network_file(path))
    if ANY not in (layout.height, layout.width):
        raise ModelError(
            f"{path}: its input is fixed to {layout.width}x{layout.height}; leave size out, or export it with "
            f"imgsz={size} or dynamic=True"
        )
    side = -(-size // _STEP) * _STEP
    return replace(info, input_height=side, input_width=side)


def _class_names(path: Path, metadata: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """Class names in the order of the network's outputs: its own, or COCO's for 80 classes without names.

    Args:
        path: the file, for errors.
        metadata: of the file.
        count: how many there must be; 0: the outputs do not tell.
    """
    names = metadata.get("names")
    if names is None:
        if count == len(COCO_NAMES):
            return COCO_NAMES
        told = f"has {count} classes" if count else "gives numbers of classes"
        raise ModelError(f"{path}: {told} but no names for them; export it again with its metadata")
    by_index = noted_names(names)
    wanted = count or len(by_index)
    listed = tuple(by_index.get(index, "") for index in range(wanted))
    if len(by_index) != wanted or not listed or not all(listed) or len(set(listed)) != wanted:
        raise ModelError(f"{path}: its metadata must name {wanted or 'its'} different classes; export it again")
    return listed


FAMILY = Family(
    files="YOLO exports with masks, boxes or keypoints, as TensorFlow Lite (.tflite) or ONNX (.onnx)",
    objects="as the file says, else the 80 of COCO",
    tensors="one picture; predictions of three sides, and mask prototypes of four",
    recognises=_recognises,
    describe=_describe,
    parts=lambda path: {f"model{path.suffix.lower()}": path},
    start=_start,
    resized=_resized,
    chunk_frames=6000,
    memory_mb=2000,
    fixed_threads=None,
    on_gpu=True,
)
