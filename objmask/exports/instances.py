"""What all formats export: the frames that were looked at, and on each the visible pixels of every instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objmask.detections.classes import Palette
from objmask.detections.masks import Patch, visible
from objmask.objects.tables import Tables, known_rows, objects_by_frame
from objmask.progress import Progress
from objmask.streams.prefetch import prefetch
from objmask.video.info import VideoInfo


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


@dataclass(frozen=True)
class Selection:
    """Which detections and frames are exported.

    Attributes:
        score: detections scoring less are left out, 0..1.
        threshold: mask probability above which a pixel belongs to an object, 0..1.
        every: frames whose number is a multiple of this.
    """

    score: float
    threshold: float
    every: int = 1


def frame_name(number: int) -> str:
    """A frame's name: its number in eight digits."""
    return f"{number:08d}"


def categories(palette: Palette) -> tuple[Category, ...]:
    """The object classes of all groups, in the palette's order, whether or not a video shows them."""
    return tuple(Category(name, group.name) for group in palette.groups for name in group.objects)


def exported_rows(tables: Tables, every: int) -> npt.NDArray[np.intp]:
    """Rows of the frames tables that are exported.

    A frame that one of the models has not seen is left out: without annotations it would look as if it showed nothing.
    """
    table = tables[0][1]
    seen = known_rows(tables)
    return np.flatnonzero(seen & (table.number % every == 0))


def annotated_frames(
    info: VideoInfo, tables: Tables, palette: Palette, selection: Selection, progress: Progress
) -> Iterator[ExportedFrame]:
    """Yields the exported frames in order, a few of them in memory at a time.

    Raises:
        DataError: a table is damaged.
    """
    yield from prefetch(_annotated(info, tables, palette, selection, progress))


def _annotated(
    info: VideoInfo, tables: Tables, palette: Palette, selection: Selection, progress: Progress
) -> Iterator[ExportedFrame]:
    table = tables[0][1]
    times_s = table.time_s
    wanted = frozenset(exported_rows(tables, selection.every).tolist())
    index_of = {category.name: k for k, category in enumerate(categories(palette))}
    for row, found in enumerate(objects_by_frame(tables)):
        if row in wanted:
            kept = found.select(score=selection.score, classes=index_of)
            labels, seen = visible(kept, palette, info.height, info.width, selection.threshold)
            instances = tuple(
                ExportedInstance(
                    index_of[kept.classes[i]], float(kept.scores[i]), patch, kept.sources[i], kept.track_ids[i]
                )
                for i, patch in seen
            )
            yield ExportedFrame(int(table.number[row]), float(times_s[row]), labels, instances)
        progress.step()
