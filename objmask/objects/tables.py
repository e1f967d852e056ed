"""The detections files and frames tables of a video, for one model or several. Every later step starts from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.corrections.corrections import Corrections
from objmask.detections.arrays import Detections, all_detections
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.errors import ConfigError, DataError
from objmask.files.parquet import metadata_of
from objmask.objects.merge import Seen, merged
from objmask.provenance.versions import versions
from objmask.video.info import VideoInfo

NO_CORRECTIONS = Corrections()


@dataclass(frozen=True)
class Tables:
    """A detections file and the frames table beside it, for each model.

    Attributes:
        files: at least one; all tables have the same frames.
        corrections: corrections that people made.
    """

    files: tuple[tuple[Path, FrameTable], ...]
    corrections: Corrections = NO_CORRECTIONS

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Path, FrameTable]:
        return self.files[index]

    def __iter__(self) -> Iterator[tuple[Path, FrameTable]]:
        return iter(self.files)


def read_tables(detections: Sequence[Path], video_sha256: str, corrections: str | None = None) -> Tables:
    """The frames tables beside detections files.

    Args:
        detections: the file `<video>.parquet` of each model.
        video_sha256: `VideoInfo.identity` of the video that the files must belong to.
        corrections: JSON list of corrections; None = no corrections.

    Raises:
        DataError: a table is missing or damaged, belongs to another video, or two models saw different frames.
        ConfigError: the corrections are not valid.
    """
    tables = [(path, FrameTable.read(frames_path(path))) for path in detections]
    for path, table in tables:
        if any(metadata_of(file).get("video_sha256") != video_sha256 for file in (path, frames_path(path))):
            raise DataError(f"{path}: is of another video, or of an earlier version of it; run detect again")
        first = tables[0][1]
        if table.number.tolist() != first.number.tolist() or table.pts.tolist() != first.pts.tolist():
            raise DataError(f"{path}: has other frames than {tables[0][0]}; run detect again for both")
    corrected = Corrections.from_json(corrections) if corrections else NO_CORRECTIONS
    if len(tables) > 1 and any(change.track is not None and not change.model for change in corrected.changes):
        raise ConfigError("corrections: each model counts its tracks for itself; say `model` beside `track`")
    return Tables(tuple(tables), corrected)


def found_by_frame(tables: Tables) -> Iterator[Detections]:
    """Yields the corrected detections of all models: one item per frame.

    Raises:
        DataError: a file is damaged, or detections are missing.
    """
    return (Detections.concatenate([one for _, one in parts]) for parts in found_by_model(tables))


def objects_by_frame(tables: Tables) -> Iterator[Detections]:
    """Yields the objects of each frame for painting and counting: one steady mask per object, of all models.

    Raises:
        DataError: a file is damaged, or detections are missing.
    """
    return (Detections.concatenate([one for _, one in parts]) for parts in objects_by_model(tables))


def objects_by_model(tables: Tables) -> Iterator[list[tuple[str, Detections]]]:
    """Yields the same by name of the model; what people added has none.

    Raises:
        DataError: a file is damaged, or detections are missing.
    """
    return _by_model(tables, [merged(_seen(tables, path, table)) for path, table in tables])


def found_by_model(tables: Tables) -> Iterator[list[tuple[str, Detections]]]:
    """Yields the corrected detections of each frame by name of the model; what people added has none.

    Raises:
        DataError: a file is damaged, or detections are missing.
    """
    return _by_model(tables, [_corrected(tables, path, table) for path, table in tables])


def uncorrected_by_frame(tables: Tables) -> Iterator[list[tuple[str, Detections]]]:
    """Yields the stored detections of each frame, by name of the model, without corrections.

    Raises:
        DataError: a file is damaged, or detections are missing.
    """
    names = [model_of(path) for path, _ in tables]
    for parts in zip(*(all_detections(path, table) for path, table in tables), strict=True):
        yield list(zip(names, parts, strict=True))


def model_of(path: Path) -> str:
    """The name of the model whose detections a file holds.

    Raises:
        DataError: the file is no such file.
    """
    return str(metadata_of(path).get("model"))


def table_metadata(info: VideoInfo, tables: Tables) -> dict[str, Any]:
    """What a table that is decided from these says of itself: the video, its clock and size, and the models."""
    table = tables[0][1]
    stored = [metadata_of(path) for path, _ in tables]
    return {
        "video_sha256": info.identity,
        "size": [info.height, info.width],
        "time_base": str(table.time_base),
        "start_pts": table.start_pts,
        "inferred": int(np.logical_and.reduce([one.inferred for _, one in tables]).sum()),
        "models": {str(one.get("model")): str(one.get("model_sha256")) for one in stored},
        "versions": versions("numpy", "opencv-python", "pyarrow"),
    }


def known_rows(tables: Tables) -> npt.NDArray[np.bool_]:
    """Whether the detections of all models are known for a frame, (n,) bool."""
    known: npt.NDArray[np.bool_] = np.logical_and.reduce([table.known for _, table in tables])
    return known


def _by_model(tables: Tables, streams: Sequence[Iterator[Detections]]) -> Iterator[list[tuple[str, Detections]]]:
    times_s, names = tables[0][1].time_s, [model_of(path) for path, _ in tables]
    for row, parts in enumerate(zip(*streams, strict=True)):
        added = tables.corrections.added_at(float(times_s[row]))
        yield [*zip(names, parts, strict=True), *(("", one) for one in added)]


def _seen(tables: Tables, path: Path, table: FrameTable) -> Iterator[Seen]:
    looked = np.flatnonzero(table.inferred)
    last = np.searchsorted(looked, np.arange(len(table)), "right") - 1
    for row, found in enumerate(_corrected(tables, path, table)):
        k = int(last[row])
        before = row - int(looked[k]) if k >= 0 else math.inf
        after = int(looked[k + 1]) - row if k + 1 < len(looked) else math.inf
        yield Seen(found, before, after if before else 0)


def _corrected(tables: Tables, path: Path, table: FrameTable) -> Iterator[Detections]:
    found = all_detections(path, table)
    if not tables.corrections.changes:
        return found
    model = model_of(path)
    parts = zip(found, table.time_s.tolist(), strict=True)
    return (tables.corrections.changed(one, time_s, model) for one, time_s in parts)
