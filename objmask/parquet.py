"""Parquet files as objmask writes them: rows in groups of fixed size, metadata with a format version."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from objmask.errors import DataError

FORMAT_VERSION = 1
_ROWS_PER_GROUP = 1024  # fixed, so that the bytes do not depend on how the work was cut into chunks
_READ_BYTES = 1 << 16
_METADATA_KEY = b"objmask"


class ParquetOut:
    """A context manager that writes a file; equal rows and metadata give equal bytes."""

    def __init__(self, path: Path, schema: pa.Schema, metadata: Mapping[str, Any]) -> None:
        text = json.dumps({"format_version": FORMAT_VERSION, **metadata}, sort_keys=True)
        self._schema = schema.with_metadata({_METADATA_KEY: text.encode()})
        self._path = path
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> ParquetOut:
        self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd", compression_level=3)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._writer.close()

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
        DataError: the file is not one of objmask's Parquet files, or of a later format.
    """
    try:
        stored = pq.read_schema(path).metadata or {}
        metadata: dict[str, Any] = json.loads(stored[_METADATA_KEY])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise DataError(
            f"{path}: not a detections or frames file of objmask; delete it and run again ({error})"
        ) from error
    if metadata.get("format_version") != FORMAT_VERSION:
        raise DataError(
            f"{path}: format {metadata.get('format_version')}, this objmask reads {FORMAT_VERSION}; run detect again"
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
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=_READ_BYTES) as file:
            _check_columns(path, file.schema_arrow, schema)
            for batch in file.iter_batches(batch_size=256):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read; delete it and run again ({error})") from error


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """All of a file.

    Raises:
        DataError: the file is damaged, or has other columns.
    """
    try:
        with pq.ParquetFile(path) as file:  # pq.read_table would import pandas, which takes longer than the reading
            table = file.read()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read; delete it and run again ({error})") from error
    _check_columns(path, table.schema, schema)
    return table


def _check_columns(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    if not found.equals(expected):
        raise DataError(f"{path}: expected the columns {expected.names}, got {found.names}")
