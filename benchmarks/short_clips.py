"""What does it save to keep the network loaded for many short clips? And what does a job cost beside its work?

    python -m benchmarks.short_clips [ASSETS]

200 `detect` jobs of a workflow, 60 frames (2 s) each, cut out of the FPV-O clip, 40 clips at a time in turn:
- own: each in a process of its own that loads the network, one after the other (every eighth of them, times eight);
- kept: passed on to the process that has kept the network, one after the other;
- side by side: the same, two at a time with one thread each;
- at once: all in one process that is started once, which is as good as any way to share a network can be with one
  job at a time; loading counts (40 of them, times five).
Then a whole run of the workflow over clips of two frames, which is little more than starting.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import measure
from benchmarks.memory import repeated
from benchmarks.scale import clips, ours, snakemake
from objmask.detections.frames_table import frames_path
from objmask.inference.job import DetectJob, NetworkOptions
from objmask.jobs import lifetime

CLIPS, FRAMES, BLOCK = 200, 60, 40
THREADS = 2
EVERY = {"own": 8}
BLOCKS = {"at once": 1}
REPEATED, DISTINCT = 6, 18
TINY = 25
Part = tuple[tuple[Path, Path], Path]
"""A store and its table, and the file to write."""
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


def detect(model: Path, part: tuple[Path, Path], out: Path, *more: str, threads: int = THREADS) -> None:
    """A job, as the workflow starts it."""
    store, table = part
    read = (f"--model={model}", f"--frames={store}", f"--table={table}", "--device=cpu", f"--threads={threads}")
    command = [sys.executable, "-m", "objmask", "detect", *read, *measure.found(out), f"--log={out}.log", *more]
    subprocess.run(command, cwd=measure.ROOT, check=True)


def own(model: Path, parts: Sequence[Part]) -> None:
    for part, out in parts:
        detect(model, part, out)


def kept(model: Path, parts: Sequence[Part]) -> None:
    for part, out in parts:
        detect(model, part, out, "--keep-loaded")


def side_by_side(model: Path, parts: Sequence[Part]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda one: detect(model, *one, "--keep-loaded", threads=1), parts))


def at_once(model: Path, parts: Sequence[Part]) -> None:
    """In a process of its own: this one must not keep what the libraries take."""
    jobs = [(str(store), str(table), str(out)) for (store, table), out in parts]
    code = "import json, sys; from benchmarks.short_clips import one_process; one_process(*json.load(sys.stdin))"
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=measure.ROOT, check=True, input=json.dumps([str(model), jobs]), text=True)


def one_process(model: str, jobs: Sequence[Sequence[str]]) -> None:
    """Loads the network and runs all jobs."""
    network = NetworkOptions(
        Path(model),
        device="cpu",
        floor=0.05,
        max_per_frame=100,
        threads=THREADS,
        batch=None,
        precision="auto",
        optimise=True,
    )
    detector = network.load()
    for store, table, out in jobs:
        frames = frames_path(Path(out))
        DetectJob(network, Path(store), Path(table), Path(out), frames, every=1).run(detector, bar=False)
    detector.close()


WAYS = {"own": own, "kept": kept, "side by side": side_by_side, "at once": at_once}


def row(name: str, model: Path) -> list[object]:
    """All ways over all clips."""
    stored = stores(model)
    times = dict.fromkeys(WAYS, 0.0)
    out = measure.work() / "short" / "out" / model.name
    for block in range(CLIPS // BLOCK):
        for way, do in WAYS.items():
            if block >= BLOCKS.get(way, CLIPS):
                continue
            (out / way).mkdir(parents=True, exist_ok=True)
            numbers = range(block * BLOCK, (block + 1) * BLOCK, EVERY.get(way, 1))
            start = time.perf_counter()
            do(model, [(stored[i % DISTINCT], out / way / f"{i}.parquet") for i in numbers])
            share = len(numbers) * BLOCKS.get(way, CLIPS // BLOCK) / CLIPS
            times[way] += (time.perf_counter() - start) / share
    ways = ("own", "kept", "at once")  # TensorFlow's results depend on the number of threads
    files = [{(out / way / f"{i}.parquet").read_bytes() for way in ways} for i in range(0, BLOCK, EVERY["own"])]
    ratios = [times["own"] / times[way] for way in WAYS if way != "own"]
    return [name, *times.values(), *ratios, "yes" if all(len(same) == 1 for same in files) else "no"]


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
    columns = [f"{way}, s" for way in WAYS] + [f"own / {way}" for way in WAYS if way != "own"]
    measure.table(("network", *columns, "equal bytes"), rows)
    print(f"{TINY} clips of two frames, all default outputs, two cores:\n")
    measure.table(("jobs of", "jobs", "s", "s a job"), a_job())


if __name__ == "__main__":
    main()
