"""Archives (`.tar.gz`) in the TensorFlow zoo's layout: what a network needs is taken out, nothing lands elsewhere."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from objmask.errors import ModelError

SUFFIXES = (".tar.gz", ".tgz")
GZIP_MAGIC = b"\x1f\x8b"
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of a write that found no room: a full disk, a quota, a limit on the size of files."""

_MOST_MEMBERS = 10_000
_MOST_BYTES = 8 << 30
_SMALL_BYTES = 256 << 20
_MOST_EXPANSION = 20  # weights hardly compress; what expands a hundredfold is no network
_TEXT_BYTES = 4 << 20
_NAME_BYTES = 255  # of file systems
_BLOCK_BYTES = 1 << 20
_NETWORK = ("frozen_inference_graph.pb", "saved_model.pb")
_PIPELINE, _LABELS = "pipeline.config", "label_map.pbtxt"
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
}


def is_archive(path: Path) -> bool:
    """Whether a path is named like an archive."""
    return path.name.lower().endswith(SUFFIXES)


def archive_stem(path: Path) -> str:
    """An archive's name without its suffix."""
    return next(path.name[: -len(s)] for s in SUFFIXES if path.name.lower().endswith(s))


def unpack(archive: Path, folder: Path) -> None:
    """Takes the network, its label map and its `pipeline.config` out of an archive.

    The folder at the archive's top is left away. Members of other names are not written, but none may be dangerous.

    Args:
        archive: a `.tar.gz` file.
        folder: where to put them; made.

    Raises:
        ModelError: the archive is damaged, dangerous, larger than any network, or holds none; or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: set[PurePosixPath] = set()
    with _members(archive) as members:
        for name, size, content in members:
            found.add(name)
            write_member(content, size, folder.joinpath(*name.parts), archive)
    if not any(name.name in _NETWORK for name in found):
        raise ModelError(
            f"{archive}: holds neither {' nor '.join(_NETWORK)}; give an archive of a network for inference"
        )


def unpack_texts(archive: Path, folder: Path) -> None:
    """Takes only the label map and `pipeline.config` out, and stops reading once it has both.

    Raises:
        ModelError: as for `unpack`, as far as the archive was read.
    """
    wanted = {_PIPELINE, _LABELS}
    with _members(archive) as members:
        for name, size, content in members:
            kind = _LABELS if name.name.endswith(_LABELS) else name.name
            if kind in wanted and len(name.parts) == 1 and size <= _TEXT_BYTES:
                write_member(content, size, folder / name.name, archive)
                wanted.remove(kind)
            if not wanted:
                break


def check(archive: Path) -> None:
    """Reads an archive to its end, without writing anything.

    Raises:
        ModelError: as for `unpack`.
    """
    with _members(archive) as members:
        for _ in members:
            pass


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[tuple[PurePosixPath, int, IO[bytes]]]]:
    """The members that a network needs, as (name below the top folder, size, content), each checked."""
    limit = min(_MOST_BYTES, max(_SMALL_BYTES, _MOST_EXPANSION * archive.stat().st_size))
    try:
        with _Bounded(archive, limit) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            yield _needed(archive, tar, stream)
    except _TooLargeError as error:
        raise ModelError(f"{archive}: unpacks to more than a network can be; get a proper archive") from error
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, OverflowError) as error:
        raise ModelError(f"{archive}: not a .tar.gz archive, or damaged ({error}); get it again") from error
    except RecursionError as error:
        # tarfile reads a header that belongs to the next one by calling itself.
        raise ModelError(f"{archive}: dangerous, an endless row of headers; get a proper archive") from error
    except OSError as error:
        if error.errno in NO_SPACE:
            raise no_room_to_unpack(archive, error) from error
        raise


def _needed(
    archive: Path, tar: tarfile.TarFile, stream: gzip.GzipFile
) -> Iterator[tuple[PurePosixPath, int, IO[bytes]]]:
    for count, member in enumerate(tar, 1):
        if count > _MOST_MEMBERS:
            raise ModelError(f"{archive}: holds more than {_MOST_MEMBERS} files; get a proper archive")
        _refuse_dangerous(archive, member)
        name = _wanted(PurePosixPath(member.name)) if member.isfile() else None
        if name is not None:
            content = tar.extractfile(member)
            if content is not None:
                yield name, member.size, content
    while stream.read(_BLOCK_BYTES):
        pass  # to the checksum at the end


def _refuse_dangerous(archive: Path, member: tarfile.TarInfo) -> None:
    """Raises ModelError for what no archive of a network holds."""
    path = PurePosixPath(member.name)
    what = _KINDS.get(member.type)
    if path.is_absolute() or ".." in path.parts or "\0" in member.name:
        what = "a file outside its own folder"
    elif what is None and (not (member.isfile() or member.isdir()) or member.issparse()):
        what = "something that is no plain file"
    elif what is None and member.size < 0:
        what = "a file of negative size"  # after which tarfile would read backwards
    elif what is None and any(len(os.fsencode(part)) > _NAME_BYTES for part in path.parts):
        what = "a name that is too long"
    if what is not None:
        raise ModelError(f"{archive}: dangerous, holds {what} ({member.name[:_NAME_BYTES]!r}); get a proper archive")


def _wanted(path: PurePosixPath) -> PurePosixPath | None:
    """Where a member goes; None: it is not needed."""
    for name in (path, PurePosixPath(*path.parts[1:])):
        parts = name.parts[1:] if name.parts[:1] == ("saved_model",) else name.parts
        if parts == (_NETWORK[1],) or (parts[:1] == ("variables",) and len(parts) > 1):
            return name
        if len(name.parts) == 1 and (name.name in (_NETWORK[0], _PIPELINE) or name.name.endswith(_LABELS)):
            return name
    return None


def no_room_to_unpack(archive: Path, error: OSError) -> ModelError:
    """What to say when the disk, or the user's share of it, is full."""
    return ModelError(f"{archive}: no room to unpack it ({error.strerror}); free some space")


def write_member(content: IO[bytes], size: int, path: Path, archive: Path) -> None:
    """Writes a member of an archive.

    Args:
        content: to be read to its end.
        size: in bytes, as the archive says.
        path: a new file; its folder is made.
        archive: for the error.

    Raises:
        ModelError: the file is there already.
        OSError: there is no room for it, or it cannot be read.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
        if size > free:
            raise OSError(errno.ENOSPC, f"{path.name} needs {size / 1e6:.1f} MB, {free / 1e6:.1f} MB are free")
        with path.open("xb") as file:
            shutil.copyfileobj(content, file, _BLOCK_BYTES)
    except (FileExistsError, NotADirectoryError) as error:
        raise ModelError(f"{archive}: holds {path.name} twice; get a proper archive") from error


class _TooLargeError(Exception):
    """The archive goes on after its limit."""


class _Bounded(gzip.GzipFile):
    """Reads a gzip file up to a limit, and never much at once: tar headers may ask for gigabytes."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(path, "rb")
        self._limit = limit

    def read(self, size: int | None = -1) -> bytes:
        """As of any file."""
        if size is None or size < 0 or size > 2 * _BLOCK_BYTES or self.tell() + size > self._limit:
            raise _TooLargeError
        return super().read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file; forward only where it matters."""
        if offset > self._limit:
            raise _TooLargeError
        return super().seek(offset, whence)
