"""One loaded network for many jobs: the same results as without, and no process that outlives its use."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clips import make
from patience import AT_MOST_S, until

from objmask.cli import main
from objmask.detections.frames_table import frames_path
from objmask.jobs import lifetime

LONG = "long"


@pytest.fixture(scope="module")
def chunk(tmp_path_factory) -> Path:
    """An installed model, a store of few frames, and one of so many that a job can be stopped at work."""
    folder = tmp_path_factory.mktemp("chunk")
    assert main(["model", "--source=demo", f"--out={folder}/m"]) == 0
    for name, frames in (("short", 3), (LONG, 3000)):
        video = make(folder / f"{name}.mp4", pts=range(0, frames * 1001, 1001))
        read = [f"--video={video}", f"--probe={folder}/{name}.json"]
        assert main(["probe", f"--video={video}", f"--out={folder}/{name}.json"]) == 0
        out = [f"--out={folder}/{name}.nut", f"--table={folder}/{name}.table.parquet"]
        assert main(["frames", *read, f"--model={folder}/m", *out]) == 0
    return folder


@pytest.fixture
def runtime(monkeypatch) -> Iterator[Path]:
    """This process is the workflow; its sockets lie in a place whose path is short enough for them."""
    monkeypatch.setenv(lifetime.WORKFLOW, lifetime.this_process())
    folder = Path(tempfile.mkdtemp(prefix="om-"))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    for process in servers(folder):
        os.kill(process, signal.SIGKILL)
    shutil.rmtree(folder)


Job = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def job(chunk, tmp_path, runtime) -> Iterator[Job]:
    """Starts `detect --keep-loaded`, writing to `<name>.parquet`."""
    started = []

    def start(name: str, *more: str, store: str = "short", keep: str = "--keep-loaded") -> subprocess.Popen[str]:
        out = tmp_path / f"{name}.parquet"
        read = [f"--model={chunk}/m", f"--frames={chunk}/{store}.nut", f"--table={chunk}/{store}.table.parquet"]
        write = [f"--out={out}", f"--out-frames={frames_path(out)}", f"--log={tmp_path}/{name}.log"]
        command = [sys.executable, "-m", "objmask", "detect", *read, *write, "--device=cpu", keep, "--threads=1", *more]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def servers(runtime: Path) -> list[int]:
    """Ids of the processes that serve from `runtime`."""
    found = subprocess.run(["pgrep", "-f", f"objmask serve --socket={runtime}"], capture_output=True, text=True)
    return [int(number) for number in found.stdout.split()]


def at_work(log: Path) -> bool:
    """Whether the job that writes this log has a network and runs it."""
    return log.exists() and "CPU" in log.read_text()


def worked(process: subprocess.Popen[str], folder: Path, name: str) -> tuple[bytes, bytes, str]:
    """What a finished job wrote, and which process did its work ('' for its own)."""
    _, words = process.communicate(timeout=AT_MOST_S)
    assert process.returncode == 0, words
    out = folder / f"{name}.parquet"
    by = re.findall(r"the network's process (\d+)", (folder / f"{name}.log").read_text())
    return out.read_bytes(), frames_path(out).read_bytes(), by[0] if by else ""


def test_jobs_one_after_the_other_share_a_network(job, tmp_path, runtime):
    alone = worked(job("alone", keep="--every=1"), tmp_path, "alone")
    assert alone[2] == ""
    assert not servers(runtime)
    first = worked(job("first"), tmp_path, "first")
    second = worked(job("second"), tmp_path, "second")
    assert first == second
    assert first[2] == str(servers(runtime)[0])
    assert first[:2] == alone[:2]
    # Another setting is another network, which does not take the place of the first.
    other = worked(job("other", "--max-per-frame=1"), tmp_path, "other")
    assert other[2] not in ("", first[2])
    assert worked(job("again"), tmp_path, "again") == first
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_jobs_at_the_same_time_have_a_process_each(job, tmp_path, runtime):
    both = [job(name) for name in ("a", "b")]
    a, b = (worked(process, tmp_path, name) for process, name in zip(both, "ab", strict=True))
    assert a[:2] == b[:2]
    assert {a[2], b[2]} == {str(process) for process in servers(runtime)}
    assert a[2] != b[2]


def test_on_gpus_there_are_no_more_networks_than_gpus(job, tmp_path, runtime, monkeypatch):
    """Pretended ones: TensorFlow finds none and computes on the CPU. A job waits for a process, not for its GPU.

    That is free when the process has ended, and then the third job's would have been a third process.
    """
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    jobs = {name: job(name, "--device=auto") for name in ("a", "b", "c")}
    done = {name: worked(process, tmp_path, name) for name, process in jobs.items()}
    assert len({by for *_, by in done.values()}) == len(servers(runtime)) == 2
    assert len({(detections, frames) for detections, frames, _ in done.values()}) == 1
    # Another network takes a process over.
    other = worked(job("other", "--device=auto", "--max-per-frame=1"), tmp_path, "other")
    assert other[2] in {by for *_, by in done.values()}


def test_a_job_s_own_mistake_is_its_own_one_line(job, tmp_path, chunk, runtime):
    wrong = job("wrong", store="nowhere")
    assert wrong.wait(AT_MOST_S) == 1
    words = wrong.stderr.read()
    assert words.count("\n") == 1
    assert "nowhere.table.parquet" in words
    # The process is none the worse for it.
    [server] = servers(runtime)
    assert worked(job("right"), tmp_path, "right")[2] == str(server)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_with_a_stopped_job_its_process_goes_and_what_is_half_written(job, tmp_path, runtime, number):
    stopped = job("stopped", store=LONG)
    until(lambda: at_work(tmp_path / "stopped.log"))
    stopped.send_signal(number)
    stopped.wait(AT_MOST_S)
    until(lambda: not servers(runtime))
    until(lambda: [path.name for path in tmp_path.iterdir()] == ["stopped.log"])
    worked(job("next"), tmp_path, "next")


def test_a_killed_process_fails_its_job_in_one_line_and_no_other(job, tmp_path, runtime):
    hit = job("hit", store=LONG)
    until(lambda: at_work(tmp_path / "hit.log"))
    os.kill(servers(runtime)[0], signal.SIGKILL)
    assert hit.wait(AT_MOST_S) == 1
    assert "ended before its work" in hit.stderr.read()
    worked(job("next"), tmp_path, "next")


def test_where_there_can_be_no_socket_a_job_loads_its_own(job, tmp_path, chunk, runtime, monkeypatch):
    long = runtime / ("d" * 100)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    assert worked(job("a"), tmp_path, "a")[2] == ""
    assert "cannot be kept" in (tmp_path / "a.log").read_text()


def test_a_process_that_nobody_asks_ends(runtime):
    (runtime / "s").mkdir()
    command = [sys.executable, "-m", "objmask", "serve", f"--socket={runtime}/s/0.sock", "--idle-s=0.3"]
    assert subprocess.run(command, timeout=AT_MOST_S).returncode == 0
    assert list((runtime / "s").iterdir()) == []


def test_processes_end_with_the_workflow(chunk, tmp_path, runtime, monkeypatch):
    monkeypatch.delenv(lifetime.WORKFLOW)
    shell = 'export OBJMASK_WORKFLOW=$$@$(readlink /proc/self/ns/pid); "$@"; '
    shell += 'pgrep -f "objmask serve --socket=$TMPDIR" | wc -l'
    out = tmp_path / "a.parquet"
    read = [f"--model={chunk}/m", f"--frames={chunk}/short.nut", f"--table={chunk}/short.table.parquet"]
    detect = [sys.executable, "-m", "objmask", "detect", *read, f"--out={out}", f"--out-frames={frames_path(out)}"]
    command = ["bash", "-c", shell, "bash", *detect, "--device=cpu", "--keep-loaded"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=AT_MOST_S)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1
    until(lambda: not servers(runtime))
