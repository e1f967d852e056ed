"""What all formats export: the frames that were looked at, and on each the visible pixels of every instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objmask.detections.classes import Palette
from objmask.detections.frames_table import FrameTable
from objmask.detections.masks import Patch
from objmask.detections.runs import decode
from objmask.painted.objects import labels_of
from objmask.painted.table import PaintedTable
from objmask.progress import Progress
from objmask.streams.prefetch import prefetch


@dataclass(frozen=True)
class Category:
    """A kind of object that can be annotated; its place in `categories` is YOLO's index, COCO's id is one more.

    Attributes:
        name: of the object class.
        group: name of the group that it belongs to.
    """

    name: str
    group: str


@dataclass(frozen=True)
class ExportedInstance:
    """One object on a frame.

    Attributes:
        category: index in `categories`.
        score: 0..1.
        patch: its visible pixels, trimmed; at least one.
        source: one of `objmask.detections.arrays.SOURCES`.
        track_id: -1 without a track.
    """

    category: int
    score: float
    patch: Patch
    source: str
    track_id: int


@dataclass(frozen=True)
class ExportedFrame:
    """A frame that was looked at, with what was found on it, perhaps nothing.

    Attributes:
        number: 0-based, in decode order of the source.
        time_s: since the source's first frame, s.
        labels: (h, w) uint8, 0 background, k the k-th group.
        instances: the most confident first; they share no pixel.
    """

    number: int
    time_s: float
    labels: npt.NDArray[np.uint8]
    instances: tuple[ExportedInstance, ...]

    @property
    def name(self) -> str:
        """What its files are called in every format, without ending."""
        return frame_name(self.number)


def frame_name(number: int) -> str:
    """A frame's name: its number in eight digits."""
    return f"{number:08d}"


def categories(palette: Palette) -> tuple[Category, ...]:
    """The object classes of all groups, in the palette's order, whether or not a video shows them."""
    return tuple(Category(name, group.name) for group in palette.groups for name in group.objects)


def exported_rows(table: FrameTable, known: npt.NDArray[np.bool_], every: int) -> npt.NDArray[np.intp]:
    """Rows of the frames table that are exported: frames whose number is a multiple of `every`.

    A frame that one of the models has not seen is left out: without annotations it would look as if it showed nothing.
    """
    return np.flatnonzero(known & (table.number % every == 0))


def annotated_frames(
    painted: PaintedTable, palette: Palette, every: int, progress: Progress
) -> Iterator[ExportedFrame]:
    """Yields the exported frames in order, a few of them in memory at a time.

    Raises:
        DataError: the table is damaged.
    """
    yield from prefetch(_annotated(painted, palette, every, progress))


def _annotated(painted: PaintedTable, palette: Palette, every: int, progress: Progress) -> Iterator[ExportedFrame]:
    table, size = painted.frames, (painted.height, painted.width)
    wanted = frozenset(exported_rows(table, table.known, every).tolist())
    index_of = {category.name: k for k, category in enumerate(categories(palette))}
    for row, objects in enumerate(painted.objects()):
        if row in wanted:
            instances = tuple(
                ExportedInstance(index_of[one.name], one.score, decode(one.visible, *size), one.source, one.track_id)
                for one in objects
                if one.visible
            )
            labels = labels_of(objects, palette, *size)
            yield ExportedFrame(int(table.number[row]), float(table.time_s[row]), labels, instances)
        progress.step()
