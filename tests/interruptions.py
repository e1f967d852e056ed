"""A workflow that is ended at some moment, and what the same command makes of it afterwards.

Needs Linux: processes are found in /proc.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from patience import AT_MOST_S, HangError
from snakemake_runs import Run, Workflow, contents

FINAL = (
    *("detections", "tracks", "painted", "hidden", "coverage", "masks", "overlay", "protected", "probe", "summary"),
    "report",
)
"""Folders of `results` in which a file is whole as soon as it is there."""
_BEGUN = re.compile(r"^(?:local)?rule detect:\n(?: +.*\n)*? +jobid: (\d+)\n(?: +.*\n)*? +wildcards: (.*)\n", re.M)
_FINISHED = re.compile(r"^Finished jobid: (\d+) \(Rule: detect\)$", re.M)
_POLL_S = 0.005


@dataclass(frozen=True)
class Mode:
    """How a workflow is ended.

    Attributes:
        name: for people.
        number: the signal.
        group: sent to all its processes, as a terminal or a batch system does; else to Snakemake alone.
    """

    name: str
    number: signal.Signals
    group: bool

    def apply(self, process: subprocess.Popen[bytes]) -> None:
        """Sends the signal."""
        if self.group:
            os.killpg(process.pid, self.number)
        else:
            process.send_signal(self.number)


MODES = (
    Mode("SIGINT to all (Ctrl-C)", signal.SIGINT, True),
    Mode("SIGTERM to Snakemake", signal.SIGTERM, False),
    Mode("SIGTERM to all", signal.SIGTERM, True),
    Mode("SIGKILL to all", signal.SIGKILL, True),
    Mode("SIGKILL to Snakemake, jobs orphaned", signal.SIGKILL, False),
)


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody interrupted.

    Attributes:
        workflow: what ran.
        folder: where.
        took_s: wall time of the command.
        contents: digest of every result, by path below `results`.
        chunks: that went through the network.
    """

    workflow: Workflow
    folder: Path
    took_s: float
    contents: dict[str, str]
    chunks: int


@dataclass(frozen=True)
class Interrupt:
    """What came of one.

    Attributes:
        hit: whether the workflow was still running at that moment.
        repeated: chunks begun before it and again after it.
        wasted: those of them that were finished before it.
        problems: what is not as it should be, a line each.
    """

    hit: bool
    repeated: int
    wasted: int
    problems: tuple[str, ...]


def undisturbed(folder: Path, workflow: Workflow, clips: int) -> Undisturbed:
    """Renders clips of three chunks each into `folder` and runs the workflow there."""
    folder.mkdir(parents=True)
    small = ("--seconds=1", "--rate=12", "--seed=3", "--width=256", "--height=144")
    command = [sys.executable, "-m", "objmask", "scene", f"--out={folder / 'videos'}", f"--clips={clips}", *small]
    subprocess.run(command, cwd=workflow.root, capture_output=True, check=True)
    settings = {"videos": "videos", "models": [str(workflow.model)], "device": "cpu", "detect": {"chunk_frames": 4}}
    (folder / "given.json").write_text(json.dumps(settings))
    start = time.monotonic()
    run = again(workflow, folder).ok()
    took_s = time.monotonic() - start
    return Undisturbed(workflow, folder, took_s, contents(run.results), run.jobs["detect"])


def interrupt(mode: Mode, moment: float | str, truth: Undisturbed, folder: Path) -> Interrupt:
    """Starts the workflow of `truth` in a new folder, ends it, and gives the same command again at once.

    Args:
        mode: how it is ended.
        moment: when, seconds after the start; or the folder of `results` into which a file is then being written.
        truth: what it would have made.
        folder: to work in; made.
    """
    shutil.copytree(truth.folder / "videos", folder / "videos")
    shutil.copy(truth.folder / "given.json", folder)
    with watched(folder / "results") as seen, started(truth.workflow, folder) as process:
        hit = _running_at(moment, process, folder)
        if hit:
            mode.apply(process)
        process.wait(AT_MOST_S)
        orphans = _at_work_in(folder)
        second = again(truth.workflow, folder)
        _wait_for(orphans)
    first = Run(process.returncode, shown(folder), folder)
    problems = [*compare(second, truth), *_half_written(seen, truth)]
    begun, finished = _chunks(first)
    repeated = begun & _chunks(second)[0]
    return Interrupt(hit, len(repeated), len(repeated & finished), tuple(problems))


def compare(run: Run, truth: Undisturbed) -> list[str]:
    """What a run that followed an interrupt has made differently from the one without, and what it left lying about."""
    if run.code:
        return [f"the second run failed: {run.text[-600:]}"]
    made = contents(run.results)
    differences = [f"missing: {path}" for path in sorted(truth.contents.keys() - made.keys())]
    differences += [f"left behind: {path}" for path in sorted(made.keys() - truth.contents.keys())]
    common = sorted(truth.contents.keys() & made.keys())
    differences += [f"different: {path}" for path in common if made[path] != truth.contents[path]]
    for folder in ("locks", "incomplete"):
        marks = run.folder / ".snakemake" / folder
        differences += [f"left behind: .snakemake/{folder}/{path.name}" for path in marks.glob("*")]
    plan = again(truth.workflow, run.folder, "-n").ok()
    return differences + [f"to be done once more: {rule}" for rule in plan.jobs]


def again(workflow: Workflow, folder: Path, *arguments: str) -> Run:
    """The one command, until it ends."""
    return workflow.run(folder, None, *_chosen(workflow), *arguments, unflagged=True)


@contextmanager
def started(workflow: Workflow, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The one command in a process group of its own, killed at the end of the `with` if it then still runs."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (folder / "shown.txt").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--cores", "2", *_chosen(workflow)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # What runs in the background of a shell ignores Ctrl-C, and so would all that it starts.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def shown(folder: Path) -> str:
    """What the command that was `started` there has shown so far."""
    return (folder / "shown.txt").read_text("utf-8", "replace")


def _chosen(workflow: Workflow) -> tuple[str | Path, ...]:
    return "-s", workflow.root / "Snakefile", "--configfile", "given.json"


def _running_at(moment: float | str, process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Waits for the moment; whether the workflow then still runs."""
    if isinstance(moment, str):
        while process.poll() is None:
            # What is being listed comes and goes.
            with suppress(OSError):
                if next((folder / "results" / moment).glob("**/.objmask-*"), None):
                    return True
            time.sleep(_POLL_S / 5)
        return False
    with suppress(subprocess.TimeoutExpired):
        process.wait(moment)
        return False
    return True


@contextmanager
def watched(results: Path) -> Iterator[dict[str, set[str]]]:
    """Digests of all that every file of the `FINAL` folders ever held while the `with` lasts, by path."""
    seen: dict[str, set[str]] = {}
    end = threading.Event()
    thread = threading.Thread(target=_watch, args=(results, seen, end))
    thread.start()
    try:
        yield seen
    finally:
        end.set()
        thread.join()


def _watch(results: Path, seen: dict[str, set[str]], end: threading.Event) -> None:
    states: dict[Path, tuple[int, int, int]] = {}
    while not end.wait(_POLL_S):
        for path in _final_files(results):
            with suppress(FileNotFoundError):
                status = path.stat()
                state = status.st_ino, status.st_mtime_ns, status.st_size
                if states.get(path) != state:
                    held = hashlib.sha256(path.read_bytes()).hexdigest()
                    seen.setdefault(str(path.relative_to(results)), set()).add(held)
                    states[path] = state


def _final_files(results: Path) -> Iterator[Path]:
    for name in FINAL:
        for folder, below, files in os.walk(results / name):
            below[:] = [one for one in below if not one.startswith(".")]
            yield from (Path(folder, file) for file in files if not file.startswith("."))


def _half_written(seen: dict[str, set[str]], truth: Undisturbed) -> list[str]:
    return [f"half-written for a while: {path}" for path in sorted(seen) if seen[path] - {truth.contents.get(path)}]


def _at_work_in(folder: Path) -> list[int]:
    """Handles (pidfd) of the processes whose working directory is `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # Processes come and go while one looks.
        with suppress(OSError):
            if (process / "cwd").samefile(folder):
                found.append(os.pidfd_open(int(process.name)))
    return found


def _wait_for(processes: list[int]) -> None:
    """Waits until these processes have ended."""
    for one in processes:
        if not select.select([one], [], [], AT_MOST_S)[0]:
            raise HangError("a job goes on though its workflow is gone")
        os.close(one)


def _chunks(run: Run) -> tuple[set[str], set[str]]:
    """Chunks whose inference the run began, and finished."""
    begun = dict(_BEGUN.findall(run.text))
    return set(begun.values()), {begun[job] for job in _FINISHED.findall(run.text) if job in begun}
