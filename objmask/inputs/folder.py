"""What in a folder is a video: by lists of our own, which say the same on every machine; what is not taken is named."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from objmask.errors import ConfigError

SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".f4v", ".ismv", ".avi", ".divx", ".amv", ".mkv", ".mk3d", ".webm",
    ".mpg", ".mpeg", ".mpe", ".m1v", ".m2v", ".mp2v", ".m2p", ".vob", ".evo", ".mod", ".tod", ".mts", ".m2ts", ".m2t",
    ".ts", ".tp", ".trp", ".wmv", ".asf", ".wtv", ".dvr-ms", ".flv", ".ogv", ".ogm", ".mxf", ".gxf", ".dv", ".dif",
    ".mjpeg", ".mjpg", ".h264", ".264", ".avc", ".h265", ".265", ".hevc", ".ivf", ".dav", ".rm", ".rmvb", ".insv",
    ".360", ".lrv", ".lrf",
})  # fmt: skip
"""File name suffixes of videos, lower case; any case is taken."""
USUAL = ".3gp, .avi, .mkv, .mov, .mp4, .mpg, .mts, .webm and others, in any case: see docs/video.md"
"""Of them, for messages."""
_NOT_TAKEN = frozenset({
    ".braw", ".r3d", ".ari", ".arx", ".crm", ".rmf", ".nev", ".cine", ".mlv", ".swf", ".bik", ".bk2", ".smk", ".ivr",
    ".gif", ".apng", ".webp", ".heic", ".heif", ".avif", ".y4m", ".yuv", ".nut", ".av1", ".obu", ".m3u8", ".m3u",
    ".mpd", ".ffconcat", ".sdp", ".asx", ".wpl", ".xspf", ".ism", ".nsv", ".nuv", ".part", ".partial", ".crdownload",
    ".download", ".filepart",
})  # fmt: skip
"""Of what looks like a video: raw of cinema cameras, moving pictures, lists of files, unfinished downloads."""
_SMALL = frozenset({".lrv", ".lrf"})
_COMPANIONS = _SMALL | {".insv", ".360"}
"""What a camera writes beside a video of the same name, or what that was made from: a small copy, the view of its
lenses."""
_SMALL_COPIES = ((re.compile(r"gl(?=\d{6}$)"), ("gx", "gh", "gp")), (re.compile(r"lrv(?=_)"), ("vid", "pro")))
"""How names of small copies begin, and those of what they are copies of, lower case."""
_TEXTS_TOO = frozenset({".ts", ".mts", ".mod", ".dif", ".tp"})
"""Suffixes that source code has as well."""
_START_BYTES, _LEAST_BYTES = 4096, 188
"""That are looked at; and of a packet of MPEG, which is too little to tell."""
_PASSED_OVER = frozenset({
    "$recycle.bin", "recycler", "recycled", "system volume information", "@eadir", "@recycle", "#recycle",
    "#snapshot", "lost+found", "__macosx", "found.000",
})  # fmt: skip
"""Folders of operating systems and network drives, lower case: deleted files, thumbnails, finds of disk checks."""
_OURS = {"probe", "logs"}
"""Folders that, beside `index.json`, tell results of ours from videos that somebody put there."""
_NAMED = 10


@dataclass
class Found:
    """The files of a folder tree.

    Attributes:
        videos: to be taken; also what is no file that can be read (a dangling link, a pipe), and has a video's name.
        not_taken: looks like a video.
        companions: beside a video that they go with.
        texts: source code with a suffix that videos have.
        no_files: dangling links, pipes, sockets and devices with other names.
    """

    videos: list[Path] = field(default_factory=list)
    not_taken: list[Path] = field(default_factory=list)
    companions: list[Path] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)
    no_files: list[Path] = field(default_factory=list)


def is_video_name(path: Path) -> bool:
    """Whether a file is taken for a video by its name."""
    return path.suffix.lower() in SUFFIXES


def videos_below(folder: Path, warn: Callable[[str], None]) -> list[Path]:
    """The videos of a folder tree; what else looks like one is told.

    Raises:
        ConfigError: a folder cannot be read.
    """
    found = _look_through(folder)
    for paths, what, remedy in (
        (found.not_taken, "left out, whose kind objmask does not take", "convert them"),
        (found.texts, "left out, which are texts", "name them in a table if they are videos"),
        (found.companions, "left out, which a camera has written beside a video of that name", "name them in a table"),
        (found.no_files, "left out, which are no files that can be read", "mend or remove them"),
    ):
        if paths:
            shown = ", ".join(str(path.relative_to(folder)) for path in sorted(paths)[:_NAMED])
            more = ", …" if len(paths) > _NAMED else ""
            warn(f"videos: {len(paths)} {what}: {shown}{more}; {remedy}")
    return found.videos


def _look_through(folder: Path) -> Found:
    found = Found()
    for root, names in _folders(folder):
        taken = {name.lower() for name in names if is_video_name(Path(name))}
        for path in (Path(root, name) for name in names):
            suffix = path.suffix.lower()
            if suffix in SUFFIXES:
                text = suffix in _TEXTS_TOO and _is_text(path)
                kind = found.texts if text else found.companions if _is_companion(path, taken) else found.videos
                kind.append(path)
            elif suffix in _NOT_TAKEN:
                found.not_taken.append(path)
            elif not os.path.isfile(path):
                found.no_files.append(path)
    return found


def _folders(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Folders and the names in them that are not hidden, through links too, each folder once; none of our results."""
    seen = set()
    for root, folders, names in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        real = os.path.realpath(root)
        wanted = real not in seen and not ("index.json" in names and set(folders) >= _OURS)
        folders[:] = sorted(filter(_is_wanted_folder, folders)) if wanted else []
        if wanted:
            seen.add(real)
            yield root, sorted(name for name in names if not name.startswith("."))


def _is_wanted_folder(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _PASSED_OVER


def _is_companion(path: Path, taken: Iterable[str]) -> bool:
    """Whether a camera's own file lies beside the video, of names in lower case, that it goes with."""
    stem, suffix = path.stem.lower(), path.suffix.lower()
    if suffix not in _COMPANIONS:
        return False
    renamed = {begin + stem[m.end() :] for copy, begins in _SMALL_COPIES if (m := copy.match(stem)) for begin in begins}
    small = bool(renamed) or suffix in _SMALL
    others = SUFFIXES - _SMALL if small else SUFFIXES - _COMPANIONS
    possible = {f"{one}{other}" for one in {stem, *renamed} for other in others} - {path.name.lower()}
    return not possible.isdisjoint(taken)


def _is_text(path: Path) -> bool:
    """Whether a file begins as a text does and as no video does."""
    if not os.path.isfile(path):
        return False
    try:
        with path.open("rb") as stream:
            start = stream.read(_START_BYTES)
    except OSError:
        return False
    return len(start) >= _LEAST_BYTES and not re.search(rb"[\x00-\x08\x0e-\x1f]", start) and _is_utf8(start)


def _is_utf8(start: bytes) -> bool:
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return error.end >= len(start)  # a character that is cut off
    return True


def _refuse_folder(error: OSError) -> None:
    raise ConfigError(f"videos: the folder '{error.filename}' cannot be read ({error.strerror}); mend that or move it")
