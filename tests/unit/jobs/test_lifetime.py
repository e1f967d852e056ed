"""A job must not outlive the workflow that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from patience import AT_MOST_S, until

from objmask.jobs import lifetime

JOB = """
import sys, time
from pathlib import Path
from objmask.cli import main
import objmask.verbs.probe
def run(options):
    Path(options.out).write_text("started")
    try:
        time.sleep(100_000)
    finally:
        Path(options.out).write_text("unwound")
objmask.verbs.probe.run = run
sys.exit(main(["probe", "--video=v", f"--out={sys.argv[1]}"]))
"""
WORKFLOW = """
import os, subprocess, sys
from objmask.jobs import lifetime
os.environ[lifetime.WORKFLOW] = lifetime.this_process()
shell = f"{sys.executable} -c '{sys.argv[1]}' {sys.argv[2]}; true"
subprocess.run(["bash", "-c", shell])
"""


def says(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


@pytest.fixture
def job(tmp_path):
    """The process of a workflow, and the file in which its job says how far it is."""
    said = tmp_path / "said"
    process = subprocess.Popen([sys.executable, "-c", WORKFLOW, JOB.replace("'", '"'), said], start_new_session=True)
    try:
        until(lambda: says(said, "started"))
        yield process, said
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_job_unwinds_when_its_workflow_is_killed(job):
    """Bash between the two goes on and says nothing."""
    process, said = job
    process.kill()
    until(lambda: says(said, "unwound"))


def test_a_job_goes_on_while_its_workflow_lives(job):
    time.sleep(1)
    assert says(job[1], "started")


def test_a_job_whose_workflow_was_gone_before_it_came_up_does_nothing(tmp_path):
    """The first thing that a job does takes a moment: Python starts."""
    with subprocess.Popen(["true"]) as gone:
        pass
    environment = {**os.environ, lifetime.WORKFLOW: lifetime.this_process().replace(str(os.getpid()), str(gone.pid))}
    done = subprocess.run([sys.executable, "-c", JOB, tmp_path / "said"], env=environment, timeout=AT_MOST_S)
    assert done.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "said").exists()


@pytest.mark.parametrize("value", [None, "", "nonsense", "7", "7@pid:[1]", "-1@{}", "@{}"])
def test_by_hand_or_in_a_container_there_is_no_workflow(monkeypatch, value):
    monkeypatch.delenv(lifetime.WORKFLOW, raising=False)
    if value is not None:
        monkeypatch.setenv(lifetime.WORKFLOW, value.format(os.readlink("/proc/self/ns/pid")))
    assert lifetime.workflow() is None


def test_the_workflow_of_a_job(monkeypatch):
    monkeypatch.setenv(lifetime.WORKFLOW, lifetime.this_process())
    assert lifetime.workflow() == os.getpid()
