"""RF-DETR networks as ONNX files: what they are, told from the file alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.coco import COCO_IDS
from objmask.models.family import Family
from objmask.models.formats.read import is_network_file, read_network_file
from objmask.models.info import ModelInfo
from objmask.models.networks.rf_detr_layout import RfDetrLayout
from objmask.models.noted_names import noted_names

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading

_FILE = "model.onnx"
_COCO_LOGITS = max(COCO_IDS.values()) + 1
"""Of the published networks: a logit's index is COCO's id."""
_NOTES = "rfdetr_notes"
"""Where the package `rfdetr` puts what `model.export(notes=...)` is given."""


def _recognises(path: Path) -> bool:
    if path.suffix.lower() != ".onnx" or not is_network_file(path):
        return False
    return RfDetrLayout.named_so(read_network_file(path))


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    from objmask.models.networks.rf_detr import start

    return start(path, info, loading)


def _describe(path: Path, name: str) -> ModelInfo:
    file = read_network_file(path)
    try:
        layout = RfDetrLayout.of(file)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    ids = _class_ids(path, file.metadata, layout.classes)
    return ModelInfo(
        name=name,
        family="rf_detr",
        file=_FILE,
        sha256=sha256_of(path),
        source=str(path),
        classes=tuple(ids),
        class_ids=ids,
        # Pictures are stretched to the input: neither of their sides may be made smaller than it.
        input_height=0,
        input_width=0,
        short_side=max(layout.height, layout.width),
        batch=max(layout.batch, 1),
        masks=layout.masks is not None,
    )


def _class_ids(path: Path, metadata: Mapping[str, Any], count: int) -> dict[str, int]:
    """Name to index of the logit: as the file says, else COCO's. What has no name, such as "nothing", is left out."""
    notes = metadata.get(_NOTES)
    noted = notes.get("names", notes.get("class_names")) if isinstance(notes, dict) else notes
    names = noted_names(metadata.get("names", noted))
    # The package counts the names of the published networks from 0 and without the gaps in COCO's ids.
    if count == _COCO_LOGITS and (not names or set(names.values()) == set(COCO_IDS)):
        return dict(COCO_IDS)
    ids = {name: number for number, name in sorted(names.items()) if name}
    # A network of one's own has a last logit for "nothing"; a list that lacks others is of another network.
    if len(ids) != len(names) or not ids or max(ids.values()) not in (count - 1, count - 2) or min(ids.values()) < 0:
        raise ModelError(
            f"{path}: has {count} classes and {len(names)} names for them; note their names in the file: "
            "`model.export(notes={'names': model.class_names})`"
        )
    return ids


FAMILY = Family(
    files="RF-DETR exports with masks or boxes, as ONNX (.onnx)",
    objects="as the file says, else the 80 of COCO",
    tensors="one picture; `dets` (n, queries, 4), `labels` (n, queries, classes), perhaps `masks` of four sides",
    recognises=_recognises,
    describe=_describe,
    parts=lambda path: {_FILE: path},
    start=_start,
    chunk_frames=1200,
    memory_mb=3000,
    fixed_threads=None,
    on_gpu=True,
)
