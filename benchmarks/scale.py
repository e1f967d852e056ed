"""How does the time to plan grow with the number of videos? And what of it is the project's own code?

    python -m benchmarks.scale [ASSETS]

Thousands of clips of two frames, the default outputs, the built-in model; no job runs. A plan is `snakemake -n` with
nothing done; a no-op is `snakemake` with everything done, which has to say that there is nothing to be done: for it
every output is an empty file, with the record that Snakemake itself writes of a finished job. The bare workflow has
the same jobs with constant params, plain patterns and the shell command `true`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks import bare, measure

VIDEOS = (100, 1000, 5000)
COMPARED = 1000
ROUNDS = 3
NOTHING = "Nothing to be done"
_STAGES = ("start", "reading", "DAG", "rest")
_TIMES = ("wall", "cpu")


@dataclass(frozen=True)
class Planning:
    """A call of Snakemake.

    Attributes:
        stages_s: wall time of each of `_STAGES`: until the workflow is read, while it is, the DAG, what follows.
        cpu_s: processor time; nothing waits here, so that on a quiet machine it is the wall time.
        peak_mib: the most memory that it ever had resident.
        jobs: jobs in the plan by rule.
        text: what it said.
    """

    stages_s: dict[str, float]
    cpu_s: float
    peak_mib: float
    jobs: Counter[str]
    text: str

    @property
    def wall_s(self) -> float:
        return sum(self.stages_s.values())


def snakemake(folder: Path, snakefile: Path, *arguments: str, then: str = "") -> Planning:
    """Calls Snakemake in a process of its own; `then` names what that does afterwards, outside what is measured."""
    report = folder / "planning.json"
    command = [sys.executable, "-m", "benchmarks.scale", "--inside", str(report), then, "-s", str(snakefile)]
    command += ["--cores", "2", "--quiet", "rules", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(measure.ROOT)}
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"snakemake {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    said = json.loads(report.read_text())
    marks = [start, *said["marks"]]
    stages = {name: after - before for name, before, after in zip(_STAGES, marks, marks[1:], strict=False)}
    return Planning(stages, said["cpu_s"], said["peak_mib"], Counter(said["jobs"]), done.stdout + done.stderr)


def inside(report: Path, then: str, arguments: list[str]) -> int:
    """What the process measured does: Snakemake's command line, with a look at the clock between its stages."""
    from snakemake.cli import main as command_line
    from snakemake.workflow import Workflow

    marks: list[float] = []
    seen: list[Any] = []
    include, build = Workflow.include, Workflow._build_dag

    def timed_include(self: Any, *given: Any, **named: Any) -> None:
        outermost = not seen
        if outermost:
            seen.append(self)
            marks.append(time.monotonic())
        include(self, *given, **named)
        if outermost:
            marks.append(time.monotonic())

    def timed_build(self: Any) -> None:
        build(self)
        marks.append(time.monotonic())

    Workflow.include, Workflow._build_dag = timed_include, timed_build
    try:
        command_line(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    if len(marks) > 2:  # otherwise the workflow was read, and nothing planned
        marks.append(time.monotonic())
    cpu_s = time.process_time()
    peak_kib = int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]
    dag = seen[0]._dag
    # A no-op has the jobs of everything that was asked for in its DAG, and none that would run.
    jobs = Counter(job.rule.name for job in dag.jobs) if dag is not None else Counter()
    report.write_text(json.dumps({"marks": marks, "cpu_s": cpu_s, "peak_mib": peak_kib / 1024, "jobs": jobs}))
    if then and not code:
        {"finish": finish, "describe": bare.describe}[then](dag)
    return code


def finish(dag: Any) -> None:
    """Makes every job of a plan one that has been done: empty outputs, and the record that Snakemake keeps of them."""
    dag.workflow.iocache.deactivate()
    for job in dag.jobs:
        for file in job.output:
            file.touch_or_create()
    asyncio.run(_record(dag))
    made = time.time()
    for job in dag.jobs:
        for file in job.output:
            if bare.flags(file) == ["temp"]:
                Path(file).unlink()
            else:
                # All at the same time: no output is older than what it was made from.
                path = Path(file) / ".snakemake_timestamp" if Path(file).is_dir() else Path(file)
                os.utime(path, (made, made))


async def _record(dag: Any) -> None:
    for job in dag.jobs:
        await dag.workflow.persistence.finished(job)


def clips(folder: Path, number: int) -> None:
    """Writes videos of two frames: one picture's bytes, each followed by a box of its own that players skip."""
    clip = folder / "clip.mp4"
    folder.mkdir(parents=True)
    with av.open(str(clip), "w") as out:
        stream = out.add_stream("libx264", 30)
        stream.width = stream.height = 32
        for level in (60, 120):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((32, 32, 3), level, np.uint8), "rgb24")))
        out.mux(stream.encode(None))
    content = clip.read_bytes()
    clip.unlink()
    for i in range(number):
        path = folder / "videos" / f"walk_{i % 10:02d}" / f"clip_{i:04d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content + (16).to_bytes(4, "big") + b"free" + f"{i:08d}".encode())


def ours(folder: Path, *arguments: str, then: str = "") -> Planning:
    """A call of the project's workflow."""
    config = ("--config", "videos=videos", "model=demo", "device=cpu")
    return snakemake(folder, measure.ROOT / "Snakefile", *arguments, *config, then=then)


def plain(folder: Path, *arguments: str, then: str = "") -> Planning:
    """A call of the bare workflow, with the profile of the project."""
    profile = str(measure.ROOT / "profiles/default")
    return snakemake(folder / "bare", Path("Snakefile"), *arguments, "--workflow-profile", profile, then=then)


def no_op(call: Callable[..., Planning], folder: Path) -> Planning:
    """A run with everything done."""
    done = call(folder)
    if NOTHING not in done.text:
        sys.exit(f"benchmarks.scale: there is something to be done:\n{done.text[-2000:]}")
    return done


def growth(number: int) -> list[list[object]]:
    """Rows of the table: first reading, plan, no-op."""
    folder = measure.work() / "scale" / str(number)
    clips(folder, number)
    first = ours(folder, "--list-rules")
    plan = ours(folder, "-n", then="finish")
    done = no_op(ours, folder)
    jobs = sum(plan.jobs.values())
    rows: list[list[object]] = [[number, jobs, "first reading", *_cells(first)]]
    return [*rows, *([number, jobs, what, *_cells(run)] for what, run in (("plan", plan), ("no-op", done)))]


def _cells(run: Planning) -> list[object]:
    return [run.wall_s, run.cpu_s, *(run.stages_s.get(stage, "") for stage in _STAGES), round(run.peak_mib)]


def compare() -> list[list[object]]:
    """Rows of the table beside the bare workflow: rounds in turn, nothing done and then everything."""
    folder = measure.work() / "scale" / "compared"
    clips(folder, COMPARED)
    ours(folder, "-n", then="describe")
    calls = {"ours": ours, "bare": plain}
    afterwards = [*[""] * (ROUNDS - 1), "finish"]
    plans = [{name: call(folder, "-n", then=then) for name, call in calls.items()} for then in afterwards]
    if plans[0]["ours"].jobs != plans[0]["bare"].jobs:
        sys.exit(f"benchmarks.scale: other jobs in the bare workflow: {plans[0]['bare'].jobs}, {plans[0]['ours'].jobs}")
    done = [{name: no_op(call, folder) for name, call in calls.items()} for _ in range(ROUNDS)]
    rows: list[list[object]] = []
    for what, rounds in (("plan", plans), ("no-op", done)):
        walls, cpu = ({name: [getattr(runs[name], f"{of}_s") for runs in rounds] for name in calls} for of in _TIMES)
        medians = [statistics.median(walls[name]) for name in calls]
        ratios = [measure.share(taken["ours"], taken["bare"]) for taken in (walls, cpu)]
        peaks = [round(statistics.median(runs[name].peak_mib for runs in rounds)) for name in calls]
        rows.append([what, *medians, *ratios, min(cpu["ours"]) / min(cpu["bare"]), *peaks])
    return rows


def main() -> None:
    rows = [row for number in VIDEOS for row in growth(number)]
    print("Wall time and peak memory of Snakemake's process (first reading: videos fingerprinted, nothing planned):\n")
    measure.table(("videos", "jobs", "what", "s", "CPU s", *(f"{stage}, s" for stage in _STAGES), "peak MiB"), rows)
    print(f"{COMPARED} videos beside a bare workflow of the same jobs, {ROUNDS} rounds (aim: ratio at most 1.3):\n")
    beside = ("what", "s", "bare, s", "ratio", "of CPU time", "of the least CPU time", "peak MiB", "bare, peak MiB")
    measure.table(beside, compare())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(inside(Path(sys.argv[2]), sys.argv[3], sys.argv[4:]))
    main()
