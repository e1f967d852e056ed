"""YOLO segmentation networks as TensorFlow Lite files: what they are, told from the file alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.coco import COCO_NAMES
from objmask.models.family import Family
from objmask.models.info import ModelInfo
from objmask.models.tflite_file import TfliteFile
from objmask.models.yolo_layout import YoloLayout

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading

TFLITE_FILE = "model.tflite"


def _recognises(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() == ".tflite"


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    from objmask.models.yolo_seg import YoloSegDetector

    return YoloSegDetector(path, info, loading)


def _describe(path: Path, name: str) -> ModelInfo:
    file = TfliteFile.read(path)
    task = file.metadata.get("task", "segment")
    if task != "segment":
        kind = "detection-only export" if task == "detect" else f"{task} export"
        raise ModelError(f"{path}: a {kind} without masks; export a segmentation model (-seg)")
    try:
        layout = YoloLayout.from_shapes(file.inputs, file.outputs)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    classes = _class_names(path, file.metadata, layout.classes)
    return ModelInfo(
        name=name,
        family="yolo_seg",
        file=TFLITE_FILE,
        sha256=sha256_of(path),
        source=str(path),
        classes=classes,
        class_ids={label: index for index, label in enumerate(classes)},
        input_height=layout.height,
        input_width=layout.width,
        batch=layout.batch,
        licence=str(file.metadata.get("license", "unknown")),
        citation=", ".join(str(file.metadata[key]) for key in ("description", "docs") if key in file.metadata),
    )


def _class_names(path: Path, metadata: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """Class names in the order of the network's outputs: its own, or COCO's for 80 classes without names."""
    names = metadata.get("names")
    if names is None:
        if count == len(COCO_NAMES):
            return COCO_NAMES
        raise ModelError(f"{path}: has {count} classes but no names for them; export it again with its metadata")
    try:
        by_index = {
            int(key): str(value) for key, value in dict(names if isinstance(names, dict) else enumerate(names)).items()
        }
    except (TypeError, ValueError):
        by_index = {}
    listed = tuple(by_index.get(index, "") for index in range(count))
    if len(by_index) != count or not all(listed) or len(set(listed)) != count:
        raise ModelError(f"{path}: its metadata must name {count} different classes; export it again")
    return listed


FAMILY = Family(
    files="YOLO-seg exports as TensorFlow Lite (.tflite)",
    objects="as the file says, else the 80 of COCO",
    recognises=_recognises,
    describe=_describe,
    parts=lambda path: {TFLITE_FILE: path},
    start=_start,
    chunk_frames=6000,
    memory_mb=2000,
    fixed_threads=None,
    on_gpu=False,
)
