"""Objects that stay the same from frame to frame, the truth of figures over time: annotated, or by a better model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from objmask.detections.arrays import Detections
from objmask.detections.masks import Patch, paste
from objmask.evaluation.videos import AnnotatedFrame
from objmask.video.info import VideoInfo

LEAST_PX = 20
"""Fewer visible pixels of an object are not judged: nothing can be told from them."""


@dataclass(frozen=True)
class GroundTruthObject:
    """An object in a frame.

    Attributes:
        number: the same in all frames of the video; -1: nobody says which object of other frames it is.
        name: its class.
        patch: the pixels of it that are seen, at least `LEAST_PX`.
        crowd: a region to leave out of account: what happens to it is neither right nor wrong.
    """

    number: int
    name: str
    patch: Patch
    crowd: bool = False


GroundTruthObjects = tuple[GroundTruthObject, ...]
"""The objects of a frame."""


def tells_apart(frames: Iterable[AnnotatedFrame]) -> bool:
    """Whether annotations say of every object which one it is: a number each, and no number twice in a frame."""
    for frame in frames:
        counts = Counter(one.number for one in frame.instances if not one.crowd)
        if any(number is None or number < 0 or times > 1 for number, times in counts.items()):
            return False
    return True


def annotated(
    frames: Mapping[int, AnnotatedFrame], numbers: Iterable[int], *, crowds: bool = False
) -> Iterator[GroundTruthObjects | None]:
    """The annotated objects of frames; None of a frame that is not annotated.

    Where annotations leave open which object is which, none has a number: half of them would tell lies about the rest.

    Args:
        frames: those that are annotated, by their number.
        numbers: of the frames to judge.
        crowds: whether `iscrowd` is passed over; rendered clips mark objects so that hardly show.

    Raises:
        DataError: an annotation is damaged.
    """
    told = tells_apart(frames.values())
    for number in numbers:
        yield _annotated(frames[number], told=told, crowds=crowds) if number in frames else None


def _annotated(frame: AnnotatedFrame, *, told: bool, crowds: bool) -> GroundTruthObjects:
    shown_objects = []
    for instance in frame.instances:
        patch = Patch(0, 0, frame.mask(instance) > 0).trimmed()
        if np.count_nonzero(patch.mask) >= LEAST_PX:
            number = instance.number if told and instance.number is not None else -1
            shown_objects.append(GroundTruthObject(number, instance.name, patch, instance.crowd and not crowds))
    return tuple(shown_objects)


def referred(
    found: Iterable[Detections], info: VideoInfo, *, score: float, threshold: float
) -> Iterator[GroundTruthObjects]:
    """What a better model found in each frame, where it was sure: a stand-in for truth that nobody has drawn.

    Args:
        found: rows of its tracks file, one mask an object and frame.
        info: of the video.
        score: found with less, an object is left out of account.
        threshold: mask probability above which a pixel is its, 0..1.
    """
    for frame in found:
        shown_objects = []
        for i in np.flatnonzero(frame.scores >= np.float32(score)).tolist():
            if frame.carried[i] or frame.track_ids[i] < 0:
                continue
            patch = paste(frame.masks[i], frame.boxes[i], info.height, info.width, threshold).trimmed()
            if np.count_nonzero(patch.mask) >= LEAST_PX:
                shown_objects.append(GroundTruthObject(frame.track_ids[i], frame.classes[i], patch))
        yield tuple(shown_objects)
