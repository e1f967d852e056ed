"""What does the whole chain take, as users run it, stage by stage? And what of it is not inference?

    python -m benchmarks.chain [ASSETS] [--clips N] [--beside CHECKOUT ...]

`snakemake --cores 2` with the default outputs: over the FPV-O clip and over cups (YOLO 640), and over 200 clips of two
seconds that are cut out of the FPV-O clip (YOLO 256, int8). With `--beside`, the same of other checkouts of the
project, in turn. Beside each run of one video stands what only decoding and encoding it takes.

Processor time is of all processes: each Python process and each fork says at its end what it took, and the script
adopts those whose parent has ended. `detect` and `serve`, the process that keeps the network, are inference.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av

from benchmarks import measure
from benchmarks.render import bare

CLIPS, DISTINCT, SECONDS = 200, 18, 2
_PR_SET_CHILD_SUBREAPER = 36
_SAYS = """\
import atexit, json, os, resource, sys
def _tell():
    used = resource.getrusage(resource.RUSAGE_SELF)
    program = sys.argv[0].removesuffix("/__main__.py")
    what = [os.path.basename(program), *sys.argv[1:2]]
    line = json.dumps([what, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]) + "\\n"
    fd = os.open(os.environ["OBJMASK_CHAIN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, line.encode())
    os.close(fd)
atexit.register(_tell)
_exit = os._exit
def _tell_and_exit(code):
    _tell()
    _exit(code)
os._exit = _tell_and_exit
"""
"""Run by each Python process at its start."""


@dataclass(frozen=True)
class Chain:
    """A run of the workflow.

    Attributes:
        wall_s: wall time.
        cpu_s: processor time of all its processes.
        stages_s: processor time by what ran: a verb, `snakemake`, or the name of a module.
        processes: how many of each there were.
        peak_mib: the most memory that one of each ever had resident.
    """

    wall_s: float
    cpu_s: float
    stages_s: Counter[str]
    processes: Counter[str]
    peak_mib: dict[str, float]

    @property
    def inference_s(self) -> float:
        """Processor time of networks."""
        return sum(self.stages_s[name] for name in ("detect", "serve"))


def talking_python() -> Path:
    """This environment once more, whose processes say at their end what they took."""
    folder = measure.work() / "chain" / "python"
    if not folder.exists():
        venv.create(folder)
        packages = Path(sysconfig.get_path("purelib"))
        own = folder / packages.relative_to(sys.prefix)
        (own / "says_what_it_took.py").write_text(_SAYS)
        (own / "says.pth").write_text(f"import site; site.addsitedir({str(packages)!r})\nimport says_what_it_took\n")
    return folder / "bin/python"


def run(checkout: Path, videos: Path, model: Path) -> Chain:
    """Runs the workflow of a checkout in a folder of its own, with an empty cache and nothing done."""
    with tempfile.TemporaryDirectory(prefix="objmask-chain-") as folder:
        said = Path(folder, "said.jsonl")
        said.touch()
        environment = os.environ | {"PYTHONPATH": str(checkout), "OBJMASK_CHAIN": str(said)}
        command: list[str | Path] = [
            talking_python(),
            "-m",
            "snakemake",
            "--snakefile",
            checkout / "Snakefile",
            "--cores",
            "2",
        ]
        command += ["--workflow-profile", checkout / "profiles/default", "--directory", folder, "--quiet", "all"]
        command += ["--config", f"videos={videos}", f"model={model}", "device=cpu"]
        start, used_s = time.perf_counter(), _children_s()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        wall_s = time.perf_counter() - start
        with suppress(ChildProcessError):
            while True:
                os.wait()  # the processes that jobs left behind end with the workflow
        if done.returncode:
            sys.exit(f"snakemake: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        stages, processes, peak = Counter[str](), Counter[str](), dict[str, float]()
        for line in said.read_text().splitlines():
            what, cpu_s, peak_mib = json.loads(line)
            name = what[1] if what[0] == "objmask" and len(what) > 1 else what[0]
            stages[name] += cpu_s
            processes[name] += 1
            peak[name] = max(peak.get(name, 0.0), peak_mib)
        return Chain(wall_s, _children_s() - used_s, stages, processes, peak)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def short_clips(video: Path, folder: Path, number: int) -> None:
    """Cuts clips of two seconds out of a video; repeated ones differ in a box that players skip."""
    folder.mkdir(parents=True)
    with av.open(str(video)) as source:
        stream = source.streams.video[0]
        frames = list(source.decode(stream))
        rate = stream.average_rate
    assert rate is not None
    length = round(SECONDS * rate)
    for i in range(min(number, DISTINCT)):
        first = i * (len(frames) - length) // (DISTINCT - 1)
        with av.open(str(folder / f"clip_{i:03d}.mp4"), "w") as target:
            encoded = target.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "veryfast"})
            encoded.width, encoded.height, encoded.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
            for j, frame in enumerate(frames[first : first + length]):
                frame.pts, frame.time_base, frame.pict_type = j, 1 / rate, av.video.frame.PictureType.NONE
                target.mux(encoded.encode(frame))
            target.mux(encoded.encode(None))
    for i in range(DISTINCT, number):
        copy = folder / f"clip_{i:03d}.mp4"
        shutil.copyfile(folder / f"clip_{i % DISTINCT:03d}.mp4", copy)
        with copy.open("ab") as out:
            out.write((16).to_bytes(4, "big") + b"free" + f"{i:08d}".encode())


def bare_s(video: Path) -> float:
    """Processor time of decoding and encoding a video once, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        bare(video, Path(folder) / "bare.mp4")
        return time.process_time() - start


def show(name: str, frames: int, clips: int, runs: dict[str, Chain], bare_seconds: float | None) -> None:
    """Prints the table of one set of videos: a row a stage, a column a checkout."""
    print(f"{name}, {clips} video(s), {frames} frames, processor seconds:\n")
    names = sorted({stage for one in runs.values() for stage in one.stages_s}, key=_order(runs))
    rows: list[list[object]] = [[stage, *(_stage(one, stage) for one in runs.values())] for stage in names]
    rows.append(["shells and what ended unseen", *(one.cpu_s - one.stages_s.total() for one in runs.values())])
    rows.append(["**all**", *(one.cpu_s for one in runs.values())])
    rows.append(["**all but inference**", *(one.cpu_s - one.inference_s for one in runs.values())])
    if clips > 1:
        rows.append(
            ["**a clip, without inference**", *((one.cpu_s - one.inference_s) / clips for one in runs.values())]
        )
    if bare_seconds is not None:
        rows.append(["decode and encode once", *(bare_seconds for _ in runs)])
    rows.append(["Python processes and forks", *(one.processes.total() for one in runs.values())])
    rows.append(["wall time, s", *(one.wall_s for one in runs.values())])
    measure.table(("stage", *runs), rows)


def _stage(one: Chain, stage: str) -> str:
    if stage not in one.stages_s:
        return ""
    return f"{one.stages_s[stage]:.2f} ({one.processes[stage]} x, {one.peak_mib[stage]:.0f} MiB)"


def _order(runs: dict[str, Chain]):  # type: ignore[no-untyped-def]
    return lambda stage: (-max(one.stages_s[stage] for one in runs.values()), stage)


def main(arguments: Sequence[str] = sys.argv[1:]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("assets", nargs="?")
    parser.add_argument("--clips", type=int, default=CLIPS)
    parser.add_argument("--beside", type=Path, action="append", default=[])
    options = parser.parse_args(arguments)
    if options.assets:
        os.environ["OBJMASK_TEST_ASSETS"] = options.assets
    sys.argv[1:] = []
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    checkouts = {"now": measure.ROOT, **{path.name: path.resolve() for path in options.beside}}
    models = measure.assets() / "models"
    for name in (measure.FPVO, measure.CUPS):
        video = measure.office(name)
        folder = measure.work() / "chain" / video.stem
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(video, folder / video.name)
        runs = {label: run(checkout, folder, models / measure.NHWC) for label, checkout in checkouts.items()}
        with av.open(str(video)) as source:
            frames = sum(1 for _ in source.decode(source.streams.video[0]))
        show(video.stem, frames, 1, runs, bare_s(video))
    if options.clips:
        folder = measure.work() / "chain" / f"clips_{options.clips}"
        if not folder.exists():
            short_clips(measure.office(measure.FPVO), folder, options.clips)
        runs = {label: run(checkout, folder, models / measure.INT8) for label, checkout in checkouts.items()}
        with av.open(str(folder / "clip_000.mp4")) as source:
            frames = sum(1 for _ in source.decode(source.streams.video[0]))
        show("clips of two seconds", frames * options.clips, options.clips, runs, None)


if __name__ == "__main__":
    main()
