"""A whole training: from annotated pictures to a network in a folder, with an account of how it was made."""

from __future__ import annotations

import logging
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from objmask import __version__
from objmask.detections.classes import check_names
from objmask.errors import DataError
from objmask.evaluation.annotations import Annotations, read_annotations
from objmask.evaluation.mask_ap import Evaluation
from objmask.files.whole import write_json
from objmask.maskrcnn import checkpoint
from objmask.maskrcnn.augment import Augmentation
from objmask.maskrcnn.config import MaskRCNNConfig, changed
from objmask.maskrcnn.learner import Learner, Recipe
from objmask.maskrcnn.network import MaskRCNN
from objmask.maskrcnn.samples import Dataset
from objmask.maskrcnn.training import Schedule, Training

LOG = logging.getLogger(__name__)
FACTS = "training.json"
_INTER_OP_THREADS = 2


@dataclass(frozen=True)
class TrainingPictures:
    """Where annotated pictures are.

    Attributes:
        folder: holds `annotations.json` and the pictures.
        annotations: the annotations file, if it is not there.
        images: the pictures' folder, if they are not there.
        validation: a folder of pictures to judge by; None: some of the others.
        held_out: that share of them, 0..1; 0: all, which are then also learnt from.
    """

    folder: Path | None
    annotations: Path | None = None
    images: Path | None = None
    validation: Path | None = None
    held_out: float = 0.1

    def read(self, classes: Sequence[str]) -> tuple[Annotations, Annotations]:
        """(to learn from, to judge by).

        Raises:
            DataError: there is nothing usable.
        """
        if self.folder is None and self.annotations is None:
            raise DataError("no pictures to learn from: give --data FOLDER, or --annotations and --images")
        pictures = read_annotations(classes, self.folder, self.annotations, self.images)
        if all(instance.crowd for picture in pictures.pictures for instance in picture.instances):
            raise DataError(f"{self.annotations or self.folder}: no object of the classes lies on any of the pictures")
        if self.validation is not None:
            return pictures, read_annotations(pictures.classes, self.validation)
        if not self.held_out:
            LOG.warning("no pictures held out: precision is that on pictures that were learnt from")
            return pictures, pictures
        return pictures.split(self.held_out)


def train(
    config: MaskRCNNConfig,
    source: TrainingPictures,
    schedule: Schedule,
    out: Path,
    *,
    classes: Sequence[str] | None = None,
    init: Path | None = None,
    augmentation: Augmentation | None = None,
    recipe: Recipe | None = None,
    threads: int = 2,
) -> Evaluation:
    """Trains a network into `out`, or goes on with the training that is there.

    Args:
        config: of the network; it gets a channel for each class that is learnt, and no others.
        source: the pictures.
        schedule: how long and how fast.
        out: gets the network, its log and `training.json`.
        classes: names to learn; None: all that both the config and the pictures know.
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
    if classes is not None:
        check_names(classes, config.classes, "--classes")
    pictures, validation = source.read(classes or config.classes)
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
