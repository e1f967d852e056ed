"""Rows that belong to the frames of a video, and the frames table that counts them: two files, made together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from objmask.detections.frames_table import FRAME_SCHEMA, FrameTable, frames_path
from objmask.errors import DataError
from objmask.files.parquet import ParquetOut, metadata_of, read_rows
from objmask.files.whole import atomic_path

Row = dict[str, Any]


class FramedOut:
    """A context manager that writes both files, frame by frame. They appear when both are complete.

    Equal frames and metadata give equal bytes, in whatever portions the frames arrive.

    Args:
        rows: the file of the rows.
        frames: the file of the frames table.
        schema: columns of the rows; the first one is `frame`.
        metadata: of both files; holds `time_base` and `start_pts`, and the provenance: checksums and settings, but no
            times or host names.
        compressed: False for what is read once and deleted.
    """

    def __init__(
        self, rows: Path, frames: Path, schema: pa.Schema, metadata: Mapping[str, Any], *, compressed: bool = True
    ) -> None:
        self._paths = ((frames, FRAME_SCHEMA), (rows, schema))
        self._metadata, self._compressed = dict(metadata), compressed

    def __enter__(self) -> FramedOut:
        with ExitStack() as stack:
            # Left in reverse: both files are written to their ends before either gets its name.
            temporary = [stack.enter_context(atomic_path(path)) for path, _ in self._paths]
            self._frames, self._rows = (
                stack.enter_context(ParquetOut(path, schema, self._metadata, compressed=self._compressed))
                for path, (_, schema) in zip(temporary, self._paths, strict=True)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, frame: int, pts: int, duration_pts: int, *, inferred: bool, rows: Sequence[Row]) -> None:
        """Appends a frame with its rows, without their column `frame`."""
        self._frames.append(dict(zip(FRAME_SCHEMA.names, (frame, pts, duration_pts, inferred, len(rows)), strict=True)))
        for row in rows:
            self._rows.append({"frame": frame, **row})


def metadata_of_both(path: Path, video_sha256: str, height: int, width: int, again: str) -> dict[str, Any]:
    """The metadata of a file of rows, which has to belong to a video, as its frames table has to.

    Args:
        path: the file of the rows.
        video_sha256: `VideoInfo.identity` of the video.
        height: of the video, pixels.
        width: of the video, pixels.
        again: the verb that makes the files, for error messages.

    Raises:
        DataError: a file is missing or damaged, or belongs to another video.
    """
    both = [metadata_of(file) for file in (path, frames_path(path))]
    if any(one.get("video_sha256") != video_sha256 for one in both):
        raise DataError(f"{path}: is of another video, or of an earlier version of it; run {again} again")
    if any(one.get("size") != [height, width] for one in both):
        raise DataError(f"{path}: is not of {width} x {height} pixels; run {again} again")
    return both[0]


def rows_by_frame(path: Path, schema: pa.Schema, frames: Iterable[int], again: str) -> Iterator[list[Row]]:
    """Yields the rows of each frame: one item per frame. Reads lazily.

    Args:
        path: the file of the rows.
        schema: columns of the rows.
        frames: numbers of the frames, increasing.
        again: the verb that makes the file, for error messages.

    Raises:
        DataError: the file is damaged, or has a frame that is not in `frames`.
    """
    rows = read_rows(path, schema)
    row = next(rows, None)
    for frame in frames:
        found = []
        while row is not None and row["frame"] == frame:
            found.append(row)
            row = next(rows, None)
        if row is not None and row["frame"] < frame:
            break
        yield found
    if row is not None:
        raise DataError(f"{path}: has rows of frame {row['frame']}, which its frames file lacks; run {again} again")


def complete(path: Path, schema: pa.Schema, table: FrameTable, again: str) -> Iterator[list[Row]]:
    """Yields the rows of each frame of a table, as many as it counts: a lost row would be a leak.

    Raises:
        DataError: the file is damaged, or rows are missing.
    """
    parts = zip(table.number.tolist(), table.detections.tolist(), strict=True)
    for (number, count), rows in zip(parts, rows_by_frame(path, schema, table.number.tolist(), again), strict=True):
        if len(rows) != count:
            raise DataError(f"{path}: rows of frame {number} are missing ({len(rows)} of {count}); run {again} again")
        yield rows
