"""Jobs as forks of a prepared process: real processes, which are stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from clips import make
from patience import AT_MOST_S, until

import objmask
from objmask.jobs import lifetime, prepared

ROOT = Path(objmask.__file__).parents[1]


class Workflow:
    """A process that stands for Snakemake, and jobs of it."""

    def __init__(self, folder: Path, meeting: Path) -> None:
        self.folder, self.meeting = folder, meeting
        self.holder = subprocess.Popen(["sleep", "1000"])
        holder = f"{self.holder.pid}@{lifetime.this_process().partition('@')[2]}"
        changes = {
            "TMPDIR": str(meeting),
            lifetime.WORKFLOW: holder,
            prepared.PREPARED: "1",
            "PYTHONPATH": str(ROOT),
        }
        self.environment = os.environ | changes

    def job(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """A job that has begun."""
        return subprocess.Popen(
            [sys.executable, "-m", "objmask", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def server(self) -> int | None:
        """The prepared process, once it listens."""
        [*sockets] = (path for path in self.meeting.rglob("prepared-*") if path.is_socket())
        return next(iter(pids("objmask.prepared.serve", str(sockets[0]))), None) if sockets else None

    def ready(self) -> int:
        """Starts the prepared process with a first job, and waits for it."""
        assert self.job("probe", "--video=none", "--out=none.json").wait(AT_MOST_S) == 1
        found = until(self.server)
        assert found is not None
        return found


def pids(*words: str) -> list[int]:
    """Processes whose command line has these words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = path.with_name("stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and all(word in text for word in words):
            found.append(int(path.parent.name))
    return found


def children(pid: int) -> list[int]:
    """Forks of a process that run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.fixture
def workflow(tmp_path: Path) -> Iterator[Workflow]:
    # The name of a socket may have 107 bytes only.
    with tempfile.TemporaryDirectory(prefix="meet-") as meeting:
        made = Workflow(tmp_path, Path(meeting))
        yield made
        made.holder.kill()
        made.holder.wait()
        until(lambda: not pids("objmask.prepared.serve", meeting))


@pytest.fixture(scope="module")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("long") / "long.mp4", pts=range(0, 8_000_000, 1000))


def begun(workflow: Workflow, server: int, video: Path) -> tuple[subprocess.Popen[str], int]:
    """A job, and its fork, which stands still until it is told to go on."""
    job = workflow.job("probe", f"--video={video}", "--out=a.json")
    [fork] = until(lambda: children(server))
    os.kill(fork, signal.SIGSTOP)
    return job, fork


def test_a_fork_writes_what_a_process_of_its_own_writes(workflow: Workflow) -> None:
    make(workflow.folder / "ä b.mp4", pts=range(0, 20000, 1000))
    said = []
    for name in ("own", "fork"):
        job = workflow.job("probe", "--video=ä b.mp4", f"--out={name}.json", f"--log={name}.log")
        assert job.communicate(timeout=AT_MOST_S) == ("", "")
        assert job.returncode == 0
        said.append((workflow.folder / f"{name}.json").read_bytes())
        if name == "own":
            until(workflow.server)
    assert said[0] == said[1]
    assert "took" in (workflow.folder / "fork.log").read_text()


def test_errors_come_back_as_they_are(workflow: Workflow) -> None:
    (workflow.folder / "no.mp4").write_text("no video")
    both = []
    for _ in range(2):
        job = workflow.job("probe", "--video=no.mp4", "--out=a.json")
        both.append((*job.communicate(timeout=AT_MOST_S), job.returncode))
        until(workflow.server)
    assert both[0] == both[1]
    assert both[0][2] == 1
    usage = workflow.job("probe", "--nonsense")
    assert "--out" in usage.communicate(timeout=AT_MOST_S)[1]
    assert usage.returncode == 2


def test_a_fork_has_the_folder_and_the_environment_of_its_job(workflow: Workflow) -> None:
    """Where it looks for the cache of models, it is told by the environment."""
    workflow.ready()
    make(workflow.folder / "a.mp4", pts=range(0, 5000, 1000))
    other = workflow.folder / "other"
    other.mkdir()
    job = subprocess.run(
        [sys.executable, "-m", "objmask", "probe", "--video=../a.mp4", "--out=a.json"],
        cwd=other,
        env=workflow.environment,
        timeout=AT_MOST_S,
        check=False,
    )
    assert job.returncode == 0
    assert json.loads((other / "a.json").read_text())["frames"] == 5


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 143), (signal.SIGKILL, -9)])
def test_a_job_that_is_stopped_or_killed_takes_its_fork_with_it(
    workflow: Workflow, long_video: Path, number: signal.Signals, code: int
) -> None:
    server = workflow.ready()
    job, fork = begun(workflow, server, long_video)
    job.send_signal(number)
    if number == signal.SIGKILL:
        assert job.wait(AT_MOST_S) == code
    os.kill(fork, signal.SIGCONT)
    assert job.wait(AT_MOST_S) == code
    until(lambda: not children(server))
    assert not (workflow.folder / "a.json").exists()
    assert workflow.server() == server  # the others go on


def test_a_fork_that_is_killed_is_a_job_that_failed(workflow: Workflow, long_video: Path) -> None:
    job, fork = begun(workflow, workflow.ready(), long_video)
    os.kill(fork, signal.SIGKILL)
    assert "give it more memory" in job.communicate(timeout=AT_MOST_S)[1]
    assert job.returncode == 1


def test_with_the_prepared_process_its_forks_end_and_jobs_go_on_without(workflow: Workflow, long_video: Path) -> None:
    server = workflow.ready()
    job, fork = begun(workflow, server, long_video)
    os.kill(server, signal.SIGKILL)
    os.kill(fork, signal.SIGCONT)
    assert job.wait(AT_MOST_S) == 1
    until(lambda: fork not in pids("objmask.prepared.serve"))
    assert not (workflow.folder / "a.json").exists()
    make(workflow.folder / "b.mp4", pts=range(0, 5000, 1000))
    assert workflow.job("probe", "--video=b.mp4", "--out=b.json").wait(AT_MOST_S) == 0


def test_it_ends_with_the_workflow(workflow: Workflow) -> None:
    server = workflow.ready()
    workflow.holder.kill()
    workflow.holder.wait()
    until(lambda: server not in pids("objmask.prepared.serve"))


def test_only_jobs_of_a_workflow_are_forks(workflow: Workflow) -> None:
    """By hand, in a cluster's job, and of verbs that are no job of a video, nothing is left behind."""
    for changes in ({prepared.PREPARED: "0"}, {lifetime.WORKFLOW: ""}):
        assert workflow.job("probe", "--video=none", "--out=a.json", **changes).wait(AT_MOST_S) == 1
    assert workflow.job("model", "--source=none", "--out=a").wait(AT_MOST_S) == 1
    assert list(workflow.meeting.rglob("prepared-*")) == []
