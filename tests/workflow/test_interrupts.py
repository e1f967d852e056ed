"""However and whenever the workflow is ended, the same command finishes the work; a folder has one at a time."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import interruptions
import pytest
from interruptions import MODES, Undisturbed
from patience import AT_MOST_S, until
from snakemake_runs import Workflow, contents

ROOT = Path(__file__).parents[2]
RANDOM = random.Random(20)  # noqa: S311
MOMENTS = ((0.15, 0.55), (0.55, 0.95))
CASES = [(mode, RANDOM.uniform(*part)) for mode in MODES for part in MOMENTS]
KILLS = [mode for mode in MODES if mode.number == signal.SIGKILL]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run without interrupts: with the fast model when it is there, else with the one that objmask brings."""
    fast = Path(os.environ.get("OBJMASK_TEST_ASSETS", ""), "models/yolov8n-seg_256_nhwc_int8_io.tflite").absolute()
    workflow = Workflow(ROOT, fast if fast.is_file() else Path("demo"))
    return interruptions.undisturbed(tmp_path_factory.mktemp("undisturbed") / "run", workflow, clips=1)


@pytest.mark.parametrize(("mode", "share"), CASES, ids=[f"{mode.name}, at {share:.0%}" for mode, share in CASES])
def test_the_same_command_goes_on(truth, tmp_path, mode, share):
    outcome = interruptions.interrupt(mode, share * truth.took_s, truth, tmp_path / "run")
    assert not outcome.problems, "\n".join(outcome.problems)
    assert not outcome.wasted
    # Two cores: what was being computed at that moment, and no more.
    assert outcome.repeated <= 2


@pytest.mark.parametrize("mode", KILLS, ids=[mode.name for mode in KILLS])
def test_what_a_kill_leaves_half_written_is_cleared_away(truth, tmp_path, mode):
    # Whoever looks too late on a busy machine looks again.
    tries = (interruptions.interrupt(mode, "protected", truth, tmp_path / f"run{k}") for k in range(20))
    outcome = next(one for one in tries if one.hit)
    assert not outcome.problems, "\n".join(outcome.problems)


def test_one_workflow_at_a_time(truth, tmp_path):
    """The second is refused with a line that says so, and does the first no harm."""
    given = tmp_path / "given.json"
    given.write_bytes((truth.folder / "given.json").read_bytes())
    (tmp_path / "videos").symlink_to(truth.folder / "videos")
    with interruptions.started(truth.workflow, tmp_path) as first:
        until(lambda: "rule probe:" in interruptions.shown(tmp_path) or first.poll() is not None)
        assert first.poll() is None, interruptions.shown(tmp_path)
        interruptions.again(truth.workflow, tmp_path).refused("another run", "is at work in this folder")
        assert interruptions.again(truth.workflow, tmp_path, "-n").code == 0
        assert first.wait(AT_MOST_S) == 0, interruptions.shown(tmp_path)
    assert contents(tmp_path / "results") == truth.contents
