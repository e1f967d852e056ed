"""A flipped bit in any file that one step writes and another reads: the same output, or a refusal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import rewrite
from intermediates import Results, flipped, outcome

BITS, KINDS = 6, 42
"""Of each kind; `python -m benchmarks.fuzz_intermediates` flips more."""


@pytest.mark.parametrize("number", range(KINDS))
def test_a_flipped_bit_is_no_other_result(results: Results, tmp_path: Path, number: int) -> None:
    kind = results.kinds()[number]
    ends = list(flipped(results, kind, BITS, np.random.default_rng(number), tmp_path / "scratch"))
    assert {end for end, _ in ends} <= {"identical", "refused"}, ends
    assert all("\n" not in said for _, said in ends)


def test_every_kind_is_walked(results: Results) -> None:
    assert len(results.kinds()) == KINDS


TABLES = 16
"""Of what is painted and hidden: two files, six and two readers."""


@pytest.mark.parametrize("number", range(TABLES))
def test_a_lost_row_is_no_other_result(results: Results, tmp_path: Path, number: int) -> None:
    """Of an object or area, or of a frame: in a file that is whole by its checksum."""
    kinds = results.of_tables()
    assert len(kinds) == TABLES
    path = results.at(kinds[number].file)
    whole, rows = path.read_bytes(), pq.read_table(path)
    assert outcome(kinds[number], tmp_path)[0] == "written"
    try:
        for lost in (0, len(rows) // 2, len(rows) - 1):
            rewrite(pa.concat_tables([rows[:lost], rows[lost + 1 :]]), path)
            ended, said = outcome(kinds[number], tmp_path)
            assert ended == "refused", (lost, said)
            assert "\n" not in said
    finally:
        path.write_bytes(whole)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run's files."""
    return Results(tmp_path_factory.mktemp("run"))
