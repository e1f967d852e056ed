"""Results of videos that are no longer among the input: they stay until somebody asks for this."""

from __future__ import annotations

import csv
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from objmask.errors import DataError
from objmask.files import TEMPORARY

TABLE = "videos.tsv"
"""Written when the workflow is read: the videos that are the input now."""
_ENDINGS = {
    "probe": (".json",),
    "masks": (".mp4",),
    "masks_lossless": (".mp4",),
    "overlay": (".mp4",),
    "protected": (".mp4",),
    "coverage": (".csv",),
    "provenance/*": (".json",),
    "detections/*": (".frames.parquet", ".parquet"),
    "logs/*": (".log",),
    "logs/detect/*": (".log",),
    "logs/gather/*": (".log",),
    "benchmarks/*": (".tsv",),
    "benchmarks/detect/*": (".tsv",),
    "benchmarks/gather/*": (".tsv",),
    "frames": (".nut", ".parquet", ".png", ".jpg", ".snakemake_timestamp"),
    "chunks/*": (".frames.parquet", ".parquet"),
}
"""How the files of a video end, by the folder that mirrors the input."""
_NOT_BY_VIDEO = frozenset({"logs/detect", "logs/gather", "benchmarks/detect", "benchmarks/gather", "logs/model"})
_CHUNK = re.compile(r"/\d{8}-\d{8}(\.|/|$)")
_ABANDONED_S = 3600


@dataclass(frozen=True)
class Orphans:
    """What can go.

    Attributes:
        files: of videos that are no longer there, sorted.
        videos: their names, sorted.
        temporary: folders that killed jobs left behind, sorted.
    """

    files: tuple[Path, ...]
    videos: tuple[str, ...]
    temporary: tuple[Path, ...]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        inside = (path for folder in self.temporary for path in folder.rglob("*"))
        return sum(path.stat().st_size for path in (*self.files, *inside) if path.is_file())

    def remove(self, results: Path) -> None:
        """Deletes them, and the folders below `results` that are empty then."""
        for path in self.files:
            path.unlink(missing_ok=True)
        for folder in self.temporary:
            shutil.rmtree(folder, ignore_errors=True)
        for parent in sorted({parent for path in self.files for parent in path.parents}, reverse=True):
            if results in parent.parents:
                with suppress(OSError):  # it holds something else
                    parent.rmdir()


def find_orphans(results: Path) -> Orphans:
    """Files of videos that `results/videos.tsv` does not name, and what jobs killed over an hour ago left half written.

    Only files that objmask's own rules write are considered, by folder and ending.

    Raises:
        DataError: there is no such table: this is no folder of results, or of an earlier objmask.
    """
    kept = _names(results / TABLE)
    found = [
        (path, name)
        for folder, endings in _ENDINGS.items()
        for place in sorted(results.glob(folder))
        if place.is_dir() and place.relative_to(results).as_posix() not in _NOT_BY_VIDEO
        for path, name in _files(place, endings)
        if name not in kept
    ]
    before = time.time() - _ABANDONED_S
    temporary = [path for path in results.rglob(f"{TEMPORARY}*") if path.is_dir() and path.stat().st_mtime < before]
    return Orphans(
        tuple(sorted({path for path, _ in found})), tuple(sorted({name for _, name in found})), tuple(sorted(temporary))
    )


def _names(table: Path) -> frozenset[str]:
    try:
        with table.open(newline="", encoding="utf-8") as stream:
            return frozenset(row["name"] for row in csv.DictReader(stream, delimiter="\t"))
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: cannot be read; give a folder of results, and run `snakemake -n` once") from error


def _files(place: Path, endings: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Files of a tree that mirrors the input, each with the name of its video."""
    for path in sorted(place.rglob("*")):
        below = path.relative_to(place).as_posix()
        ending = next((ending for ending in endings if below.endswith(ending)), None)
        if ending is None or not path.is_file() or any(part.startswith(TEMPORARY) for part in path.parts):
            continue
        chunk = _CHUNK.search(below)
        yield path, below[: chunk.start()] if chunk else below.removesuffix(ending)
