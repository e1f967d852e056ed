"""Looks at a few frames in which nothing is hidden again, turned by 90, 180 and 270 degrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from objmask.audit.turns import SURE, Turn, Turns
from objmask.detections.arrays import Detections
from objmask.files.documents import Degrees
from objmask.hidden.causes import hides_objects
from objmask.hidden.decide import to_hide
from objmask.hidden.table import HiddenTable
from objmask.inference.frame_store import network_size, scaled
from objmask.inference.job import NetworkOptions
from objmask.models.detector import Detector
from objmask.progress import Progress
from objmask.video.info import VideoInfo
from objmask.video.reader import Frame, read_frames
from objmask.video.source import OnTruncated

FRAMES = 8
"""So many are tried: a turn is told by most of them or by none."""


def chosen_frames(hidden: HiddenTable, most: int = FRAMES) -> list[int]:
    """Numbers of frames in which nothing is hidden apart from zones, spread evenly over all of them, rising."""
    bare = [row for row, areas in enumerate(hidden.areas()) if not hides_objects(areas)]
    count = min(most, len(bare))
    return [int(hidden.frames.number[bare[(2 * i + 1) * len(bare) // (2 * count)]]) for i in range(count)]


def try_turns(
    video: Path,
    info: VideoInfo,
    hidden: HiddenTable,
    networks: Sequence[NetworkOptions],
    progress: Progress,
    *,
    on_truncated: OnTruncated = "fail",
) -> Turns:
    """Runs networks on frames in which nothing is hidden, one network in memory at a time.

    Args:
        video: the file.
        info: of it.
        hidden: what is hidden of it, and by which rules. They also decide what would be hidden of a turned frame, as of
            one that stands alone.
        networks: those whose objects are hidden.
        progress: counts what each network has looked at.
        on_truncated: as for `read_frames`.

    Raises:
        DataError: the table is damaged.
        ModelError: a network cannot be loaded or run.
        VideoError: the video cannot be read.
    """
    frames = [
        frame
        for number in chosen_frames(hidden)
        for frame in read_frames(video, info, start=number, stop=number + 1, on_truncated=on_truncated)
    ]
    found: dict[Degrees, list[list[Detections]]] = {degrees: [[] for _ in frames] for degrees in get_args(Degrees)}
    for options in networks:
        network = options.load()
        hiding = hidden.hiding.of(network.info.name)
        try:
            for degrees, of_frames in found.items():
                for of_frame, seen in zip(of_frames, _found_in(network, frames, info.turned(degrees)), strict=True):
                    of_frame.append(to_hide(seen, hiding))
                progress.step(len(frames))
        finally:
            network.close()
    return Turns(len(frames), info.rotate, tuple(_turn(degrees, of_frames) for degrees, of_frames in found.items()))


def _found_in(network: Detector, frames: Sequence[Frame], info: VideoInfo) -> list[Detections]:
    """What a network finds in frames of a video that is turned: what `frames` and `detect` would make of it."""
    size = network_size(info, [network.info])
    return network.detect([scaled(replace(frame, info=info).rgb(size), size) for frame in frames])


def _turn(degrees: Degrees, of_frames: Sequence[Sequence[Detections]]) -> Turn:
    objects = Counter(name for of_frame in of_frames for found in of_frame for name in found.classes)
    return Turn(
        degrees,
        sum(any(map(len, of_frame)) for of_frame in of_frames),
        sum(any((found.scores >= SURE).any() for found in of_frame) for of_frame in of_frames),
        dict(sorted(objects.items())),
    )
