"""The inputs: which videos, what bytes, how many packets. Known before any job starts.

Fingerprints and packet counts are cached by size and modification time in one JSON file, so that reading the workflow
again costs one `stat` a video; the file is replaced atomically and may lie on storage that cluster nodes share.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from objmask.errors import ConfigError, DataError, VideoError, is_machines
from objmask.files.whole import read_json, sha256_of, write_json
from objmask.inputs.chunks import LIKE_A_CHUNK
from objmask.inputs.folder import USUAL, is_video_name, videos_below
from objmask.inputs.names import UNLABELLED
from objmask.inputs.table import read_input_table

LOG = logging.getLogger(__name__)

TABLE_SUFFIXES = frozenset({".tsv", ".csv", ".tab", ".txt"})
"""Of tables of videos; other suffixes are taken too."""
_UNSAFE = re.compile(r"[{}<>%\x00-\x1f\x7f-\x9f]")
_PERIODIC = re.compile(r"(.+?)\1{19}$")
"""Snakemake stops at a name that ends in twenty times the same."""
_MAX_NAME_BYTES = 235
"""File systems allow 255; results add up to `.frames.parquet`."""
_LIKE_A_RESULT = re.compile(r"\.(?=(mp4|parquet|csv|json|tsv|log|nut)$)")
_STORED = {"size": int, "mtime_ns": int, "sha256": str, "packets": int, "unreadable": str}


@dataclass(frozen=True)
class RequestedVideo:
    """A video that was asked for.

    Attributes:
        name: path below the input folder without suffix, safe as a file name; what `<video>` stands for in results.
        path: the file.
        label: the activity: the table's column, else the folder the video lies in.
        subject: the table's column, else empty.
    """

    name: str
    path: Path
    label: str
    subject: str = ""


@dataclass(frozen=True)
class InputVideo(RequestedVideo):
    """A video as it is now.

    Attributes:
        sha256: of the file's bytes, hex.
        packets: video packets, which is the number of frames to expect; 0 when unreadable.
        unreadable: why it cannot be read, or empty.
        machine_failed: that is no fault of the file: it counts, and its jobs try again.
    """

    sha256: str = ""
    packets: int = 0
    unreadable: str = ""
    machine_failed: bool = False

    @property
    def unusable(self) -> str:
        """Why no run can use it, without places; or empty."""
        return "" if self.machine_failed else self.without_place(self.unreadable)

    def without_place(self, text: str) -> str:
        """A text without the folder that the video lies in: what is handed on names no places."""
        return text.replace(str(VideoError(self.path)), str(VideoError(self.path.name)))

    def with_place(self, text: str) -> str:
        """What `without_place` made shorter, for the people at this machine."""
        name = str(VideoError(self.path.name))
        return str(VideoError(self.path)) + text.removeprefix(name) if text.startswith(name) else text


def find_videos(videos: Path, warn: Callable[[str], None] = LOG.warning) -> list[RequestedVideo]:
    """The videos of a folder tree or of a table, sorted by name; or the one that is given itself.

    Args:
        videos: the folder, table or video.
        warn: is told what looks like a mistake, a line each.

    Raises:
        ConfigError: nothing there, no videos in it, two with one name, a name that is not Unicode.
    """
    if videos.is_dir():
        sources = _from_folder(videos, warn)
    elif videos.is_file() and is_video_name(videos):
        sources = [RequestedVideo(_safe_name(Path(videos.name)), videos, UNLABELLED)]
    elif videos.is_file():
        sources = _from_table(videos, warn)
    else:
        tried = "" if videos.is_absolute() else f" (looked for {videos.absolute()})"
        raise ConfigError(f"videos: there is no folder or table '{videos}'{tried}; set it to where your videos are")
    if not sources:
        raise ConfigError(f"videos: no video in '{videos}' (looked for {USUAL})")
    _refuse_same_names(sources)
    return sorted(sources, key=lambda s: s.name)


def index_videos(sources: Iterable[RequestedVideo], cache: Path) -> list[InputVideo]:
    """Fingerprints and counts of videos, from the cache where size and time are unchanged.

    A cache that cannot be written costs time at the next start, nothing else.
    """
    sources = list(sources)
    known = _read_cache(cache)
    entries: dict[str, dict[str, Any]] = {}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        jobs = [pool.submit(_entry, source.path, known.get(str(source.path))) for source in sources]
        new = sum(str(source.path) not in known for source in sources)
        for source, job in tqdm(
            zip(sources, jobs, strict=True), "reading videos", len(sources), disable=None if new > 20 else True
        ):
            entries[str(source.path)] = job.result()
    # What the machine could not do a moment ago says nothing of the file.
    lasting = {path: entry for path, entry in entries.items() if "machine_failed" not in entry}
    if lasting != known:
        try:
            write_json(cache, lasting, shared=True)
        except OSError as error:
            LOG.warning("%s: cannot be written (%s); videos are fingerprinted anew each time", cache, error)
    return [
        InputVideo(
            s.name, s.path, s.label, s.subject, e["sha256"], e["packets"], e["unreadable"], "machine_failed" in e
        )
        for s, e in ((s, entries[str(s.path)]) for s in sources)
    ]


def read_paths(cache: Path) -> dict[str, Path]:
    """Where videos lay when the workflow was read last, by their SHA-256, in hex."""
    return {entry["sha256"]: Path(path) for path, entry in _read_cache(cache).items()}


def _from_folder(folder: Path, warn: Callable[[str], None]) -> list[RequestedVideo]:
    below = ((path, path.relative_to(folder)) for path in videos_below(folder, warn))
    return [RequestedVideo(_safe_name(part), path, _one_line(part.parent.name) or UNLABELLED) for path, part in below]


def _from_table(table: Path, warn: Callable[[str], None]) -> list[RequestedVideo]:
    try:
        rows, warnings = read_input_table(table)
    except ConfigError as error:
        video = "" if table.suffix.lower() in TABLE_SUFFIXES else f"not a video; videos end in {USUAL}; and "
        raise ConfigError(f"videos: '{table}' is {video}not a table of videos: {error}") from error
    for warning in warnings:
        warn(warning)
    paths = [table.parent / row["path"] for row in rows]
    for path in paths:
        # As in a folder, a dangling link or a pipe is a video that cannot be read.
        if not os.path.lexists(path) or os.path.isdir(path):
            raise ConfigError(f"videos: '{table}' names '{path}', which is not a file")
    absolute = [Path(os.path.abspath(path)) for path in paths]
    # Names are paths below the table's folder, so that a further row changes no name; further up when a row lies there.
    root = Path(os.path.commonpath([Path(os.path.abspath(table.parent)), *(path.parent for path in absolute)]))
    return [
        RequestedVideo(
            _safe_name(full.relative_to(root)),
            path,
            _one_line(row["label"]) or UNLABELLED,
            _one_line(row["subject"]),
        )
        for row, path, full in zip(rows, paths, absolute, strict=True)
    ]


def _safe_name(below: Path) -> str:
    """A video's name: without suffix; what file names, Snakemake or our own layout trip over is percent-encoded."""
    try:
        str(below).encode()
    except UnicodeEncodeError:
        raise ConfigError(f"videos: the file name {os.fsencode(below)!r} is not Unicode; rename the file") from None
    parts = [_UNSAFE.sub(lambda m: f"%{ord(m[0]):02X}", part) for part in below.with_suffix("").parts]
    # Some names mean something to our own files: `<video>.frames.parquet`, a chunk's, and for a folder `<video>.mp4`.
    parts = [part.replace("-", "%2D") if LIKE_A_CHUNK.match(part) else part for part in parts]
    parts[-1] = re.sub(r"\.frames$", "%2Eframes", parts[-1])
    parts[:-1] = [_LIKE_A_RESULT.sub("%2E", part) for part in parts[:-1]]
    name = "/".join(parts)
    if any(len(part.encode()) > _MAX_NAME_BYTES for part in parts):
        raise ConfigError(
            f"videos: '{below}' has too long a name: results add to it, at most {_MAX_NAME_BYTES} bytes are possible; "
            "rename the file or folder"
        )
    return f"{name[:-1]}%{ord(name[-1]):02X}" if _PERIODIC.search(name) else name


def _one_line(text: str) -> str:
    """Labels and subjects become cells of tables."""
    return " ".join(text.split())


def _refuse_same_names(sources: Iterable[RequestedVideo]) -> None:
    taken: dict[str, Path] = {}
    for source in sources:
        key = unicodedata.normalize("NFC", source.name).casefold()
        if key in taken:
            raise ConfigError(f"videos: '{taken[key]}' and '{source.path}' would write the same results; rename one")
        taken[key] = source.path


def _entry(path: Path, known: dict[str, Any] | None) -> dict[str, Any]:
    from objmask.video.probe import check_decodes, count_packets

    try:
        state = path.stat()
        readable = stat.S_ISREG(state.st_mode)
        stamp = {"size": state.st_size, "mtime_ns": state.st_mtime_ns}
    except OSError:
        # A link to nothing, or gone since it was found: said by the attempt to open it.
        readable, stamp = False, {"size": 0, "mtime_ns": 0}
    # What could not be read may be readable now: permissions and network drives change without a trace in the time.
    if known and {key: known.get(key) for key in stamp} == stamp and not known.get("unreadable"):
        return known
    unreadable, packets, sha256 = "", 0, ""
    machine_failed = False
    try:
        packets = count_packets(path)
        check_decodes(path)
    except (VideoError, MemoryError) as error:
        unreadable, machine_failed = str(error) or "out of memory", is_machines(error)
    try:
        # Reading a pipe or a device need not end.
        sha256 = sha256_of(path) if readable else ""
    except OSError as error:
        machine_failed = machine_failed or is_machines(error)
        reason = VideoError(f"{path}: cannot be read ({error.strerror}); take it out of the input")
        unreadable = unreadable or str(reason)
    entry = {**stamp, "sha256": sha256, "packets": packets, "unreadable": unreadable}
    return {**entry, "machine_failed": True} if machine_failed else entry


def _read_cache(cache: Path) -> dict[str, Any]:
    # What is missing, damaged or of another version is found out anew.
    try:
        known = read_json(cache)
    except DataError:
        return {}
    return {path: entry for path, entry in known.items() if isinstance(entry, dict) and _is_stored(entry)}


def _is_stored(entry: dict[str, Any]) -> bool:
    return entry.keys() == _STORED.keys() and all(isinstance(entry[key], kind) for key, kind in _STORED.items())
