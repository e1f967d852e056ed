"""What finding the tests takes, which every worker does; and what `make test-fast` keeps of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from slow import SLOW, is_slow

ROOT = Path(__file__).parents[2]
ROOMS = sorted(path.parent.name for path in (ROOT / "objmask").glob("*/__init__.py"))
COLLECT = """
import sys, pytest
code = pytest.main(["--collect-only", "-p", "no:cacheprovider", "tests", *sys.argv[1:]])
print("LOADED", *sys.modules)
sys.exit(code)
"""


def collected(*options: str) -> tuple[list[str], set[str]]:
    """(names of tests below `tests`, modules that were loaded to find them)."""
    command = [sys.executable, "-c", COLLECT, *options]
    # Whoever runs the tests may ask pytest for another form of what it shows.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    shown, _, loaded = run.stdout.rpartition("LOADED")
    assert run.returncode == 0, shown[-3000:]
    tests = [line.removeprefix("tests/") for line in shown.splitlines() if line.startswith("tests/") and "::" in line]
    return tests, set(loaded.split())


@pytest.fixture(scope="module")
def everything() -> tuple[list[str], set[str]]:
    return collected()


def test_it_loads_no_tensorflow(everything: tuple[list[str], set[str]]) -> None:
    tests, loaded = everything
    assert len(tests) > 4000
    assert not {"tensorflow", "keras"} & loaded


@pytest.mark.parametrize("line", SLOW)
def test_each_line_of_what_is_slow_names_tests(everything: tuple[list[str], set[str]], line: str) -> None:
    assert [test for test in everything[0] if test.startswith(line)]


def test_without_what_is_slow_every_room_has_tests(everything: tuple[list[str], set[str]]) -> None:
    fast, _ = collected("--fast")
    assert fast == [test for test in everything[0] if not is_slow(test)]
    assert [room for room in ROOMS if not any(test.startswith(f"unit/{room}/") for test in fast)] == []
