"""Clips as TFRecord files of `tf.train.SequenceExample`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from objmask.clips.clip import Clips
from objmask.errors import DataError
from objmask.files.whole import atomic_path

if TYPE_CHECKING:
    import tensorflow as tf


def write_records(files: Iterable[Path], labels: Sequence[str], out: Path) -> None:
    """Writes the clips of some videos to one TFRecord file, a `SequenceExample` a clip.

    Context: `label`, `subject`, `video` (bytes, UTF-8), `label_index`, `clip`, `height`, `width` (int64). Lists, an
    item a picture: `frames` (PNG), `frame_number` (int64), `time_s` (float).

    Args:
        files: of `Clips.write`.
        labels: all labels, in the order that gives them their index.
        out: the file.

    Raises:
        DataError: a file is damaged, or has a label that is not among `labels`.
        OSError: the file cannot be written.
    """
    from objmask.models.quiet_tensorflow import tf

    with atomic_path(out) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for file in files:
            clips = Clips.read(file)
            if clips.label not in labels:
                raise DataError(f"{file}: has label '{clips.label}', which labels.txt lacks; run clip-splits again")
            for clip in range(len(clips.frames)):
                example = _example(clips, clip, labels.index(clips.label))
                writer.write(example.SerializeToString(deterministic=True))  # else the order in its maps is any


def _example(clips: Clips, clip: int, label_index: int) -> tf.train.SequenceExample:
    from objmask.models.quiet_tensorflow import tf

    height, width = clips.frames.shape[2:4]
    context = {
        **{name: _bytes([getattr(clips, name).encode()]) for name in ("label", "subject", "video")},
        **{
            name: _integers([value])
            for name, value in (("label_index", label_index), ("clip", clip), ("height", height), ("width", width))
        },
    }
    lists = {
        "frames": [_bytes([_png(frame)]) for frame in clips.frames[clip]],
        "frame_number": [_integers([number]) for number in clips.frame_number[clip].tolist()],
        "time_s": [
            tf.train.Feature(float_list=tf.train.FloatList(value=[time])) for time in clips.time_s[clip].tolist()
        ],
    }
    return tf.train.SequenceExample(
        context=tf.train.Features(feature=context),
        feature_lists=tf.train.FeatureLists(
            feature_list={name: tf.train.FeatureList(feature=items) for name, items in lists.items()}
        ),
    )


def _bytes(values: Sequence[bytes]) -> Any:
    from objmask.models.quiet_tensorflow import tf

    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def _integers(values: Sequence[int]) -> Any:
    from objmask.models.quiet_tensorflow import tf

    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _png(frame: npt.NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))[1].tobytes())
