"""What all tests share: the real test files, and runs of the workflow through Snakemake's command line."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

HERE = Path(__file__).parent
# Before anything loads oneDNN. With other instructions, rounding picks another of two proposals that score alike, and
# what the original's graph computed is compared number by number.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
sys.path[:0] = [str(HERE), *(str(HERE / "unit" / folder) for folder in (".", "video", "models", "render", "report"))]

import clips  # noqa: E402
from slow import is_slow  # noqa: E402
from snakemake_runs import Run, Workflow  # noqa: E402

LONGEST = ("test_reruns.py", "test_slurm.py", "test_conda.py", "test_report.py", "test_page.py", "test_training.py")
"""Files that take minutes, the longest first."""

# How long an example takes says nothing about it.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="leave out what tests/slow.py names")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The files that take longest come first: at the end only they would still run, on one core of many."""
    if config.getoption("fast"):
        slow = [item for item in items if is_slow(item.nodeid.removeprefix("tests/"))]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


@pytest.fixture(autouse=True)
def _process_as_it_was() -> Iterator[None]:
    """The command line sets up the log and how the process is stopped; the next test must not inherit that."""
    log = logging.getLogger("objmask")
    log.handlers.clear()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    log.handlers.clear()
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of real test files; tests that need it are skipped without it."""
    folder = os.environ.get("OBJMASK_TEST_ASSETS")
    if not folder or not Path(folder, "videos").is_dir():
        pytest.skip("needs real videos and models: set OBJMASK_TEST_ASSETS to their folder")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, in a folder whose name is a trap of its own."""
    root = tmp_path_factory.mktemp("project") / "user's copy of $objmask"
    root.mkdir()
    original = HERE.parent
    shutil.copy(original / "Snakefile", root)
    shutil.copy(original / "config.yaml", root)
    for folder in ("workflow", "profiles", "envs", "objmask"):
        shutil.copytree(original / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(scope="session")
def workflow(project: Path, assets: Path) -> Workflow:
    """A copy of the project, and the fastest real model."""
    return Workflow(project, assets / "models/yolov8n-seg_256_nhwc_int8_io.tflite")


@pytest.fixture(scope="session")
def full_run(workflow: Workflow, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A whole run over three small videos below `videos/`, for tests that only look at it or copy its folder."""
    folder = tmp_path_factory.mktemp("full")
    for label in ("desk", "meeting"):
        (folder / "videos" / label).mkdir(parents=True)
    shutil.copy(assets / "videos/office/meeting/two_people_at_desk.mp4", folder / "videos/meeting/people.mp4")
    clips.make(folder / "videos/desk/one.mp4")
    clips.make(folder / "videos/desk/two.mp4", pts=clips.VARIABLE)
    return workflow.run(folder, {"videos": "videos"}).ok()
