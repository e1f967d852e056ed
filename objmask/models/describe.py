"""What a model file is, told cheaply: no LiteRT, no TensorFlow, so that a workflow can ask while it is parsed."""

from __future__ import annotations

import mmap
import re
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.archive import archive_stem, is_archive, unpack_texts
from objmask.models.coco import COCO_IDS, COCO_NAMES
from objmask.models.info import ModelInfo
from objmask.models.label_map import read_label_map
from objmask.models.tflite_file import TfliteFile
from objmask.models.yolo_layout import YoloLayout
from objmask.models.zoo import the_zoo

TFLITE_FILE, FROZEN_GRAPH, SAVED_MODEL = "model.tflite", "frozen_inference_graph.pb", "saved_model"
SAVED_MODEL_PB, PIPELINE_CONFIG, LABEL_MAP = "saved_model.pb", "pipeline.config", "label_map.pbtxt"

_TF_SHORT_SIDE, _TF_LONG_SIDE = 800, 1365  # keep_aspect_ratio_resizer of the zoo's Mask R-CNN graphs


def describe(path: Path, name: str | None = None) -> ModelInfo:
    """Describes a model file or folder.

    Args:
        path: a YOLO segmentation `.tflite`; or a frozen graph `.pb` or a folder with `frozen_inference_graph.pb`,
            `saved_model.pb` or `saved_model/` of the TensorFlow Object Detection API, or a `.tar.gz` archive of one.
        name: what to call it; by default the file's stem or the folder's name, made safe.

    Returns:
        What it is. Of an archive `file` and `sha256` are its own: it is not unpacked for that.

    Raises:
        ModelError: it is missing, damaged, or no instance-segmentation network.
    """
    if not path.exists():
        raise ModelError(
            f"{path}: no such model; give a .tflite or .pb file, a SavedModel folder, or a .tar.gz archive"
        )
    own = path.resolve().name if path.is_dir() else archive_stem(path) if is_archive(path) else path.stem
    chosen = checked_name(name or safe_name(own))
    try:
        if path.is_file() and path.suffix.lower() == ".tflite":
            return _describe_yolo(path, chosen)
        return _describe_archive(path, chosen) if path.is_file() and is_archive(path) else _describe_tf(path, chosen)
    except (ValueError, ArithmeticError, EOFError, zlib.error) as error:
        raise ModelError(f"{path}: damaged, it cannot be understood ({error}); download or export it again") from error


def safe_name(text: str) -> str:
    """`text` with everything outside letters, digits and `._-` replaced by `_`, and no leading dot."""
    return re.sub(r"^\.", "_", re.sub(r"[^A-Za-z0-9._-]", "_", text)) or "_"


def checked_name(name: str) -> str:
    """`name`, when a model can be called that.

    Raises:
        ModelError: it cannot.
    """
    if name != safe_name(name):
        raise ModelError(f"model name {name!r}: use only letters, digits and ._- (and not a leading dot)")
    return name


def network_path(path: Path) -> Path:
    """The network's own file, or SavedModel folder, that a user's `path` means.

    Raises:
        ModelError: there is none.
    """
    if path.is_file():
        if path.name == SAVED_MODEL_PB:
            return path.parent
        if path.suffix.lower() in (".tflite", ".pb"):
            return path
        raise ModelError(f"{path}: not a model; give a .tflite or .pb file, or the folder of an extracted archive")
    for candidate in (path / FROZEN_GRAPH, path / SAVED_MODEL, path):
        if candidate.is_file() or (candidate / SAVED_MODEL_PB).is_file():
            return candidate
    raise ModelError(f"{path}: holds neither {FROZEN_GRAPH} nor {SAVED_MODEL_PB}; give an extracted model folder")


def label_map_path(path: Path) -> Path | None:
    """The label map that lies beside a network; None: there is none.

    Raises:
        ModelError: there are several to choose from.
    """
    network = network_path(path)
    for folder in dict.fromkeys((path if path.is_dir() else path.parent, network.parent, network)):
        found = sorted(folder.glob("*.pbtxt")) if folder.is_dir() else []
        if len(found) > 1:
            names = ", ".join(file.name for file in found)
            raise ModelError(f"{folder}: several label maps ({names}); keep only the model's own")
        if found:
            return found[0]
    return None


def _describe_yolo(path: Path, name: str) -> ModelInfo:
    file = TfliteFile.read(path)
    task = file.metadata.get("task", "segment")
    if task != "segment":
        kind = "detection-only export" if task == "detect" else f"{task} export"
        raise ModelError(f"{path}: a {kind} without masks; export a segmentation model (-seg)")
    try:
        layout = YoloLayout.from_shapes(file.inputs, file.outputs)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    classes = _yolo_names(path, file.metadata, layout.classes)
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


def _yolo_names(path: Path, metadata: Mapping[str, Any], count: int) -> tuple[str, ...]:
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


def _describe_tf(path: Path, name: str) -> ModelInfo:
    network = network_path(path)
    _check_protobuf(network / SAVED_MODEL_PB if network.is_dir() else network)
    # A zoo archive keeps its name in the folder; the graph in it is always called the same.
    names = (name, network.stem, network.parent.name)
    file = SAVED_MODEL if network.is_dir() else FROZEN_GRAPH
    return _tf_info(path, name, names, file, sha256_of(network), label_map_path(path), (network.parent, network))


def _describe_archive(path: Path, name: str) -> ModelInfo:
    with tempfile.TemporaryDirectory(prefix="objmask-") as temporary:
        folder = Path(temporary)
        unpack_texts(path, folder)
        labels = next(iter(sorted(folder.glob("*.pbtxt"))), None)
        return _tf_info(path, name, (name, archive_stem(path)), path.name, sha256_of(path), labels, (folder,))


def _tf_info(
    path: Path,
    name: str,
    names: tuple[str, ...],
    file: str,
    sha256: str,
    labels: Path | None,
    folders: tuple[Path, ...],
) -> ModelInfo:
    """What a graph of the Object Detection API is.

    Args:
        path: as the user gave it.
        name: what to call it.
        names: by any of which the zoo may know it.
        file: its file in the model folder.
        sha256: of that.
        labels: its label map.
        folders: where its `pipeline.config` may lie.
    """
    ids = read_label_map(labels) if labels else COCO_IDS
    known = next((model for model in the_zoo().models if model.path and model.name in names), None)
    config = _pipeline(folders)
    return ModelInfo(
        name=name,
        family="tf_detection",
        file=file,
        sha256=sha256,
        source=str(path),
        classes=tuple(ids),
        class_ids=ids,
        input_height=0,
        input_width=0,
        short_side=int(config.get("min_dimension", _TF_SHORT_SIDE)),
        long_side=int(config.get("max_dimension", _TF_LONG_SIDE)),
        score_cut=config.get("score_threshold", known.score_cut if known else 0.0),
        licence=known.licence if known else "unknown",
        citation=known.citation if known else "",
    )


def _pipeline(folders: tuple[Path, ...]) -> dict[str, float]:
    """Resizer sides and final score cut of the `pipeline.config` that zoo archives hold; empty: none, or not stated."""
    for folder in folders:
        file = folder / PIPELINE_CONFIG
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        _, found, second_stage = text.partition("second_stage_post_processing")
        places = {"min_dimension": text, "max_dimension": text, "score_threshold": second_stage if found else ""}
        matches = {key: re.search(rf"\b{key}\s*:\s*([0-9.eE+-]+)", where) for key, where in places.items()}
        sides = re.search(r"\bfixed_shape_resizer\s*{\s*height\s*:\s*(\d+)\s*width\s*:\s*(\d+)", text)
        # Stretched to a fixed shape: no side of a frame may be smaller than the shape's longer one.
        fixed = {"min_dimension": float(max(map(int, sides.groups()))), "max_dimension": 0.0} if sides else {}
        return {**fixed, **{key: round(float(match[1]), 6) for key, match in matches.items() if match}}
    return {}


def _check_protobuf(path: Path) -> None:
    """Walks the top-level fields of a protocol buffer, which must end exactly where the file does."""
    broken = ModelError(f"{path}: not a TensorFlow graph, or cut short; download or export it again")
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            position = 0
            while position < len(data):
                tag, position = _varint(data, position)
                kind = tag & 7
                if not 1 <= tag >> 3 <= 15 or kind not in (0, 2):
                    raise broken
                value, position = _varint(data, position)
                position += value if kind == 2 else 0
            if position != len(data):
                raise broken
    except (OSError, ValueError, IndexError) as error:
        raise broken from error


def _varint(data: mmap.mmap, position: int) -> tuple[int, int]:
    """(value, position after it) of a base-128 number."""
    value = shift = 0
    while shift < 64:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("number too long")
