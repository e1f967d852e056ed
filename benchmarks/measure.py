"""What the benchmarks share: the real files, results made by the verbs, interleaved timing, Markdown tables.

The real files lie in the folder that the first argument or OBJMASK_TEST_ASSETS names. Results that a benchmark starts
from (probes, frames, detections) are made once by the verbs, in OBJMASK_BENCH_WORK or in a folder that lasts as long
as the script. Needs Linux: peak memory is read from /proc.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import yaml

ROOT = Path(__file__).resolve().parents[1]
FPVO = "typing/mini_subject_2_typeset.MP4"
CUPS = "desk/cups.mp4"
ONE_BY_ONE = "meeting/one_by_one.mp4"
NHWC, NCHW, INT8 = (f"yolov8n-seg_{kind}_io.tflite" for kind in ("640_nhwc_float", "640_nchw_float", "256_nhwc_int8"))
ONNX = "yolov8n-seg_640_nchw_onnx.onnx"
"""The network of `NHWC`, in the other format."""
_MEASURED = """\
import sys
from objmask.cli import main
code = main(sys.argv[2:])
with open(sys.argv[1], "w") as out, open("/proc/self/status") as status:
    out.write(next(line.split()[1] for line in status if line.startswith("VmHWM")))
sys.exit(code)
"""


def assets() -> Path:
    """The folder of real files; without it the script ends with one line."""
    folder = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OBJMASK_TEST_ASSETS", "")
    if not Path(folder, "videos").is_dir():
        sys.exit("benchmarks need the folder of real files: give it as argument or in OBJMASK_TEST_ASSETS")
    return Path(folder).resolve()


def office_videos() -> list[Path]:
    """The videos of the office folder, sorted."""
    return sorted(path for path in (assets() / "videos/office").rglob("*") if path.is_file())


def office(name: str) -> Path:
    """One of them, by its path below the folder."""
    return assets() / "videos/office" / name


def groups() -> str:
    """The palette of `config.yaml`, as the verbs take it."""
    return json.dumps(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["groups"])


def sensitive() -> list[str]:
    """The objects that `config.yaml` hides."""
    objects: list[str] = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["sensitive_objects"]
    return objects


def work() -> Path:
    """The folder for results."""
    if "OBJMASK_BENCH_WORK" not in os.environ:
        folder = tempfile.mkdtemp(prefix="objmask-bench-")
        os.environ["OBJMASK_BENCH_WORK"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(os.environ["OBJMASK_BENCH_WORK"]).resolve()


@dataclass(frozen=True)
class Run:
    """What a process took: wall time, and the most memory it ever had resident."""

    wall_s: float
    peak_mib: float


def verb(*arguments: str | Path) -> Run:
    """Runs a verb in a process of its own."""
    with tempfile.NamedTemporaryFile() as peak:
        start = time.perf_counter()
        command = [sys.executable, "-c", _MEASURED, peak.name, *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        wall_s = time.perf_counter() - start
        if done.returncode:
            sys.exit(f"{arguments[0]}: {done.stderr}")
        return Run(wall_s, int(Path(peak.name).read_text()) / 1024)


def model(file: str, *options: str) -> Path:
    """An installed model: a file of the assets, or a name that objmask knows; with options of the verb."""
    folder = work() / "models" / "".join([Path(file).stem, *options])
    if not folder.exists():
        given = assets() / "models" / file
        verb("model", f"--source={given if given.exists() else file}", *options, f"--out={folder}")
    return folder


def probe(video: Path) -> Path:
    """What `probe` says of a video."""
    out = work() / "probe" / video.parent.name / f"{video.name}.json"
    if not out.exists():
        verb("probe", f"--video={video}", f"--out={out}")
    return out


def frames(video: Path, file: str = NHWC, every: int = 1) -> tuple[Path, Path]:
    """The frames store and table of a video for a model that looks at every n-th frame."""
    store = work() / "frames" / f"{Path(file).stem}{every}" / f"{video.name}.nut"
    table = store.with_suffix(".parquet")
    if not store.exists():
        read = (f"--video={video}", f"--probe={probe(video)}", f"--model={model(file)}", f"--every={every}")
        verb("frames", *read, f"--out={store}", f"--table={table}")
    return store, table


def detections(video: Path, file: str = NHWC, every: int = 1) -> Path:
    """The detections of a model in a video, at the default floor."""
    out = work() / "detections" / f"{Path(file).stem}{every}" / f"{video.name}.parquet"
    if not out.exists():
        store, table = frames(video, file, every)
        read = (f"--frames={store}", f"--table={table}", f"--every={every}")
        verb("detect", f"--model={model(file)}", *read, "--threads=2", *found(out))
    return out


def painted(video: Path, file: str = NHWC) -> Path:
    """What is painted of a video, of the detections of a model."""
    return _decided("paint", "painted", video, file, f"--groups={groups()}")


def hidden(video: Path, file: str = NHWC) -> Path:
    """What is hidden of it."""
    return _decided("hide", "hidden", video, file, f"--objects={json.dumps(sensitive())}")


def _decided(by: str, kind: str, video: Path, file: str, what: str) -> Path:
    out = work() / kind / Path(file).stem / f"{video.name}.parquet"
    if not out.exists():
        verb(by, f"--probe={probe(video)}", f"--detections={detections(video, file)}", what, f"--out={out}")
    return out


def found(out: Path) -> tuple[str, str]:
    """Options of `detect` and `gather`."""
    return f"--out={out}", f"--out-frames={out.with_suffix('.frames.parquet')}"


@dataclass(frozen=True)
class Times:
    """What a thing took in each round: wall time, and processor time of this process and those it waited for."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)


def interleaved(things: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Calls each thing once a round, in turn: neighbours in time meet the same machine, so compare within a round."""

    def cpu_s() -> float:
        return time.process_time() + sum(os.times()[2:4])

    times = {name: Times() for name in things}
    for _ in range(rounds):
        for name, thing in things.items():
            start = time.perf_counter(), cpu_s()
            thing()
            times[name].wall_s.append(time.perf_counter() - start[0])
            times[name].cpu_s.append(cpu_s() - start[1])
    return times


def rates(times: Mapping[str, Times], frames: int, *beside: str) -> None:
    """Prints frames a second of each thing and its share of those of `beside`, within rounds and between the best ones.

    The best round is the one that other work on the machine disturbed least.
    """
    columns = ["what", "frames/s, median", "frames/s, best", "CPU ms a frame"]
    columns += [column for name in beside for column in (f"share of '{name}', median", "best")]
    rows = []
    for name, taken in times.items():
        best_s, cpu_s = min(taken.wall_s), statistics.median(taken.cpu_s)
        row: list[object] = [name, frames / statistics.median(taken.wall_s), frames / best_s, cpu_s / frames * 1000]
        for other in (times[o] for o in beside):
            row += [share(other.wall_s, taken.wall_s), min(other.wall_s) / best_s]
        rows.append(row)
    table(columns, rows)


def share(values: Sequence[float], of: Sequence[float]) -> float:
    """Median over the rounds of one thing's value as share of another's."""
    return statistics.median(a / b for a, b in zip(values, of, strict=True))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a Markdown table: text to the left, numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    right = [all(not row[i].strip("-.0123456789") for row in cells) for i in range(len(columns))]
    print(f"| {' | '.join(columns)} |")
    print(f"|{'|'.join('---:' if number else '---' for number in right)}|")
    for row in cells:
        print(f"| {' | '.join(row)} |")
    print()


def verdict(
    what: str, ends: Sequence[str], counts: Iterable[tuple[str, Counter[str]]], wrong: Sequence[str]
) -> NoReturn:
    """Prints how often each end came, of each thing and of all, and what is wrong; that makes the script end with 1."""
    rows = list(counts)
    rows.append(("all", sum((count for _, count in rows), Counter[str]())))
    table((what, *ends), [(name, *(count[end] for end in ends)) for name, count in rows])
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 4 if 0.9 < value < 1 else 3
    return f"{value:.{digits}f}"
