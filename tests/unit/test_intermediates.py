"""A flipped bit in any file that one step writes and another reads: the same output, or a refusal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from intermediates import Results, flipped

BITS, KINDS = 6, 22
"""Of each kind; `python -m benchmarks.fuzz_intermediates` flips more."""


@pytest.mark.parametrize("number", range(KINDS))
def test_a_flipped_bit_is_no_other_result(results: Results, tmp_path: Path, number: int) -> None:
    kind = results.kinds()[number]
    ends = list(flipped(results, kind, BITS, np.random.default_rng(number), tmp_path / "scratch"))
    assert {end for end, _ in ends} <= {"identical", "refused"}, ends
    assert all("\n" not in said for _, said in ends)


def test_every_kind_is_walked(results: Results) -> None:
    assert len(results.kinds()) == KINDS


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run's files."""
    return Results(tmp_path_factory.mktemp("run"))
