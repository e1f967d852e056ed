"""What a model file is, told cheaply: no library that runs it, so that a workflow can ask while it is parsed."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from pathlib import Path

from objmask.errors import ModelError
from objmask.models.archive import archive_stem, is_archive
from objmask.models.families import all_families, family_of
from objmask.models.family import Family
from objmask.models.formats.read import is_network_file, read_network_file
from objmask.models.info import ModelInfo

_CONVERT = (
    "export it to ONNX: `yolo export model=<file> format=onnx` (Ultralytics), `model.export()` (RF-DETR), "
    "`torch.onnx.export` (torchvision); see docs/models.md"
)
_PYTORCH = (".pt", ".pth", ".ckpt", ".safetensors")


def describe(path: Path, name: str | None = None) -> ModelInfo:
    """Describes a model file or folder.

    Args:
        path: a `.tflite` or `.onnx` file; or a frozen graph `.pb` or a folder with `frozen_inference_graph.pb`,
            `saved_model.pb` or `saved_model/` of the TensorFlow Object Detection API, or a `.tar.gz` archive of one.
        name: what to call it; by default the file's stem or the folder's name, made safe.

    Returns:
        What it is. Of an archive `file` and `sha256` are its own: it is not unpacked for that.

    Raises:
        ModelError: it is missing, damaged, or no network that objmask runs.
    """
    if not path.exists():
        raise ModelError(
            f"{path}: no such model; give an .onnx, .tflite or .pb file, a SavedModel folder, or a .tar.gz archive"
        )
    own = path.resolve().name if path.is_dir() else archive_stem(path) if is_archive(path) else path.stem
    chosen = checked_name(name or safe_name(own))
    try:
        return recognised(path).describe(path, chosen)
    except (ValueError, ArithmeticError, EOFError, zlib.error) as error:
        raise ModelError(f"{path}: damaged, it cannot be understood ({error}); download or export it again") from error


def recognised(path: Path) -> Family:
    """The family that a file or folder is of.

    Raises:
        ModelError: none, or it is damaged.
    """
    found = next((one for one in all_families().values() if one.recognises(path)), None)
    if found is not None:
        return found
    if path.suffix.lower() in _PYTORCH:
        raise ModelError(f"{path}: PyTorch weights, which objmask does not open; {_CONVERT}")
    if not is_network_file(path):
        raise ModelError(
            f"{path}: not a model; give an .onnx, .tflite or .pb file, or the folder of an extracted archive"
        )
    raise ModelError(
        f"{path}: {read_network_file(path)}: no network that objmask runs; it runs",
        *(f"  {name}: {family.tensors}" for name, family in all_families().items() if family.tensors),
    )


def sized(info: ModelInfo, path: Path | None, size: int | None, tiles: int) -> ModelInfo:
    """A model for pictures of another size, or in parts.

    Args:
        info: what it is.
        path: its file or folder; None: it is not there yet.
        size: pixels of the longer side of what it sees; None: its own.
        tiles: parts a side in which it also looks at pictures.

    Raises:
        ModelError: its size is fixed.
    """
    info = replace(info, tiles=tiles)
    if size is None:
        return info
    resized = family_of(info).resized
    if resized is None:
        seen = f"{info.input_width}x{info.input_height}" if info.input_width else "what its graph scales pictures to"
        raise ModelError(f"{info.name}: it always sees {seen}; leave size out (tiles makes small things larger)")
    return resized(path, info, size)


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
