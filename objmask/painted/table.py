"""The table of what is painted: a row an object and frame, and the frames table beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from objmask.detections.arrays import SOURCES
from objmask.detections.framed import Row, complete, metadata_of_both
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.detections.runs import spans_in
from objmask.errors import DataError
from objmask.painted.objects import PaintedObject

if TYPE_CHECKING:
    from objmask.detections.classes import Palette
    from objmask.video.info import VideoInfo

SCHEMA = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in {
            "frame": pa.int64(),
            "class": pa.string(),
            "group": pa.string(),
            "score": pa.float32(),
            "own_score": pa.float32(),
            "lifted": pa.bool_(),
            "source": pa.string(),
            "carried": pa.int16(),
            "track_id": pa.int64(),
            "model": pa.string(),
            "visible": pa.binary(),
            "covered": pa.binary(),
        }.items()
    ]
)


@dataclass(frozen=True)
class PaintedTable:
    """What is painted of a video.

    Attributes:
        path: of the rows.
        frames: of the video. `inferred` says whether it is known what a frame shows.
        height, width: of the frames, pixels.
        models: checksum of each model, by its name.
        inferred: number of frames that the networks saw.
    """

    path: Path
    frames: FrameTable
    height: int
    width: int
    models: Mapping[str, str]
    inferred: int

    @classmethod
    def read(cls, path: Path, info: VideoInfo, palette: Palette | None = None) -> PaintedTable:
        """Reads `painted/<video>.parquet` and the frames table beside it.

        Args:
            path: of the rows.
            info: of the video.
            palette: the groups that a reader knows; their colours may be others. None: it needs none.

        Raises:
            DataError: a file is missing or damaged, belongs to another video, or was decided with other groups.
        """
        metadata = metadata_of_both(path, info.identity, info.height, info.width, "paint")
        try:
            models = {str(name): str(digest) for name, digest in metadata["models"].items()}
            inferred = int(metadata["inferred"])
        except (KeyError, AttributeError, TypeError, ValueError) as error:
            raise DataError(f"{path}: not what paint writes; run paint again ({error!r})") from error
        if palette is not None and metadata.get("groups") != classes_of(palette):
            raise DataError(f"{path}: was decided with other groups; run paint again with these")
        return cls(path, FrameTable.read(frames_path(path)), info.height, info.width, models, inferred)

    def __len__(self) -> int:
        return len(self.frames)

    def objects(self) -> Iterator[tuple[PaintedObject, ...]]:
        """Yields the objects of each frame, the one with the highest score first.

        Raises:
            DataError: the file is damaged, or rows are missing.
        """
        rows_of = zip(self.frames.number.tolist(), complete(self.path, SCHEMA, self.frames, "paint"), strict=True)
        for number, rows in rows_of:
            try:
                yield tuple(self._object(row) for row in rows)
            except ValueError as error:
                raise DataError(f"{self.path}: frame {number} is damaged; run paint again ({error})") from error

    def _object(self, row: Row) -> PaintedObject:
        one = PaintedObject(row["class"], *(row[name] for name in SCHEMA.names[2:]))
        if not (0 <= one.own_score <= 1 and 0 <= one.score <= 1 and one.source in SOURCES):
            raise ValueError(f"score {one.score}, own score {one.own_score}, source {one.source}")
        for counts in (one.visible, one.covered):
            if counts:
                spans_in(counts, self.height, self.width)
        return one


def classes_of(palette: Palette) -> dict[str, list[str]]:
    """The classes of each group: what counts of groups where pixels are decided."""
    return {group.name: sorted(group.objects) for group in palette.groups}


def row_of(one: PaintedObject) -> Row:
    """The row of an object, without its frame."""
    row = dict(vars(one))
    return {"class": row.pop("name"), **row}
