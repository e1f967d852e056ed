"""Detectors of torchvision as ONNX files: what they are, told from the file alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.coco import COCO_IDS
from objmask.models.family import Family
from objmask.models.formats.onnx import weight_shapes
from objmask.models.formats.read import is_network_file, read_network_file
from objmask.models.info import ModelInfo
from objmask.models.networks.torchvision_layout import TorchvisionLayout
from objmask.models.noted_names import noted_names
from objmask.models.tensors import ANY

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading

_FILE = "model.onnx"
_SHORT_SIDE, _LONG_SIDE = 800, 1333
"""To which torchvision's networks scale pictures themselves."""
_COCO_CLASSES = max(COCO_IDS.values()) + 1
_LAST_LAYER = re.compile(r"(cls_score|classification_head\.cls_logits)\.bias$")
_BACKGROUND = re.compile(r"_*background_*", re.IGNORECASE)
_TAKEN_FOR_COCO = "its file does not say what its classes are; they are taken for COCO's"


def _recognises(path: Path) -> bool:
    if path.suffix.lower() != ".onnx" or not is_network_file(path):
        return False
    try:
        TorchvisionLayout.of(read_network_file(path))
    except ModelError:
        return False
    return True


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    from objmask.models.networks.torchvision import start

    return start(path, info, loading)


def _describe(path: Path, name: str) -> ModelInfo:
    file = read_network_file(path)
    layout = TorchvisionLayout.of(file)
    ids, note = _class_ids(path, file.metadata)
    fixed = ANY not in (layout.height, layout.width)
    return ModelInfo(
        name=name,
        family="torchvision",
        file=_FILE,
        sha256=sha256_of(path),
        source=str(path),
        classes=tuple(ids),
        class_ids=ids,
        input_height=layout.height if fixed else 0,
        input_width=layout.width if fixed else 0,
        short_side=0 if fixed else _SHORT_SIDE,
        long_side=0 if fixed else _LONG_SIDE,
        masks=layout.masks is not None,
        note=note,
    )


def _class_ids(path: Path, metadata: Mapping[str, Any]) -> tuple[dict[str, int], str]:
    """Name to number, as the file says, else COCO's; and what to know of that."""
    noted = metadata.get("names")
    names = noted_names(noted)
    if not isinstance(noted, dict):
        # Numbers begin at 1: a list begins there too, or with the background at 0.
        first = 0 if _BACKGROUND.fullmatch(names.get(0, "")) else 1
        names = {number + first: name for number, name in names.items()}
    ids = {name: number for number, name in sorted(names.items()) if number > 0}
    shapes = weight_shapes(path).items()
    counts = {shape[0] for name, shape in shapes if _LAST_LAYER.search(name) and len(shape) == 1}
    # Of RetinaNet the last layer counts each class several times.
    count = min(counts, default=0)
    if ids:
        if count and count % (max(ids.values()) + 1):
            raise ModelError(
                f"{path}: has {count - 1} classes, but names {len(ids)}; note the names of all in the file's metadata"
            )
        return ids, ""
    if count and count % _COCO_CLASSES:
        raise ModelError(
            f"{path}: has {count - 1} classes but no names for them; note them in the file: `m = onnx.load('in.onnx'); "
            "onnx.helper.set_model_props(m, {'names': \"{1: 'cup', 2: 'pen'}\"}); onnx.save(m, 'out.onnx')`"
        )
    return dict(COCO_IDS), "" if count else _TAKEN_FOR_COCO


FAMILY = Family(
    files="torchvision's Mask R-CNN (or Faster R-CNN, RetinaNet, FCOS: boxes), exported to ONNX (.onnx)",
    objects="as the file says, else the 80 of COCO",
    tensors="one picture (3, height, width); boxes (found, 4), labels and scores (found), perhaps masks of four sides",
    recognises=_recognises,
    describe=_describe,
    parts=lambda path: {_FILE: path},
    start=_start,
    chunk_frames=300,
    memory_mb=5000,
    fixed_threads=None,
    on_gpu=True,
)
