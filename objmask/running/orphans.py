"""Results of videos that are no longer among the input: they stay until somebody asks for this."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from objmask.files.whole import TEMPORARY
from objmask.running.layout import LAYOUT, files_of_videos

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


def find_orphans(results: Path, videos: Iterable[str]) -> Orphans:
    """Files of other videos than these, and what jobs killed over an hour ago left half written.

    Only files that `objmask.running.layout` knows are considered.

    Args:
        results: folder of results.
        videos: names of the videos that are the input now.
    """
    kept = frozenset(videos)
    found = [file for file in files_of_videos(results) if file[1] not in kept]
    temporary = [path for path in results.rglob(f"{TEMPORARY}*") if path.is_dir() and _is_abandoned(path)]
    return _orphans(found, temporary)


def find_results(results: Path, videos: Iterable[str]) -> Orphans:
    """What there is of some videos to be handed on: not what the network found in them, nor logs.

    Args:
        results: folder of results.
        videos: their names.
    """
    wanted = frozenset(videos)
    places = tuple(place for place in LAYOUT if place.is_to_hand_on)
    return _orphans((file for file in files_of_videos(results, places) if file[1] in wanted), [])


def _orphans(found: Iterable[tuple[Path, str]], temporary: Iterable[Path]) -> Orphans:
    found = list(found)
    return Orphans(
        tuple(sorted({path for path, _ in found})), tuple(sorted({name for _, name in found})), tuple(sorted(temporary))
    )


def _is_abandoned(folder: Path) -> bool:
    """Whether nothing in it has been written for long: that of a file does not show in its folder's time."""
    newest = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    return newest < time.time() - _ABANDONED_S
