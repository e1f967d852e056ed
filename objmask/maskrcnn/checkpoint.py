"""Reading and writing TensorFlow checkpoints by plain variable names, and fitting them to a network."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from objmask.errors import ModelError, ObjmaskError, first_line
from objmask.maskrcnn.config import MaskRCNNConfig, changed
from objmask.maskrcnn.network import MaskRCNN
from objmask.models.quiet_tensorflow import tf

_log = logging.getLogger(__name__)

CONFIG, CHECKPOINT = "config.json", "model.ckpt"
FILES = (CONFIG, f"{CHECKPOINT}.index", f"{CHECKPOINT}.data-00000-of-00001")
"""What `save_network` writes."""

Arrays = Mapping[str, npt.NDArray[Any]]


def save(prefix: Path, values: Mapping[str, Any]) -> None:
    """Writes `<prefix>.index` and `<prefix>.data-…`, the format of the zoo's `model.ckpt`.

    Args:
        prefix: where; the folder must exist.
        values: name to array or variable.

    Raises:
        ObjmaskError: the disk is full, or the folder cannot be written.
    """
    names = sorted(values)
    try:
        tf.raw_ops.SaveV2(
            prefix=str(prefix),
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[tf.convert_to_tensor(values[name]) for name in names],
        )
    except tf.errors.OpError as error:
        raise ObjmaskError(f"{prefix}: cannot be written ({first_line(error)}); make room and try again") from error


def load(prefix: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of a checkpoint.

    Args:
        prefix: path without `.index`, as `save` takes it.

    Raises:
        ModelError: there is no such checkpoint, or it is damaged.
    """
    if not Path(f"{prefix}.index").exists():
        raise ModelError(f"{prefix}: no checkpoint (looked for {prefix.name}.index); give the path without .index")
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        return {name: reader.get_tensor(name) for name in sorted(reader.get_variable_to_shape_map())}
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        raise ModelError(f"{prefix}: damaged checkpoint ({first_line(error)})") from error


def restore(network: MaskRCNN, arrays: Arrays, source: str) -> None:
    """Gives a network the values of a checkpoint.

    What a training leaves beside the weights (`global_step`, the optimiser's own) is passed over.

    Args:
        network: is changed, unless this raises.
        arrays: as `load` returns them.
        source: the checkpoint's name, for messages.

    Raises:
        ModelError: names each variable that is missing or has another shape, and those that nothing takes.
    """
    wanted = network.variables_by_name()
    extra = sorted(name for name in set(arrays) - set(wanted) if not _of_training(name, wanted))
    wrong = [f"missing {name}" for name in wanted if name not in arrays]
    for name, variable in wanted.items():
        if name in arrays and arrays[name].shape != tuple(variable.shape):
            wrong.append(f"{name} has shape {arrays[name].shape}, not {tuple(variable.shape)}")
    if wrong:
        wrong += [f"nothing takes {name}" for name in extra]
        raise ModelError(
            f"{source}: does not fit {network.config.architecture} with {len(network.config.classes)} classes: "
            + "; ".join(wrong)
        )
    for name in extra:
        _log.warning("%s: nothing takes %s", source, name)
    for name, variable in wanted.items():
        variable.assign(arrays[name])


def _of_training(name: str, wanted: Mapping[str, Any]) -> bool:
    """Whether a variable is the training's own: the step, or a slot of the optimiser for one of the weights."""
    return name == "global_step" or name.startswith("optimizer/") or name.rsplit("/", 1)[0] in wanted


def save_network(network: MaskRCNN, folder: Path) -> None:
    """Writes `config.json` and `model.ckpt` into a folder that exists."""
    network.config.write(folder / CONFIG)
    save(folder / CHECKPOINT, network.variables_by_name())


def load_network(folder: Path, **changes: Any) -> MaskRCNN:
    """The network that `save_network`, a training or an import left in a folder.

    Args:
        folder: holds `config.json` and `model.ckpt`.
        changes: settings to use instead of those kept there.

    Raises:
        ModelError: a file is missing or damaged, or they do not belong together.
    """
    network = MaskRCNN(changed(MaskRCNNConfig.read(folder / CONFIG), changes))
    restore(network, load(folder / CHECKPOINT), str(folder))
    return network
