"""Graphs of the TensorFlow Object Detection API: what they are, told without TensorFlow."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.archive import archive_stem, is_archive, unpack_texts
from objmask.models.coco import COCO_IDS
from objmask.models.family import Family
from objmask.models.formats.read import is_network_file
from objmask.models.formats.tf_graph import MASKS, outputs_among
from objmask.models.info import ModelInfo
from objmask.models.label_map import read_label_map
from objmask.models.zoo import the_zoo

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading

FROZEN_GRAPH, SAVED_MODEL = "frozen_inference_graph.pb", "saved_model"
SAVED_MODEL_PB, PIPELINE_CONFIG, LABEL_MAP = "saved_model.pb", "pipeline.config", "label_map.pbtxt"

_TF_SHORT_SIDE, _TF_LONG_SIDE = 800, 1365  # keep_aspect_ratio_resizer of the zoo's Mask R-CNN graphs


def _recognises(path: Path) -> bool:
    if path.is_dir():
        # A folder of other networks' files, and of no graph, may be another family's.
        return _graph_in(path) is not None or not any(map(is_network_file, path.iterdir()))
    return path.suffix.lower() == ".pb" or (path.is_file() and is_archive(path))


def _describe(path: Path, name: str) -> ModelInfo:
    return (_describe_archive if path.is_file() and is_archive(path) else _describe_graph)(path, name)


def _parts(path: Path) -> Mapping[str, Path]:
    network, labels = network_path(path), label_map_path(path)
    return {
        SAVED_MODEL if network.is_dir() else FROZEN_GRAPH: network,
        **({LABEL_MAP: labels} if labels else {}),
    }


def _start(path: Path, info: ModelInfo, loading: Loading) -> Detector:
    if loading.device != "cpu":
        from objmask.models.devices import claim_gpu

        claim_gpu()
    from objmask.models.tf_detection import TfDetector

    return TfDetector(path, info, loading)


def network_path(path: Path) -> Path:
    """The network's own file, or SavedModel folder, that a user's `path` means.

    Raises:
        ModelError: there is none.
    """
    if path.is_file():
        if path.name == SAVED_MODEL_PB:
            return path.parent
        if path.suffix.lower() == ".pb":
            return path
        raise ModelError(f"{path}: not a model; give a .tflite or .pb file, or the folder of an extracted archive")
    network = _graph_in(path)
    if network is None:
        raise ModelError(f"{path}: holds neither {FROZEN_GRAPH} nor {SAVED_MODEL_PB}; give an extracted model folder")
    return network


def _graph_in(folder: Path) -> Path | None:
    places = (folder / FROZEN_GRAPH, folder / SAVED_MODEL, folder)
    return next((one for one in places if one.is_file() or (one / SAVED_MODEL_PB).is_file()), None)


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


def _describe_graph(path: Path, name: str) -> ModelInfo:
    network = network_path(path)
    saved = network.is_dir()
    masks = bool(outputs_among(network / SAVED_MODEL_PB if saved else network, MASKS, saved_model=saved))
    # A zoo archive keeps its name in the folder; the graph in it is always called the same.
    names = (name, network.stem, network.parent.name)
    file = SAVED_MODEL if saved else FROZEN_GRAPH
    labels, folders = label_map_path(path), (network.parent, network)
    return replace(_tf_info(path, name, names, file, sha256_of(network), labels, folders), masks=masks)


def _describe_archive(path: Path, name: str) -> ModelInfo:
    """What can be told without reading the network: that it gives masks is taken for granted until it is installed."""
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
    # The cut is a guess that warns of thresholds under it; a name will do for that, while credit takes the bytes.
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


FAMILY = Family(
    files="TensorFlow Object Detection API, with masks or boxes only: frozen_inference_graph.pb, a SavedModel folder, "
    "or a .tar.gz archive that holds one of them",
    objects="as *.pbtxt beside it says, else the 80 of COCO",
    recognises=_recognises,
    describe=_describe,
    parts=_parts,
    start=_start,
    chunk_frames=600,
    memory_mb=8000,
    fixed_threads=2,
    on_gpu=True,
)
