"""Clips of the rendered office: the video, and beside it what every frame really shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from objmask.config.defaults import PALETTE
from objmask.files.csv_tables import Writer
from objmask.files.whole import atomic_path
from objmask.progress import Progress
from objmask.scene.motion import ACTIVITIES, clip
from objmask.scene.render import Rendered
from objmask.scene.truth import group_map, header, objects_of
from objmask.video.info import BT709_TV, VideoInfo
from objmask.video.writer import VideoWriter

COLUMNS = ("frame", "group", "pixels", "fraction")
_QUALITY = 18
_TICKS = 512
"""Time base units a frame."""


@dataclass(frozen=True)
class ClipSet:
    """What is asked for.

    Attributes:
        count: of clips; activities take turns.
        seed: of the first; each further one's is one more.
        split: `train` or `test`.
        width, height: pixels.
        rate: frames a second.
        frames: of each clip.
    """

    count: int
    seed: int
    split: str
    width: int
    height: int
    rate: int
    frames: int

    def names(self) -> Iterator[tuple[str, str, int]]:
        """Activity, name below the folder, and seed of each clip."""
        for number in range(self.count):
            activity = ACTIVITIES[number % len(ACTIVITIES)]
            yield activity, f"{activity}/{activity}_{number // len(ACTIVITIES) + 1:02d}", self.seed + number


def write_clips(wanted: ClipSet, folder: Path, progress: Progress) -> None:
    """Writes `<activity>/<name>.mp4`, and of each `truth/<activity>/<name>.coverage.csv` and `.json` (COCO).

    Raises:
        VideoError: a video cannot be written.
        OSError: the folder cannot be written.
    """
    for activity, name, seed in wanted.names():
        frames = clip(seed, wanted.split, wanted.width, wanted.height, wanted.rate, wanted.frames, activity=activity)
        _write_clip(wanted, frames, folder, name, seed, progress)


def _write_clip(
    wanted: ClipSet, frames: Iterable[Rendered], folder: Path, name: str, seed: int, progress: Progress
) -> None:
    with ExitStack() as stack:
        paths = [folder / f"{name}.mp4", *(folder / "truth" / f"{name}{end}" for end in (".coverage.csv", ".json"))]
        table, notes = (stack.enter_context(atomic_path(path)) for path in paths[1:])
        rows = stack.enter_context(table.open("w", newline="", encoding="utf-8"))
        document = stack.enter_context(notes.open("w", encoding="ascii"))
        # For equal bytes: x264's slower presets, and several threads, were seen to vary a frame in a few hundred clips.
        writer = stack.enter_context(
            VideoWriter(paths[0], _info(wanted), quality=_QUALITY, preset="veryfast", threads=1)
        )
        lines = Writer(rows)
        lines.row(COLUMNS)
        truth = _Document(document, wanted, f"{name}.mp4", seed)
        for number, rendered in enumerate(frames):
            writer.write_rgb(rendered.picture, number * _TICKS, _TICKS)
            lines.rows(coverage_rows(number, rendered))
            truth.add(number, rendered)
            progress.step()
        truth.close()


def coverage_rows(number: int, rendered: Rendered) -> Iterator[tuple[int, str, int, str]]:
    """A frame's rows of the coverage table: the pixels of each group, and their share of the frame."""
    labels = group_map(rendered, PALETTE.index_of)
    pixels = np.bincount(labels.ravel(), minlength=len(PALETTE.groups) + 1)
    for k, group in enumerate(PALETTE.groups, 1):
        # Cut, not rounded: rounded up, the groups of a full picture would sum to more than 1.
        yield number, group.name, int(pixels[k]), f"{int(pixels[k]) * 10**8 // labels.size / 10**8:.8f}"


class _Document:
    """A COCO document that is written as the frames come: annotations, and images at the end."""

    def __init__(self, stream: TextIO, wanted: ClipSet, file_name: str, seed: int) -> None:
        self._stream, self._wanted, self._file_name = stream, wanted, file_name
        self._frames = self._annotations = 0
        head = json.dumps(header(seed, wanted.split), separators=(",", ":"))
        stream.write(head[:-1] + ',"annotations":[')

    def add(self, number: int, rendered: Rendered) -> None:
        """A frame."""
        for note in objects_of(number, rendered):
            self._annotations += 1
            self._item({"id": self._annotations, **note}, self._annotations)
        self._frames = number + 1

    def close(self) -> None:
        """Writes the images, which take no more than counting."""
        self._stream.write('],"images":[')
        size = {"width": self._wanted.width, "height": self._wanted.height}
        for number in range(self._frames):
            entry = {
                "id": number + 1,
                "file_name": self._file_name,
                "video": self._file_name.removesuffix(".mp4"),
                "frame": number,
                **size,
            }
            self._item(entry, number + 1)
        self._stream.write("]}\n")

    def _item(self, item: dict[str, Any], count: int) -> None:
        self._stream.write(("," if count > 1 else "") + json.dumps(item, separators=(",", ":")))


def _info(wanted: ClipSet) -> VideoInfo:
    """What the writer wants to know of a source; there is none."""
    length = wanted.frames * _TICKS
    tags = BT709_TV
    return VideoInfo(
        sha256="", blocks="", container="", stream=0, codec="", pix_fmt="rgb24", bits=8,
        stored_width=wanted.width, stored_height=wanted.height, width=wanted.width, height=wanted.height,
        rotation=0, rotate=0, mirrored=False, sample_aspect=Fraction(1),
        color_range=tags.range, colorspace=tags.matrix, primaries=tags.primaries, transfer=tags.transfer,
        declared_color_range=tags.range, declared_colorspace=tags.matrix, field_order=None,
        time_base=Fraction(1, wanted.rate * _TICKS), rate=Fraction(wanted.rate),
        packets=wanted.frames, frames=wanted.frames, declared_frames=wanted.frames, start_pts=0, end_pts=length,
        duration_s=wanted.frames / wanted.rate, declared_duration_s=None, shift_pts=0, pts_rule="kept", pts_changed=0,
        truncated=False, audio=[], other_streams=[], warnings=[], keyframes=[], cuts=[],
    )  # fmt: skip
