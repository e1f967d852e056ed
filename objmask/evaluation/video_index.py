"""What the workflow knows of annotations before any job: their content's digest, and which videos they are about.

Cached by size and time, as videos are (`objmask.inputs.index`). Needs nothing but JSON, since every reading of the
workflow comes here.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objmask.errors import ConfigError, DataError
from objmask.files.whole import read_json, write_json

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoIndex:
    """Annotations of videos.

    Attributes:
        digest: hex digest of all files' content; names and times do not count.
        videos: names of the annotated videos, sorted.
    """

    digest: str
    videos: tuple[str, ...]


def annotation_files(path: Path) -> list[Path]:
    """A file itself, or the JSON files of a folder at any depth, sorted, without hidden ones.

    Raises:
        ConfigError: nothing there.
    """
    if path.is_file():
        return [path]
    found = sorted(
        file
        for file in path.rglob("*.json")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not found:
        raise ConfigError(f"evaluation.annotations: '{path}' is no COCO file, nor a folder with any; set it to one")
    return found


def frame_of(image: Mapping[str, Any]) -> tuple[str, int]:
    """Name of the video and number of the frame that an entry of `images` is about.

    Raises:
        ValueError: it does not say.
    """
    video, frame = image.get("video"), image.get("frame")
    if not isinstance(video, str) or not video or not isinstance(frame, int) or isinstance(frame, bool) or frame < 0:
        raise ValueError(
            f"image {image.get('id')!r} must say `video` (path below the input folder without suffix) "
            f"and `frame` (0, 1, …); it says {video!r} and {frame!r}"
        )
    return video, frame


def digest_of(digests: Iterable[str]) -> str:
    """Hex digest of all files, from those of each, in any order."""
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def index_annotations(path: Path, cache: Path) -> VideoIndex:
    """Digest and videos of annotations, from the cache where size and time are unchanged.

    Raises:
        ConfigError: there are none.
        DataError: one is no COCO document of video frames.
    """
    known = _read_cache(cache)
    entries: dict[str, dict[str, Any]] = {}
    for file in annotation_files(path):
        state = file.stat()
        stamp = {"size": state.st_size, "mtime_ns": state.st_mtime_ns}
        entry = known.get(str(file), {})
        same = {key: entry.get(key) for key in stamp} == stamp
        entries[str(file)] = entry if same else {**stamp, **_content(file)}
    if entries != known:
        try:
            write_json(cache, entries, shared=True)
        except OSError as error:
            LOG.warning("%s: cannot be written (%s); annotations are read anew each time", cache, error)
    digest = digest_of(entry["sha256"] for entry in entries.values())
    return VideoIndex(digest, tuple(sorted({video for entry in entries.values() for video in entry["videos"]})))


def check_known(annotated: Iterable[str], known: Iterable[str], where: Path) -> list[str]:
    """Names of annotated videos that are not there.

    Raises:
        DataError: none is there.
    """
    names, there = sorted(annotated), frozenset(known)
    unknown = [name for name in names if name not in there]
    if len(unknown) == len(names):
        first = f"the first is '{names[0]}'" if names else "it names none"
        raise DataError(f"{where}: names none of the videos ({first}; a name is the path without suffix)")
    return unknown


def _content(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
        videos = sorted({frame_of(image)[0] for image in json.loads(content)["images"]})
        "".join(videos).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{file}: not COCO annotations of video frames ({type(error).__name__}: {error})") from error
    return {"sha256": hashlib.sha256(content).hexdigest(), "videos": videos}


def _read_cache(cache: Path) -> dict[str, Any]:
    # What is missing, damaged or of another version is found out anew.
    try:
        known = read_json(cache)
    except DataError:
        return {}
    return {file: entry for file, entry in known.items() if isinstance(entry, dict) and _is_stored(entry)}


def _is_stored(entry: dict[str, Any]) -> bool:
    kinds = {"size": int, "mtime_ns": int, "sha256": str, "videos": list}
    return entry.keys() == kinds.keys() and all(isinstance(entry[key], kind) for key, kind in kinds.items())
