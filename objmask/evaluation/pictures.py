"""Judges models by annotated pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from objmask.errors import ConfigError, DataError
from objmask.evaluation.annotations import Annotations
from objmask.evaluation.judge import Judge, Judged, JudgeSettings
from objmask.evaluation.stored import digest_of, stored_detections
from objmask.evaluation.tables import unknown_classes
from objmask.inference.job import NetworkOptions
from objmask.models.info import ModelInfo
from objmask.progress import Progress

LOG = logging.getLogger(__name__)


def evaluate_pictures(
    networks: Sequence[NetworkOptions],
    data: Annotations,
    settings: JudgeSettings,
    folder: Path,
    progress: Callable[[str], Progress],
) -> list[Judged]:
    """Judges models by pictures; what they find is kept in `folder/detections`.

    Args:
        networks: the models, and how to run them.
        data: the truth.
        settings: by what to judge.
        folder: for the detections.
        progress: what counts pictures, for what is done with them, such as `judge demo`.

    Raises:
        ConfigError: two models have one name.
        DataError: a picture or an annotation is damaged, or nothing is annotated.
        ModelError: a model is missing or cannot run.
    """
    if not any(picture.instances for picture in data.pictures):
        raise DataError("the annotations have no object at all; nothing can be judged by them")
    models = {}
    for network in networks:
        info = ModelInfo.read(network.model)
        if info.name in models:
            raise ConfigError(f"--model: two are named '{info.name}'; install one under another name (model --name)")
        models[info.name] = info
    for line in unknown_classes(data.classes, {name: info.classes for name, info in models.items()}):
        LOG.warning("%s", line)
    digest = digest_of(data.pictures)
    judged = []
    for name, network in zip(models, networks, strict=True):
        stored = stored_detections(network, data.pictures, digest, folder / "detections", progress)
        judge = Judge(settings, data.classes)
        with progress(f"judge {name}") as bar:
            for picture, found in bar.counted(zip(data.pictures, stored.read(), strict=True)):
                judge.add(picture, found)
        judge.end_video()
        judged.append(judge.judged(name, models[name].sha256, stored.ms))
    return judged
