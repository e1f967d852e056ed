"""Starting a network that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.detector import Detector, Loading
from objmask.models.families import family_of
from objmask.models.info import ModelInfo
from objmask.models.tiles import Tiled


def load(folder: Path, **options: Any) -> Detector:
    """Starts the model that `install` put into `folder`.

    Args:
        folder: holds `model.json` and the network.
        options: the fields of `Loading`.

    Raises:
        ModelError: the model is missing, changed since it was installed, or cannot run on the device.
        ValueError: an option is out of range.
    """
    loading = Loading(**options)
    info = ModelInfo.read(folder)
    path = folder / info.file
    if not path.exists():
        raise ModelError(f"{path}: missing; install the model again with `python -m objmask model`")
    if sha256_of(path) != info.sha256:
        raise ModelError(
            f"{path}: changed since it was installed; install the model again with `python -m objmask model`"
        )
    detector = family_of(info).start(path, info, loading)
    return Tiled(detector, info.tiles, loading.max_per_frame) if info.tiles > 1 else detector
