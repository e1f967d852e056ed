"""What a TensorFlow graph's file says of its outputs, read without TensorFlow: protocol buffers, walked in place."""

from __future__ import annotations

import mmap
from collections.abc import Collection, Iterator
from pathlib import Path

from objmask.errors import ModelError

BOX_MASKS, PICTURE_MASKS = MASKS = ("detection_masks", "detection_masks_reframed")
"""Outputs with masks: within their boxes, or of whole pictures; where a graph has both the first is exact."""
SIGNATURE = "serving_default"
"""The signature of a SavedModel that is run."""

# Numbers of fields: https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf (saved_model.proto,
# meta_graph.proto) and …/core/framework (graph.proto, node_def.proto). A map is a row of messages of key and value.
_NODES, _NODE_NAME = 1, 1
_META_GRAPHS, _SIGNATURES, _OUTPUTS = 2, 5, 2
_KEY, _VALUE = 1, 2


def outputs_among(path: Path, names: Collection[str], *, saved_model: bool) -> frozenset[str]:
    """Which of some names a graph gives.

    Args:
        path: a frozen graph, or the `saved_model.pb` of a SavedModel.
        names: of nodes of a frozen graph; of outputs of a SavedModel's signature `serving_default`.
        saved_model: which of the two it is.

    Raises:
        ModelError: the file is none of them, or does not end where its last field does.
    """
    wanted = {name.encode(): name for name in names}
    given = _signature_outputs if saved_model else _node_names
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return frozenset(wanted[name] for name in given(data) if name in wanted)
    except (OSError, ValueError, IndexError) as error:
        raise ModelError(f"{path}: not a TensorFlow graph, or cut short; download or export it again") from error


def _node_names(data: mmap.mmap) -> Iterator[bytes]:
    for node in _values(data, slice(0, len(data)), _NODES):
        yield _first(data, node, _NODE_NAME)


def _signature_outputs(data: mmap.mmap) -> Iterator[bytes]:
    for graph in _values(data, slice(0, len(data)), _META_GRAPHS):
        for entry in _values(data, graph, _SIGNATURES):
            if _first(data, entry, _KEY) == SIGNATURE.encode():
                for signature in _values(data, entry, _VALUE):
                    for output in _values(data, signature, _OUTPUTS):
                        yield _first(data, output, _KEY)


def _first(data: mmap.mmap, message: slice, number: int) -> bytes:
    """The first value of a field; empty: the message has none."""
    return data[next(_values(data, message, number), slice(0, 0))]


def _values(data: mmap.mmap, message: slice, number: int) -> Iterator[slice]:
    """Where the values of a field of a message lie. The message must end exactly where its last field does."""
    position = message.start
    while position < message.stop:
        tag, position = _varint(data, position)
        # Graphs consist of messages, texts and whole numbers.
        if not 1 <= tag >> 3 <= 15 or tag & 7 not in (0, 2):
            raise ValueError("no field of a graph")
        value, position = _varint(data, position)
        end = position + (value if tag & 7 else 0)
        if end > message.stop:
            raise ValueError("a field that is longer than what holds it")
        if tag & 7 and tag >> 3 == number:
            yield slice(position, end)
        position = end


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
