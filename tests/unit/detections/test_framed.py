"""Rows beside a frames table: both files or neither, and a row that is lost or strange is said."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from builders import METADATA, rewrite
from hypothesis import given, settings
from hypothesis import strategies as st

from objmask.detections.framed import FramedOut, complete, rows_by_frame
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.errors import DataError
from objmask.files.parquet import FORMAT_VERSION, metadata_of, read_table

SCHEMA = pa.schema(
    [pa.field("frame", pa.int64(), nullable=False), pa.field("what", pa.string(), nullable=False)],
)


def write(path: Path, frames: Sequence[Sequence[str]], first: int = 0, **metadata: object) -> FrameTable:
    with FramedOut(path, frames_path(path), SCHEMA, {**METADATA, **metadata}) as out:
        for number, rows in enumerate(frames, first):
            one = [{"what": what} for what in rows]
            out.write(number, 1001 * number, 1001, inferred=number % 2 == 0, rows=one)
    return FrameTable.read(frames_path(path))


def texts(frames: Sequence[Sequence[dict[str, Any]]]) -> list[list[str]]:
    return [[row["what"] for row in rows] for rows in frames]


@settings(max_examples=30)
@given(st.lists(st.lists(st.text("ab皿", max_size=3), max_size=4), max_size=12), st.integers(0, 9))
def test_what_is_written_is_read_frame_by_frame(tmp_path_factory, frames: list[list[str]], first: int) -> None:
    path = tmp_path_factory.mktemp("framed") / "a.parquet"
    table = write(path, frames, first)
    assert table.number.tolist() == list(range(first, first + len(frames)))
    assert table.detections.tolist() == [len(rows) for rows in frames]
    assert table.inferred.tolist() == [number % 2 == 0 for number in table.number]
    assert (table.time_base, table.start_pts) == (Fraction(METADATA["time_base"]), METADATA["start_pts"])
    assert texts(list(complete(path, SCHEMA, table, "paint"))) == frames
    assert texts(list(rows_by_frame(path, SCHEMA, table.number.tolist(), "paint"))) == frames
    for file in (path, frames_path(path)):
        assert metadata_of(file) == {**METADATA, "format_version": FORMAT_VERSION}


def test_more_rows_than_a_row_group_holds_and_equal_bytes(tmp_path: Path) -> None:
    frames = [[str(k)] * (k % 7) for k in range(1500)]
    for name in ("a", "b"):
        write(tmp_path / f"{name}.parquet", frames)
    table = FrameTable.read(tmp_path / "a.frames.parquet")
    assert texts(list(complete(tmp_path / "a.parquet", SCHEMA, table, "paint"))) == frames
    for kind in ("parquet", "frames.parquet"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


@pytest.mark.parametrize("older", [False, True])
def test_a_failure_leaves_both_files_as_they_were(tmp_path: Path, older: bool) -> None:
    path = tmp_path / "a.parquet"
    if older:
        write(path, [["x"]])
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def stop_after_one() -> None:
        with FramedOut(path, frames_path(path), SCHEMA, METADATA) as out:
            out.write(0, 0, 1, inferred=True, rows=[{"what": "y"}])
            raise RuntimeError("what decides has stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stop_after_one()
    # The rows are only found to be none when the files are brought to their ends.
    with pytest.raises((pa.ArrowException, TypeError)), FramedOut(path, frames_path(path), SCHEMA, METADATA) as out:
        out.write(0, 0, 1, inferred=True, rows=[{"what": 5}])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def counted(table: FrameTable, detections: Sequence[int]) -> FrameTable:
    columns = (table.number, table.pts, table.duration_pts, table.inferred)
    return FrameTable(*columns, np.array(detections, np.int32), table.time_base, table.start_pts)


@pytest.mark.parametrize("counts", [[2, 0, 2], [1, 0, 1], [2, 1, 1], [0, 0, 1], [2, 0, 0]], ids=str)
def test_rows_that_are_missing_or_too_many_are_one_line(tmp_path: Path, counts: list[int]) -> None:
    path = tmp_path / "a.parquet"
    table = write(path, [["x", "y"], [], ["z"]])
    with pytest.raises(DataError, match=r"a\.parquet: rows of frame \d are missing .*run hide again") as caught:
        list(complete(path, SCHEMA, counted(table, counts), "hide"))
    assert "\n" not in str(caught.value)


def test_what_comes_before_a_missing_row_is_given(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = complete(path, SCHEMA, counted(write(path, [["x", "y"], [], ["z"]]), [2, 0, 2]), "hide")
    assert texts([next(rows), next(rows)]) == [["x", "y"], []]
    with pytest.raises(DataError, match=r"rows of frame 2 are missing \(1 of 2\)"):
        next(rows)


@pytest.mark.parametrize("numbers", [[], [1, 2, 3], [0, 1, 2], [0, 2, 3], [0, 1, 3], [4, 5]], ids=str)
def test_rows_of_a_frame_that_is_not_asked_for_are_one_line(tmp_path: Path, numbers: list[int]) -> None:
    path = tmp_path / "a.parquet"
    write(path, [["x"], ["y"], ["z"], ["w"]])
    with pytest.raises(DataError, match=r"a\.parquet: has rows of frame \d.*run paint again") as caught:
        list(rows_by_frame(path, SCHEMA, numbers, "paint"))
    assert "\n" not in str(caught.value)


def test_of_a_table_without_frames_there_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = write(path, [])
    assert list(complete(path, SCHEMA, table, "paint")) == []
    write(path, [["x"]])
    with pytest.raises(DataError, match="has rows of frame 0"):
        list(complete(path, SCHEMA, table, "paint"))


def test_frames_out_of_order_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = write(path, [["x"], ["y"], ["z"]])
    rows = read_table(path, SCHEMA)
    rewrite(rows.take([1, 0, 2]), path)
    with pytest.raises(DataError, match="run paint again"):
        list(complete(path, SCHEMA, table, "paint"))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = write(path, [["x"]])
    other = pa.schema([SCHEMA.field("frame"), pa.field("which", pa.string(), nullable=False)])
    with pytest.raises(DataError, match=r"expected the columns \['frame', 'which'\]"):
        list(complete(path, other, table, "paint"))
