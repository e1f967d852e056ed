"""What does it save to keep the network loaded for many short clips? And what does a job cost beside its work?

    python -m benchmarks.short_clips [ASSETS]

200 `detect` jobs of a workflow, 60 frames (2 s) each, one after the other, cut out of the FPV-O clip: passed on to the
process that has kept the network, or (every fourth of them, times four) each in a process of its own that loads it. In
turn, 40 clips at a time. Then a whole run of the workflow over clips of two frames, which is little more than starting.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import measure
from benchmarks.memory import repeated
from benchmarks.scale import clips, ours, snakemake
from objmask import lifetime

CLIPS, FRAMES, BLOCK = 200, 60, 40
EVERY = {"own": 4, "kept": 1}
REPEATED, DISTINCT = 6, 18
TINY = 25
TOUCH = """\
rule all:
    input: expand("touched/{{i}}", i=range({jobs} - 1))
rule one:
    output: "touched/{{i}}"
    log: "logs/{{i}}"
    benchmark: "benchmarks/{{i}}"
    shell: "touch {{output}}"
"""


def stores(model: Path) -> list[tuple[Path, Path]]:
    """Frames stores of two seconds each, and their tables."""
    video = repeated(measure.office(measure.FPVO), REPEATED)
    made = []
    for i in range(DISTINCT):
        name = f"{i * FRAMES:08d}-{(i + 1) * FRAMES:08d}"
        store = measure.work() / "short" / model.name / f"{name}.nut"
        table = store.with_suffix(".parquet")
        read = (f"--video={video}", f"--probe={measure.probe(video)}", f"--model={model}", f"--chunk={name}")
        measure.verb("frames", *read, f"--out={store}", f"--table={table}")
        made.append((store, table))
    return made


def detect_s(model: Path, part: tuple[Path, Path], out: Path, *more: str) -> float:
    """Wall time of a job, as the workflow starts it."""
    store, table = part
    read = (f"--model={model}", f"--frames={store}", f"--table={table}", "--device=cpu", "--threads=2")
    command = [sys.executable, "-m", "objmask", "detect", *read, *measure.found(out), f"--log={out}.log", *more]
    start = time.perf_counter()
    subprocess.run(command, cwd=measure.ROOT, check=True)
    return time.perf_counter() - start


def row(name: str, model: Path) -> list[object]:
    """Both ways over all clips."""
    parts, ways = stores(model), {"own": (), "kept": ("--keep-loaded",)}
    times: dict[str, list[float]] = {way: [] for way in ways}
    out = measure.work() / "short" / "out"
    for block in range(0, CLIPS, BLOCK):
        for way, more in ways.items():
            for i in range(block, block + BLOCK, EVERY[way]):
                times[way].append(detect_s(model, parts[i % DISTINCT], out / way / f"{i}.parquet", *more))
    files = [[(out / way / f"{i}.parquet").read_bytes() for way in ways] for i in range(0, CLIPS, EVERY["own"])]
    same = all(own == kept for own, kept in files)
    totals = {way: EVERY[way] * sum(taken) for way, taken in times.items()}
    medians = [statistics.median(taken) for taken in times.values()]
    return [name, *totals.values(), totals["own"] / totals["kept"], *medians, "yes" if same else "no"]


def a_job() -> list[list[object]]:
    """Wall time a job: of the whole workflow over tiny clips, and of as many jobs that only touch a file."""
    folder = measure.work() / "short" / "tiny"
    clips(folder, TINY)
    run = ours(folder)
    jobs = sum(run.jobs.values())
    (folder / "Snakefile").write_text(TOUCH.format(jobs=jobs))
    touch = snakemake(folder, folder / "Snakefile", "--workflow-profile", str(measure.ROOT / "profiles/default"))
    return [[name, jobs, one.wall_s, one.wall_s / jobs] for name, one in (("objmask", run), ("`touch`", touch))]


def main() -> None:
    os.environ[lifetime.WORKFLOW] = lifetime.this_process()  # this process is the workflow whose jobs share a network
    demo = measure.work() / "models" / "demo"
    measure.verb("model", "--source=demo", f"--out={demo}")
    rows = [row("built-in, TensorFlow", demo), row("YOLO 640, LiteRT", measure.model(measure.NHWC))]
    print(f"{CLIPS} clips of {FRAMES} frames on 2 threads (aim: 3 times less):\n")
    columns = ("network", "a process each, s", "kept, s", "times less", "a clip, s, median", "kept, s, median")
    measure.table((*columns, "equal bytes"), rows)
    print(f"{TINY} clips of two frames, all default outputs, two cores:\n")
    measure.table(("jobs of", "jobs", "s", "s a job"), a_job())


if __name__ == "__main__":
    main()
