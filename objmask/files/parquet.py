"""Parquet files as objmask writes them: rows in groups of fixed size, metadata with a format version, a checksum.

Parquet's own checksums are those of pages. The file's, a CRC-32 of every byte of it, lies in its footer: a changed bit
is found wherever it is, also in the footer, which tells where the rows lie.
"""

from __future__ import annotations

import functools
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from objmask.errors import DataError

FORMAT_VERSION = 2
_ROWS_PER_GROUP = 1024  # fixed, so that the bytes do not depend on how the work was cut into chunks
_READ_BYTES = 1 << 16
_METADATA_KEY = b"objmask"
_CHECKSUM_KEY, _MARK = "objmask_file", b"crc32 of this file with eight zeros here: "
_ZEROS = b"0" * 8
_TAIL_BYTES = 1 << 16
"""Metadata that is added last lies within so many bytes of the file's end."""
_BLOCK_BYTES = 1 << 20


class ParquetOut:
    """A context manager that writes a file; equal rows and metadata give equal bytes.

    Args:
        path: the file.
        schema: its columns.
        metadata: stored with it.
        compressed: False for what is read once and deleted.
    """

    def __init__(self, path: Path, schema: pa.Schema, metadata: Mapping[str, Any], *, compressed: bool = True) -> None:
        text = json.dumps({"format_version": FORMAT_VERSION, **metadata}, sort_keys=True)
        self._schema = schema.with_metadata({_METADATA_KEY: text.encode()})
        self._path, self._compressed = path, compressed
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> ParquetOut:
        self._writer = pq.ParquetWriter(
            self._path,
            self._schema,
            compression="zstd" if self._compressed else "none",
            compression_level=3 if self._compressed else None,
            # Names come again and again; masks and numbers hardly do, and looking for equal ones takes long.
            use_dictionary=[field.name for field in self._schema if pa.types.is_string(field.type)],
            write_page_checksum=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
                self._writer.add_key_value_metadata({_CHECKSUM_KEY: (_MARK + _ZEROS).decode()})
        finally:
            self._writer.close()
        if kind is None:
            with self._path.open("r+b") as file:
                place, _, checksum = _checksums(file)
                file.seek(place)
                file.write(checksum)

    def append(self, row: dict[str, Any]) -> None:
        """Adds a row, its keys the columns' names."""
        self._rows.append(row)
        if len(self._rows) == _ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(
                pa.Table.from_pylist(self._rows, schema=self._schema), row_group_size=_ROWS_PER_GROUP
            )
            self._rows = []


def metadata_of(path: Path) -> dict[str, Any]:
    """The metadata that `ParquetOut` stored with a file.

    Raises:
        DataError: the file is not one of objmask's Parquet files, is damaged, or of another format.
    """
    _verify(path)
    try:
        metadata: dict[str, Any] = json.loads((pq.read_schema(path).metadata or {})[_METADATA_KEY])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise DataError(f"{path}: not a table of objmask; delete it and run again ({error})") from error
    if metadata.get("format_version") != FORMAT_VERSION:
        raise DataError(
            f"{path}: format {metadata.get('format_version')}, this objmask reads {FORMAT_VERSION}; "
            "delete it and run again"
        )
    return metadata


def read_rows(path: Path, schema: pa.Schema) -> Iterator[dict[str, Any]]:
    """Yields the rows of a file, a few hundred in memory at a time.

    Raises:
        DataError: the file is damaged, or has other columns.
    """
    metadata_of(path)
    try:
        # Without these it would hold the bytes of the whole file.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=_READ_BYTES, page_checksum_verification=True) as file:
            _check_columns(path, file.schema_arrow, schema)
            # Its threads take more of a processor for these small batches than they save.
            for batch in file.iter_batches(batch_size=256, use_threads=False):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read; delete it and run again ({error})") from error


def read_table(path: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of a file.

    Args:
        path: the file.
        schema: its columns.
        columns: those of them to read; None: all.

    Raises:
        DataError: the file is damaged, or has other columns.
    """
    metadata_of(path)
    try:
        # pq.read_table would import pandas, which takes longer than the reading.
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            _check_columns(path, file.schema_arrow, schema)
            table = file.read(columns=None if columns is None else list(columns), use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read; delete it and run again ({error})") from error
    return table


def _check_columns(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    if not found.equals(expected):
        raise DataError(f"{path}: expected the columns {expected.names}, got {found.names}")


def _verify(path: Path) -> None:
    """Compares a file with its checksum, once for each time that it is written.

    Raises:
        DataError: it cannot be read, or was changed.
    """
    try:
        state = path.stat()
        _verify_as_of(path, state.st_ino, state.st_size, state.st_mtime_ns)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: damaged, or not a table of this version of objmask; delete it and run again ({error})"
        ) from error


@functools.lru_cache(maxsize=4096)
def _verify_as_of(path: Path, _number: int, _size: int, _mtime_ns: int) -> None:
    with path.open("rb") as file:
        _, stored, checksum = _checksums(file)
    if stored != checksum:
        raise ValueError("its content does not fit its checksum")


def _checksums(file: BinaryIO) -> tuple[int, bytes, bytes]:
    """Where in a file its checksum lies, which is stored there, and which one fits the file.

    Raises:
        ValueError: there is no place for one.
    """
    size = file.seek(0, os.SEEK_END)
    before = max(0, size - _TAIL_BYTES)
    file.seek(before)
    tail = file.read()
    if tail.count(_MARK) != 1:
        raise ValueError("it has no checksum")
    place = tail.index(_MARK) + len(_MARK)
    stored, tail = tail[place : place + len(_ZEROS)], tail[:place] + _ZEROS + tail[place + len(_ZEROS) :]
    file.seek(0)
    checksum, left = 0, before
    while left:
        block = file.read(min(left, _BLOCK_BYTES))
        if not block:
            raise ValueError("it was cut off while it was read")
        checksum, left = zlib.crc32(block, checksum), left - len(block)
    return before + place, stored, b"%08x" % zlib.crc32(tail, checksum)
