"""The bytes of a video: hashed once, and held against that whenever they are read.

A path says nothing of what lies behind it: between two steps, or while one reads, another file can take its place or
be written over it. So `probe` keeps a digest of every block of the file, and whoever reads the video afterwards hashes
each block that it needs. What differs is given to nobody. A job therefore hashes what it reads, and not the whole file.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from objmask.errors import DataError, ObjmaskError, VideoError
from objmask.video.blame import REPLACE, blamed

BLOCK_BYTES = 1 << 20
_DIGEST_BYTES = 16
"""Of SHA-256's 32: nobody can make two blocks that share so many, and a probe stays small (23 kB for 1 GB of video)."""
_KEPT_BLOCKS = 8
"""Checked blocks in memory: streams of a file may lie far apart and are read in turns."""


@contextmanager
def regular_file(path: Path) -> Iterator[int]:
    """Opens a file, and nothing else: a pipe would wait for its other end, and a device may give bytes without end.

    Raises:
        VideoError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise blamed(path, error, "cannot be opened as a video", REPLACE) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise VideoError(
                f"{path}: cannot be opened as a video (it is no file); replace the file or take it out of the input"
            )
        yield descriptor
    finally:
        os.close(descriptor)


def fingerprint(path: Path) -> tuple[str, str]:
    """SHA-256 of a file (hex), and one digest a block of it (base64).

    Raises:
        VideoError: the file cannot be opened.
        ObjmaskError: it cannot be read.
    """
    whole, digests = hashlib.sha256(), bytearray()
    with regular_file(path) as descriptor:
        while block := _read_block(path, descriptor, len(digests) // _DIGEST_BYTES):
            whole.update(block)
            digests += _digest(block)
    return whole.hexdigest(), base64.b64encode(digests).decode("ascii")


def _digest(block: bytes) -> bytes:
    return hashlib.sha256(block).digest()[:_DIGEST_BYTES]


def _read_block(path: Path, descriptor: int, number: int) -> bytes:
    """A whole block; less at the file's end."""
    block = b""
    try:
        while more := os.pread(descriptor, BLOCK_BYTES - len(block), number * BLOCK_BYTES + len(block)):
            block += more
    except OSError as error:
        raise ObjmaskError(
            f"{path}: cannot be read ({error.strerror}); see to the drive or the network and run again"
        ) from error
    return block


class CheckedFile:
    """A file, open for reading, that gives only bytes which are those of a fingerprint.

    It goes on reading the same file when another one takes its path. After the first error it seems to end: FFmpeg may
    pass over errors, so `check` must be asked before anything is made of what was read.

    Args:
        path: of the file.
        descriptor: of the open file; stays the caller's.
        blocks: what `fingerprint` said of its blocks.

    Raises:
        DataError: it has another length or end.
        ObjmaskError: it cannot be read.
    """

    def __init__(self, path: Path, descriptor: int, blocks: str) -> None:
        self._path, self._descriptor = path, descriptor
        encoded = base64.b64decode(blocks)
        self._digests = [encoded[k : k + _DIGEST_BYTES] for k in range(0, len(encoded), _DIGEST_BYTES)]
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._error: ObjmaskError | None = None
        self._at = 0
        self._size = os.fstat(descriptor).st_size
        if -(-self._size // BLOCK_BYTES) != len(self._digests):
            raise self._changed()
        if self._digests:
            self._block(len(self._digests) - 1)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int) -> bytes:
        """At most `size` bytes, at least one before the end.

        Raises:
            DataError: they are not those of the fingerprint.
            ObjmaskError: they cannot be read.
        """
        if self._error is not None or self._at >= self._size:
            return b""
        number, start = divmod(self._at, BLOCK_BYTES)
        try:
            data = self._block(number)[start : start + size]
        except ObjmaskError as error:
            self._error = error
            raise
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a place; -1: there is no such place."""
        place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if place < 0:
            return -1
        self._at = place
        return place

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def check(self) -> None:
        """Raises the first error of reading, if there was one."""
        if self._error is not None:
            raise self._error

    def _block(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        block = _read_block(self._path, self._descriptor, number)
        if _digest(block) != self._digests[number]:
            raise self._changed()
        self._kept[number] = block
        if len(self._kept) > _KEPT_BLOCKS:
            self._kept.popitem(last=False)
        return block

    def _changed(self) -> DataError:
        return DataError(
            f"{self._path}: is not the file that was probed, or is being written to; run probe and detect again"
        )
