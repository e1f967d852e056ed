"""The table of what is hidden: a row an area and frame, and the frames table beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from objmask.config.hiding import Hiding
from objmask.detections.framed import Row, complete, metadata_of_both
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.detections.runs import decode, encode
from objmask.errors import DataError
from objmask.hidden.areas import block_size
from objmask.hidden.causes import Cause, HiddenArea

if TYPE_CHECKING:
    from objmask.video.info import VideoInfo

_KINDS = {
    "name": pa.string(),
    "model": pa.string(),
    "track_id": pa.int64(),
    "score": pa.float32(),
    "own_score": pa.float32(),
    "found": pa.bool_(),
    "blocks": pa.int32(),
}
_LISTS = {"name": "objects", "model": "models", "track_id": "track_ids", "score": "scores"}
_LISTS |= {"own_score": "own_scores", "found": "found", "blocks": "hides"}
"""Columns with a value per cause, by the attribute of `Cause`."""
SCHEMA = pa.schema(
    [
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("blocks", pa.binary(), nullable=False),
        *(
            pa.field(_LISTS[one.name], pa.list_(pa.field("element", _KINDS[one.name], nullable=False)), nullable=False)
            for one in fields(Cause)
        ),
    ]
)


@dataclass(frozen=True)
class HiddenTable:
    """What is hidden of a video.

    Attributes:
        path: of the rows.
        frames: of the video.
        size: rows and columns of blocks of a frame.
        models: checksum of each model, by its name.
        hiding: by which rules it was decided.
    """

    path: Path
    frames: FrameTable
    size: tuple[int, int]
    models: Mapping[str, str]
    hiding: Hiding

    @classmethod
    def read(cls, path: Path, info: VideoInfo) -> HiddenTable:
        """Reads `hidden/<video>.parquet` and the frames table beside it.

        Raises:
            DataError: a file is missing or damaged, or belongs to another video.
        """
        metadata = metadata_of_both(path, info.identity, info.height, info.width, "hide")
        try:
            hiding = Hiding.model_validate_json(metadata["hiding"])
            models = {str(name): str(digest) for name, digest in metadata["models"].items()}
        except (KeyError, AttributeError, ValueError) as error:
            raise DataError(f"{path}: not what hide writes; run hide again ({error})") from error
        return cls(path, FrameTable.read(frames_path(path)), block_size(info), models, hiding)

    def __len__(self) -> int:
        return len(self.frames)

    def areas(self) -> Iterator[list[HiddenArea]]:
        """Yields the hidden areas of each frame, the largest first.

        Raises:
            DataError: the file is damaged, or rows are missing.
        """
        rows_of = zip(self.frames.number.tolist(), complete(self.path, SCHEMA, self.frames, "hide"), strict=True)
        for number, rows in rows_of:
            try:
                yield [self._area(row) for row in rows]
            except ValueError as error:
                raise DataError(f"{self.path}: frame {number} is damaged; run hide again ({error})") from error

    def _area(self, row: Row) -> HiddenArea:
        patch = decode(row["blocks"], *self.size)
        causes = tuple(Cause(*values) for values in zip(*(row[_LISTS[one.name]] for one in fields(Cause)), strict=True))
        if not patch.mask.size or not causes:
            raise ValueError("an area without blocks or cause")
        if not all(0 <= one.score <= 1 and 0 <= one.own_score <= 1 for one in causes):
            raise ValueError("a score that is not in 0..1")
        return HiddenArea(patch, causes)


def row_of(area: HiddenArea, size: tuple[int, int]) -> Row:
    """The row of an area, without its frame."""
    lists = {column: [getattr(cause, name) for cause in area.causes] for name, column in _LISTS.items()}
    return {"blocks": encode(area.patch, *size), **lists}
