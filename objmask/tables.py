"""What every step after inference starts from: the detections and frames files of a video, of one model or several."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from objmask.detections import Detections, FrameTable, frames_path, read_detections
from objmask.errors import DataError
from objmask.parquet import metadata_of
from objmask.tracks.settle import Seen, settled

Tables = Sequence[tuple[Path, FrameTable]]
"""A detections file and the frames table beside it, for each model."""


def read_tables(detections: Sequence[Path], video_sha256: str) -> Tables:
    """The frames tables beside detections files.

    Args:
        detections: `<video>.parquet` of each model.
        video_sha256: of the video that they must belong to, hex.

    Raises:
        DataError: a table is missing or damaged, is of another video, or two models saw different frames.
    """
    tables = [(path, FrameTable.read(frames_path(path))) for path in detections]
    for path, table in tables:
        if any(metadata_of(file).get("video_sha256") != video_sha256 for file in (path, frames_path(path))):
            raise DataError(f"{path}: is of another video, or of an earlier version of it; run detect again")
        first = tables[0][1]
        if table.number.tolist() != first.number.tolist() or table.pts.tolist() != first.pts.tolist():
            raise DataError(f"{path}: has other frames than {tables[0][0]}; run detect again for both")
    return tables


def found_by_frame(tables: Tables) -> Iterator[Detections]:
    """The detections of all models, one item a frame.

    Raises:
        DataError: a file is damaged, or detections are missing.
    """
    streams = [_complete(path, table) for path, table in tables]
    for parts in zip(*streams, strict=True):
        yield Detections.concatenate(parts)


def objects_by_frame(tables: Tables) -> Iterator[Detections]:
    """What is painted and counted of each frame: one steady mask an object, of all models.

    Raises:
        DataError: a file is damaged, or detections are missing.
    """
    streams = [settled(_seen(path, table)) for path, table in tables]
    for parts in zip(*streams, strict=True):
        yield Detections.concatenate(parts)


def known_rows(tables: Tables) -> npt.NDArray[np.bool_]:
    """(n,) bool, of which frames it is known what all models find there."""
    known: npt.NDArray[np.bool_] = np.logical_and.reduce([table.known for _, table in tables])
    return known


def _seen(path: Path, table: FrameTable) -> Iterator[Seen]:
    looked = np.flatnonzero(table.inferred)
    last = np.searchsorted(looked, np.arange(len(table)), "right") - 1
    for row, found in enumerate(_complete(path, table)):
        k = int(last[row])
        before = row - int(looked[k]) if k >= 0 else math.inf
        after = int(looked[k + 1]) - row if k + 1 < len(looked) else math.inf
        yield Seen(found, before, after if before else 0)


def _complete(path: Path, table: FrameTable) -> Iterator[Detections]:
    """A file's detections by frame, as many of each as its frames table says: a lost row would be a leak."""
    for row, found in enumerate(read_detections(path, table.number.tolist())):
        if len(found) != table.detections[row]:
            raise DataError(f"{path}: detections of frame {table.number[row]} are missing; run detect again")
        yield found
