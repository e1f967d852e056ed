"""A whole training: from annotated pictures to a network in a folder, with an account of how it was made."""

from __future__ import annotations

import logging
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from objmask import __version__
from objmask.errors import DataError
from objmask.evaluation.annotations import Annotations
from objmask.evaluation.mask_ap import Evaluation
from objmask.files.whole import write_json
from objmask.maskrcnn import checkpoint
from objmask.maskrcnn.augment import Augmentation
from objmask.maskrcnn.config import MaskRCNNConfig, changed
from objmask.maskrcnn.learner import Learner, Recipe
from objmask.maskrcnn.network import MaskRCNN
from objmask.maskrcnn.samples import Dataset
from objmask.maskrcnn.schedule import Schedule
from objmask.maskrcnn.training import Training
from objmask.models.quiet_tensorflow import tf

LOG = logging.getLogger(__name__)
FACTS = "training.json"
_INTER_OP_THREADS = 2


def train(
    config: MaskRCNNConfig,
    pictures: Annotations,
    validation: Annotations,
    schedule: Schedule,
    out: Path,
    *,
    init: Path | None = None,
    augmentation: Augmentation | None = None,
    recipe: Recipe | None = None,
    threads: int = 2,
) -> Evaluation:
    """Trains a network into `out`, or goes on with the training that is there.

    Args:
        config: of the network; it gets a channel for each class of the pictures, and no others.
        pictures: to learn from.
        validation: to judge by.
        schedule: how long and how fast.
        out: gets the network, its log and `training.json`.
        init: prefix of a checkpoint to begin with; its batch norms' statistics are kept as they are.
        augmentation: how pictures are varied; None: not.
        recipe: how weights are changed; None: the usual.
        threads: CPU threads.

    Returns:
        The judgement by all validation pictures.

    Raises:
        ObjmaskError: something is missing or damaged, or `out` holds another training.
    """
    _set_up_tensorflow(threads)
    config = with_classes(config, pictures.classes)
    canvas = config.resized(*pictures.commonest_size())
    LOG.info(
        "%d pictures, %d to judge by; %s", len(pictures.pictures), len(validation.pictures), ", ".join(config.classes)
    )
    network = MaskRCNN(config)
    if init is not None:
        begin_with(network, checkpoint.load(init), str(init))
        network.freeze_batch_norm()
    recipe = recipe or Recipe()
    identity = {
        "config": asdict(config),
        "recipe": asdict(recipe),
        "augmentation": asdict(augmentation) if augmentation else None,
        "annotations": pictures.digest,
        "pictures": len(pictures.pictures),
        "canvas": list(canvas),
        "init": str(init) if init else None,
    }
    data = Dataset(pictures, config.classes, canvas)
    learner = Learner(network, recipe)
    training = Training(learner, data, validation, schedule, out, augmentation=augmentation, identity=identity)
    evaluation = training.run()
    account = {
        **identity,
        "schedule": asdict(schedule),
        "validation": {"annotations": validation.digest, "pictures": len(validation.pictures)},
        "step": training.reached.step,
        "elapsed_s": round(training.reached.elapsed_s, 1),
        "threads": threads,
        "versions": {
            "objmask": __version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "result": _plain(asdict(evaluation)),
    }
    write_json(out / FACTS, account)
    return evaluation


def with_classes(config: MaskRCNNConfig, classes: Sequence[str]) -> MaskRCNNConfig:
    """The config with those of its classes only, in its own order."""
    kept = [(name, number) for name, number in zip(config.classes, config.class_ids, strict=True) if name in classes]
    names, numbers = zip(*kept, strict=True)
    return changed(config, {"classes": names, "class_ids": numbers})


def begin_with(network: MaskRCNN, arrays: Mapping[str, Any], source: str) -> None:
    """Gives a network the weights of a checkpoint that fit; names those that stay random.

    Args:
        network: is changed.
        arrays: name to array.
        source: the checkpoint's name, for messages.

    Raises:
        DataError: none fits.
    """
    anew = []
    variables = network.variables_by_name()
    for name, variable in variables.items():
        if name in arrays and arrays[name].shape == tuple(variable.shape):
            variable.assign(arrays[name])
        else:
            anew.append(name)
    if len(anew) == len(variables):
        raise DataError(f"{source}: no variable of it fits the network; is it of another --config?")
    if anew:
        LOG.warning("%s: %d of %d variables begin anew: %s", source, len(anew), len(variables), ", ".join(anew))


def _set_up_tensorflow(threads: int) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(min(threads, _INTER_OP_THREADS))
    except RuntimeError:
        LOG.debug("TensorFlow already runs, with its own number of threads")
    # Costs no time that could be measured, and without it two runs differ from the fifth step on.
    tf.config.experimental.enable_op_determinism()


def _plain(value: Any) -> Any:
    """JSON knows no NaN."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 5)
    return value
