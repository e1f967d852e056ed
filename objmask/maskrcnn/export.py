"""Writing a network as the zoo's archives hold it: frozen graph, SavedModel, checkpoint, settings, label map."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from objmask.files.whole import atomic_path, refuse_foreign
from objmask.maskrcnn.checkpoint import CHECKPOINT, FILES, save_network
from objmask.maskrcnn.network import MaskRCNN
from objmask.maskrcnn.pipeline_config import label_map, pipeline_config
from objmask.models.families.tf_detection import FROZEN_GRAPH, LABEL_MAP, PIPELINE_CONFIG, SAVED_MODEL
from objmask.models.quiet_tensorflow import tf

# isort: split
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2  # not public

_INPUT = "image_tensor"
_STATE = "checkpoint"
"""By this file TensorFlow finds the newest of several checkpoints."""
_SMALL = 1024
"""Constants of fewer numbers stay in full precision: they take no room, and batch norms' statistics need it."""


def frozen_graph(network: MaskRCNN, *, half: bool = False) -> Any:
    """The network with its weights as constants: a GraphDef of the Object Detection API's input and outputs.

    Args:
        network: what to freeze.
        half: keep large weights as float16, which halves the file; they are widened when the graph is loaded, and
            everything is still computed in float32.
    """
    graph = convert_variables_to_constants_v2(_signature(network).get_concrete_function()).graph.as_graph_def()
    if half:
        _halve(graph)
    # Written by the tracing, of no use to a reader, and it names the files of the machine that exported.
    graph.ClearField("debug_info")
    return graph


def _signature(network: MaskRCNN) -> Any:
    """The function that is exported: `image_tensor` to the five outputs, each a node of its own name."""

    def serve(image_tensor: Any) -> dict[str, Any]:
        return {name: tf.identity(value, name=name) for name, value in network.detect(image_tensor).items()}

    pictures = tf.TensorSpec((None, None, None, 3), tf.uint8, name=_INPUT)
    return tf.function(serve, input_signature=[pictures], autograph=False)


def _halve(graph: Any) -> None:
    """Replaces large float32 constants by float16 ones and a cast that takes over their name."""
    for node in [node for node in graph.node if node.op == "Const" and node.attr["dtype"].type == tf.float32]:
        values = tf.make_ndarray(node.attr["value"].tensor)
        if values.size < _SMALL:
            continue
        kept = graph.node.add()
        kept.CopyFrom(node)
        kept.name = f"{node.name}/half"
        kept.attr["dtype"].type = tf.float16.as_datatype_enum
        kept.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values.astype(np.float16)))
        name = node.name
        node.Clear()
        node.name, node.op = name, "Cast"
        node.input.append(kept.name)
        node.attr["SrcT"].type = tf.float16.as_datatype_enum
        node.attr["DstT"].type = tf.float32.as_datatype_enum


def export(network: MaskRCNN, folder: Path, *, half: bool = False) -> None:
    """Writes a folder in the layout of the zoo's archives.

    Args:
        network: what to write.
        folder: is made, or replaced as a whole.
        half: as for `frozen_graph`; the SavedModel and the checkpoint keep full precision.

    Raises:
        ObjmaskError: the folder holds something that is no export.
    """
    refuse_foreign(folder, (*FILES, FROZEN_GRAPH, SAVED_MODEL, _STATE, PIPELINE_CONFIG, LABEL_MAP))
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        (temporary / FROZEN_GRAPH).write_bytes(frozen_graph(network, half=half).SerializeToString(deterministic=True))
        _save_model(network, temporary / SAVED_MODEL)
        save_network(network, temporary)
        (temporary / _STATE).write_text(f'model_checkpoint_path: "{CHECKPOINT}"\n', encoding="utf-8")
        (temporary / PIPELINE_CONFIG).write_text(pipeline_config(network.config), encoding="utf-8")
        (temporary / LABEL_MAP).write_text(label_map(network.config), encoding="utf-8")


def _save_model(network: MaskRCNN, folder: Path) -> None:
    holder = tf.Module()
    holder.serve = _signature(network)
    # Tracked by name: a SavedModel holds only variables that its root knows.
    holder.weights = [variable.value for variable in network.variables_by_name().values()]
    tf.saved_model.save(holder, str(folder), signatures=holder.serve)


def pack(folder: Path, archive: Path) -> None:
    """Packs an exported folder as `<archive>.tar.gz`, its name the top folder inside; the same bytes each time.

    Args:
        folder: what `export` wrote.
        archive: the file to write.
    """
    with (
        atomic_path(archive) as temporary,
        temporary.open("wb") as stream,
        gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        # What describes the network comes first: a reader of it need not unpack the weights.
        for path in sorted(folder.rglob("*"), key=lambda path: (path.name not in (LABEL_MAP, PIPELINE_CONFIG), path)):
            tar.add(path, f"{folder.name}/{path.relative_to(folder)}", recursive=False, filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member
