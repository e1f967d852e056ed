"""Objects that stay the same from frame to frame, the truth of figures over time: annotated, or by a better model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from objmask.detections import Detections
from objmask.errors import DataError
from objmask.evaluation.videos import AnnotatedFrame
from objmask.masks import Patch, paste
from objmask.video.info import VideoInfo

LEAST_PX = 20
"""Fewer visible pixels of an object are not judged: nothing can be told from them."""


@dataclass(frozen=True)
class Actor:
    """An object in a frame.

    Attributes:
        number: the same in all frames of the video.
        name: its class.
        patch: the pixels of it that are seen, at least `LEAST_PX`.
    """

    number: int
    name: str
    patch: Patch


Cast = tuple[Actor, ...]
"""The objects of a frame."""


def annotated(frames: Mapping[int, AnnotatedFrame], numbers: Iterable[int]) -> Iterator[Cast | None]:
    """The annotated objects of frames; None of a frame that is not annotated.

    Args:
        frames: those that are annotated, by their number.
        numbers: of the frames to judge.

    Raises:
        DataError: an annotation does not say which object it is, or is damaged.
    """
    for number in numbers:
        yield _annotated(frames[number]) if number in frames else None


def _annotated(frame: AnnotatedFrame) -> Cast:
    cast = []
    for instance in frame.instances:
        if instance.number is None:
            raise DataError(
                f"{frame.video}, frame {frame.number}: a '{instance.name}' does not say which object it is; "
                "give annotations of one object the same `instance` or `track_id`"
            )
        patch = Patch(0, 0, frame.mask(instance) > 0).trimmed()
        if np.count_nonzero(patch.mask) >= LEAST_PX:
            cast.append(Actor(instance.number, instance.name, patch))
    return tuple(cast)


def referred(found: Iterable[Detections], info: VideoInfo, *, score: float, threshold: float) -> Iterator[Cast]:
    """What a better model found in each frame, where it was sure: a stand-in for truth that nobody has drawn.

    Args:
        found: rows of its tracks file, one mask an object and frame.
        info: of the video.
        score: found with less, an object is left out of account.
        threshold: mask probability above which a pixel is its, 0..1.
    """
    for frame in found:
        cast = []
        for i in np.flatnonzero(frame.scores >= np.float32(score)).tolist():
            if frame.carried[i] or frame.track_ids[i] < 0:
                continue
            patch = paste(frame.masks[i], frame.boxes[i], info.height, info.width, threshold).trimmed()
            if np.count_nonzero(patch.mask) >= LEAST_PX:
                cast.append(Actor(frame.track_ids[i], frame.classes[i], patch))
        yield tuple(cast)
