"""Results of videos that are no longer among the input: they stay until somebody asks for this."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from objmask.files.whole import TEMPORARY

_KINDS = (("logs", ".log"), ("benchmarks", ".tsv"))
_BY_MODEL = ("gather", "track", "audit_gather")
"""Rules with a job a model and video, as their logs are sorted."""
_BY_VIDEO = {
    "probe": (".json",),
    "masks": (".mp4",),
    "masks_lossless": (".mp4",),
    "overlay": (".mp4",),
    "protected": (".mp4",),
    "hidden": (".json",),
    "unaudited": (".mp4",),
    "quarantine": (".mp4",),
    "audit": (".json",),
    "second_look/probe": (".json",),
    "second_look/detections/*": (".frames.parquet", ".parquet"),
    "coverage": (".csv",),
    "clips/npz": (".npz",),
    "exports/coco": (".json",),
    "exports/cvat": (".zip",),
    "report": (".json",),
    "provenance/*": (".json",),
    "detections/*": (".frames.parquet", ".parquet"),
    "tracks/*": (".frames.parquet", ".parquet"),
    "logs/*": (".log",),
    **{f"logs/{rule}/*": (".log",) for rule in _BY_MODEL},
    "benchmarks/*": (".tsv",),
    **{f"benchmarks/{rule}/*": (".tsv",) for rule in _BY_MODEL},
}
"""How the files of a video end, by the folder that mirrors the input."""
_BY_CHUNK = {
    "frames": (".nut", ".parquet", ".png", ".jpg", ".snakemake_timestamp"),
    "chunks/*": (".frames.parquet", ".parquet"),
    "second_look/frames": (".nut", ".parquet"),
    "second_look/chunks/*": (".frames.parquet", ".parquet"),
    **{f"{kind}/{rule}": (ending,) for kind, ending in _KINDS for rule in ("frames", "images", "audit_frames")},
    **{f"{kind}/{rule}/*": (ending,) for kind, ending in _KINDS for rule in ("detect", "audit_detect")},
}
"""The same of folders where a chunk's name follows that of the video."""
_OTHERS = frozenset(
    f"{kind}/{rule}"
    for kind, _ in _KINDS
    for rule in ("frames", "images", "detect", "audit_frames", "audit_detect", "model", *_BY_MODEL)
)
"""Folders that look like those of `_BY_VIDEO`, and are not."""
_NOT_TO_HAND_ON = re.compile(r"(probe|second_look|detections|tracks|logs|benchmarks|chunks)(/|$)")
"""Folders of what the network found and what jobs said; the others hold what is given away, counted or shown."""
_CHUNK = re.compile(r"(.*)/\d{8}-\d{8}(?:\..*|/.*|$)")
_BY_FRAME = {
    "exports/images": re.compile(r"(.*)/(?:\d{8,}\.(?:png|jpg)|\.snakemake_timestamp)"),
    "exports/masks_png": re.compile(r"(.*)/(?:\d{8,}\.png|labelmap\.txt|\.snakemake_timestamp)"),
    "exports/yolo": re.compile(
        r"(.*)/(?:labels/\d{8,}\.txt|images|(?:images|classes)\.txt|data\.yaml|\.snakemake_timestamp)"
    ),
}
"""Folders in which each video has one of its own, with files named by frame."""
_ABANDONED_S = 3600
_Place = tuple[Path, tuple[str, ...], re.Pattern[str] | None]


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


def find_orphans(results: Path, videos: Iterable[str]) -> Orphans:
    """Files of other videos than these, and what jobs killed over an hour ago left half written.

    Only files that objmask's own rules write are considered, by folder and ending.

    Args:
        results: folder of results.
        videos: names of the videos that are the input now.
    """
    kept = frozenset(videos)
    found = [file for place in _all_places(results) for file in _files(*place) if file[1] not in kept]
    temporary = [path for path in results.rglob(f"{TEMPORARY}*") if path.is_dir() and _is_abandoned(path)]
    return _orphans(found, temporary)


def find_results(results: Path, videos: Iterable[str]) -> Orphans:
    """What there is of some videos to be handed on: not what the network found in them, nor logs.

    Args:
        results: folder of results.
        videos: their names.
    """
    wanted = frozenset(videos)
    places = [
        place for place in _all_places(results) if not _NOT_TO_HAND_ON.match(place[0].relative_to(results).as_posix())
    ]
    return _orphans([file for place in places for file in _files(*place) if file[1] in wanted], [])


def _all_places(results: Path) -> list[_Place]:
    return [
        *((place, endings, None) for place, endings in _places(results, _BY_VIDEO) if _is_by_video(results, place)),
        *((place, endings, _CHUNK) for place, endings in _places(results, _BY_CHUNK)),
        *((results / folder, ("",), pattern) for folder, pattern in _BY_FRAME.items()),
    ]


def _orphans(found: Iterable[tuple[Path, str]], temporary: Iterable[Path]) -> Orphans:
    found = list(found)
    return Orphans(
        tuple(sorted({path for path, _ in found})), tuple(sorted({name for _, name in found})), tuple(sorted(temporary))
    )


def _places(results: Path, patterns: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for pattern, endings in patterns.items():
        yield from ((place, endings) for place in sorted(results.glob(pattern)) if place.is_dir())


def _is_by_video(results: Path, place: Path) -> bool:
    return place.relative_to(results).as_posix() not in _OTHERS


def _files(place: Path, endings: tuple[str, ...], below_video: re.Pattern[str] | None) -> Iterator[tuple[Path, str]]:
    """Files of a tree that mirrors the input, each with the name of its video.

    Args:
        place: top of the tree.
        endings: of the files.
        below_video: where a video has a folder: paths in the tree, the video's name first.
    """
    for path in sorted(place.rglob("*")):
        below = path.relative_to(place).as_posix()
        ending = next((ending for ending in endings if below.endswith(ending)), None)
        is_file = path.is_file() or path.is_symlink()
        if ending is None or not is_file or any(part.startswith(TEMPORARY) for part in path.parts):
            continue
        match = below_video.fullmatch(below) if below_video else None
        if match or not below_video:
            yield path, match[1] if match else below.removesuffix(ending)


def _is_abandoned(folder: Path) -> bool:
    """Whether nothing in it has been written for long: that of a file does not show in its folder's time."""
    newest = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    return newest < time.time() - _ABANDONED_S
