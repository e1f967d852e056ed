"""Installing a model: checked, really opened, then copied as a whole into its folder."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from objmask.files import atomic_path
from objmask.models.describe import LABEL_MAP, describe, label_map_path, network_path
from objmask.models.detector import load
from objmask.models.info import ModelInfo

_log = logging.getLogger(__name__)


def install(source: Path, folder: Path, name: str | None = None) -> ModelInfo:
    """Verifies a model and copies it into `folder`, with `model.json`; on failure nothing is left there.

    Args:
        source: what `describe` takes.
        folder: the model's own folder; replaced if it exists.
        name: what to call the model; by default as `describe` names it.

    Raises:
        ModelError: the model is missing, damaged, or not one that objmask can run.
        OSError: `folder` cannot be written.
    """
    info = describe(source, name)
    network = network_path(source)
    labels = label_map_path(source) if info.family == "tf_detection" else None
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        if network.is_dir():
            shutil.copytree(network, temporary / info.file)
        else:
            shutil.copyfile(network, temporary / info.file)
        if labels:
            shutil.copyfile(labels, temporary / LABEL_MAP)
        info.write(temporary)
        # The copy itself is opened: its checksum and tensors must be right.
        load(temporary, device="cpu", threads=1).close()
    _log.info("%s: %s, %d classes, installed from %s", info.name, info.family, len(info.classes), source)
    return info
