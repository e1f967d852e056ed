"""How fast is detection on a GPU, beside the bare session, in batches and in 16 bits?

    python -m benchmarks.gpu [--onnx FILE] [--cpu] [--batches 1 4 8 16] [--pictures 64] [--minutes 7.5]

Networks: Mask R-CNN Inception v2 with random weights as a frozen graph for TensorFlow, and with --onnx a file for
onnxruntime (`onnxruntime-gpu`). `detect` gets rendered desks, in memory and of the size that the network wants, and
gives stored detections. The bare session gets the same pictures as ready tensors, in the same batches and with the same
`detect.precision`, and its outputs are only fetched. Both run in turn until their time is over; the first run of each,
which also plans and tunes, does not count. A network that takes a fixed number of pictures is measured with that.

TensorFlow computes `float32` on GPUs since Ampere in TF32, as it does by itself. Each network has a process of its own:
it is ended when the time is over, and what it measured until then is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks import measure
from objmask.errors import ModelError, first_line
from objmask.models.detector import Device, Precision
from objmask.models.families.tf_detection import FROZEN_GRAPH, LABEL_MAP
from objmask.models.info import ModelInfo
from objmask.models.install import install
from objmask.models.load import load
from objmask.scene.world import render_still

Runtime = Literal["tensorflow", "onnxruntime"]
Pictures = npt.NDArray[np.uint8]
Tensor = npt.NDArray[Any]
ARCHITECTURE = "inception_v2_coco"
WIDTH, HEIGHT, DIFFERENT = 1280, 720, 8
MOST_THREADS = 8
PRECISIONS: tuple[Precision, ...] = ("float32", "mixed")
FLOORS: dict[Runtime, float] = {"tensorflow": 0.0, "onnxruntime": 0.05}
"""Random weights find nothing of their own: with the floor 0 all their boxes are decoded."""
PACKAGES = ("tensorflow", "onnxruntime", "onnxruntime-gpu", "numpy")
COLUMNS = ("network", "precision", "batch", "detect, frames/s", "bare, frames/s", "detect / bare", "rounds")
ENDING_S = 20
"""Kept back for the end of processes and for printing."""


@dataclass(frozen=True)
class Job:
    """What the process of a network is to measure.

    Attributes:
        runtime: what computes.
        model: the folder of the installed network.
        pictures: file of the pictures.
        device: as of `Loading`.
        batches: pictures at once.
        seconds: how long all may take.
    """

    runtime: Runtime
    model: str
    pictures: str
    device: Device
    batches: Sequence[int]
    seconds: float


class BareTensorflow:
    """A session on a frozen graph, and nothing else."""

    fixed_batch = None

    def __init__(self, path: Path, device: Device, precision: Precision) -> None:
        from objmask.models.quiet_tensorflow import tf

        v1 = tf.compat.v1
        config = v1.ConfigProto(allow_soft_placement=True, device_count={"GPU": 0} if device == "cpu" else {})
        config.gpu_options.allow_growth = True
        if precision == "mixed":
            rewriter = config.graph_options.rewrite_options
            name = "auto_mixed_precision" if device == "gpu" else "auto_mixed_precision_onednn_bfloat16"
            setattr(rewriter, name, rewriter.ON)
        self._session = v1.Session(graph=tf.Graph(), config=config)
        with self._session.graph.as_default():
            tf.import_graph_def(v1.GraphDef.FromString(path.read_bytes()), name="")
        names = ("num_detections", "detection_boxes", "detection_scores", "detection_classes", "detection_masks")
        self._outputs = [f"{name}:0" for name in names]

    def ready(self, pictures: Pictures) -> Tensor:
        """The input of a run."""
        return pictures

    def run(self, pictures: Tensor) -> None:
        """One run."""
        self._session.run(self._outputs, {"image_tensor:0": pictures})

    def close(self) -> None:
        """Frees it."""
        self._session.close()


class BareOnnx:
    """A session on an ONNX file, and nothing else; how exact it computes is the file's own."""

    def __init__(self, path: Path, device: Device, _: Precision) -> None:
        import onnxruntime

        if device == "gpu":
            onnxruntime.preload_dlls()  # CUDA's libraries may lie in packages of their own
        provider = {"gpu": "CUDAExecutionProvider"}.get(device, "CPUExecutionProvider")
        if provider not in onnxruntime.get_available_providers():
            raise ModelError(f"onnxruntime {onnxruntime.__version__} here has no {provider}; install onnxruntime-gpu")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(path, options, providers=[provider])
        if self._session.get_providers()[0] != provider:
            raise ModelError(f"onnxruntime {onnxruntime.__version__} cannot start its {provider}")
        (self._input,) = self._session.get_inputs()
        batch = self._input.shape[0]
        self.fixed_batch = batch if isinstance(batch, int) else None

    def ready(self, pictures: Pictures) -> Tensor:
        """The input of a run: what the pictures show decides nothing here, so they are stretched."""
        height, width = (
            side if isinstance(side, int) else taken // 32 * 32
            for side, taken in zip(self._input.shape[2:], pictures.shape[1:3], strict=True)
        )
        sized = np.stack([cv2.resize(picture, (width, height)) for picture in pictures]).transpose(0, 3, 1, 2)
        dtype = np.float16 if self._input.type == "tensor(float16)" else np.float32
        return np.ascontiguousarray(sized / 255, dtype)

    def run(self, pictures: Tensor) -> None:
        """One run."""
        self._session.run(None, {self._input.name: pictures})

    def close(self) -> None:
        """Frees it."""
        del self._session


BARE: dict[Runtime, type[BareTensorflow | BareOnnx]] = {"tensorflow": BareTensorflow, "onnxruntime": BareOnnx}


def measured(job: Job) -> Iterator[dict[str, Any]]:
    """Rows of a network, each as soon as it is there; with `why` instead of figures where it cannot run."""
    end = time.monotonic() + job.seconds
    info = ModelInfo.read(Path(job.model))
    size = info.frame_size(WIDTH, HEIGHT)
    pictures = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in np.load(job.pictures)]
    cells = len(PRECISIONS) * len(job.batches)
    for precision in PRECISIONS:
        row: dict[str, Any] = {"network": info.name, "precision": precision}
        try:
            bare = BARE[job.runtime](Path(job.model, info.file), job.device, precision)
        except ModelError as error:
            yield {**row, "why": str(error)}
            cells -= len(job.batches)
            continue
        with contextlib.closing(bare):
            batches = [bare.fixed_batch] if bare.fixed_batch else job.batches
            cells -= len(job.batches) - len(batches)
            for batch in batches:
                left_s = end - time.monotonic()
                yield {**row, "batch": batch, **_cell(job, bare, pictures, batch, precision, left_s / cells)}
                cells -= 1


def _cell(
    job: Job,
    bare: BareTensorflow | BareOnnx,
    pictures: list[Pictures],
    batch: int,
    precision: Precision,
    seconds: float,
) -> dict[str, Any]:
    """Frames a second of `detect` and of the bare session, in turn for some seconds, loading included."""
    end = time.monotonic() + seconds
    if seconds <= 0:
        return {"why": "no time was left"}
    try:
        threads = min(os.cpu_count() or 1, MOST_THREADS)
        options: dict[str, Any] = {"threads": threads, "floor": FLOORS[job.runtime]}
        detector = load(Path(job.model), device=job.device, batch=batch, precision=precision, **options)
    except ModelError as error:
        return {"why": str(error)}
    with contextlib.closing(detector):
        tensors = [bare.ready(np.stack(pictures[i : i + batch])) for i in range(0, len(pictures), batch)]
        things: dict[str, Callable[[], object]] = {
            "detect": lambda: detector.detect(pictures),
            "bare": lambda: [bare.run(tensor) for tensor in tensors],
        }
        try:
            detector.detect(pictures[:batch])
            bare.run(tensors[0])
            taken: dict[str, list[float]] = {name: [] for name in things}
            while not taken["bare"] or time.monotonic() < end:
                for name, times in measure.interleaved(things, 1).items():
                    taken[name] += times.wall_s
        # Out of memory, or without kernels for 16 bits: what a runtime raises then is of its own class.
        except Exception as error:
            return {"why": f"{type(error).__name__}: {first_line(error)}", "on": detector.placement}
    rates = {name: len(pictures) / statistics.median(times) for name, times in taken.items()}
    share = measure.share(taken["bare"], taken["detect"])
    return {**rates, "share": share, "rounds": len(taken["bare"]), "on": detector.placement}


def make(folder: Path) -> None:
    """Writes the TensorFlow network."""
    from objmask.maskrcnn.config import named
    from objmask.maskrcnn.export import frozen_graph
    from objmask.maskrcnn.network import MaskRCNN
    from objmask.maskrcnn.pipeline_config import label_map

    config = named(ARCHITECTURE)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FROZEN_GRAPH).write_bytes(frozen_graph(MaskRCNN(config)).SerializeToString())
    (folder / LABEL_MAP).write_text(label_map(config), encoding="utf-8")


def networks(onnx: Path | None) -> Iterator[tuple[Runtime, Path]]:
    """What is measured, installed; what cannot be is said."""
    made = measure.work() / ARCHITECTURE
    # On the CPU: TensorFlow would take the whole GPU for it.
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    subprocess.run([*_SELF, "--make", str(made)], cwd=measure.ROOT, env=hidden, check=True, stderr=subprocess.DEVNULL)
    sources: list[tuple[Runtime, Path]] = [("tensorflow", made)]
    if onnx:
        sources.append(("onnxruntime", onnx))
    else:
        print("No ONNX network was given (--onnx FILE), so onnxruntime is not measured.\n")
    for runtime, source in sources:
        folder = measure.work() / "models" / source.stem
        try:
            install(source, folder)
        except ModelError as error:
            print(f"{source.name} is not measured: {error}\n")
        else:
            yield runtime, folder


_SELF = (sys.executable, "-m", "benchmarks.gpu")


def rows_of(job: Job, most_s: float) -> list[dict[str, Any]]:
    """What the process of a network printed until its end, or until it was ended."""
    command = [*_SELF, "--measure", json.dumps(job.__dict__)]
    with subprocess.Popen(command, cwd=measure.ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            said, _ = process.communicate(timeout=most_s)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
            print(f"{Path(job.model).name}: ended after {most_s:.0f} s, before it was through.\n")
        if process.returncode > 0:
            print(f"{Path(job.model).name}: its process ended with {process.returncode}.\n")
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


def card() -> str:
    """The GPU and its driver; empty: there is none."""
    program = shutil.which("nvidia-smi")
    if not program:
        return ""
    query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    return "; ".join(done.stdout.strip().splitlines()) if done.returncode == 0 else ""


def versions() -> str:
    """What computes."""
    found = []
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    return ", ".join([f"Python {platform.python_version()}", *found])


def report(rows: Sequence[dict[str, Any]]) -> None:
    """Prints the table, on what each network ran, and why some did not."""
    keys = ("network", "precision", "batch", "detect", "bare", "share", "rounds")
    measure.table(COLUMNS, [[row.get(key, "") for key in keys] for row in rows])
    for line in dict.fromkeys(f"- {row['network']}, {row['precision']}: {row['on']}" for row in rows if "on" in row):
        print(line)
    for row in rows:
        if "why" in row:
            batch = f", batch {row['batch']}" if "batch" in row else ""
            print(f"- {row['network']}, {row['precision']}{batch}: not measured, {row['why']}")


def main() -> None:
    start = time.monotonic()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--onnx", type=Path, help="a network for onnxruntime")
    parser.add_argument("--cpu", action="store_true", help="measure on the CPU")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8, 16], help="pictures at once")
    parser.add_argument("--pictures", type=int, default=64, help="of a round; a multiple of each batch")
    parser.add_argument("--minutes", type=float, default=7.5, help="that all may take")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if any(options.pictures % batch for batch in options.batches):
        parser.error("--pictures: give a multiple of each batch")
    if options.make:
        return make(options.make)
    if options.measure:
        for row in measured(Job(**json.loads(options.measure))):
            print(json.dumps(row), flush=True)
            print(json.dumps(row), file=sys.stderr, flush=True)
        return None
    gpu = "" if options.cpu else card()
    if not gpu and not options.cpu:
        sys.exit("benchmarks.gpu: nvidia-smi sees no GPU here; --cpu measures on the CPU")
    print(f"{gpu or f'No GPU: {os.cpu_count()} cores of {platform.machine()}'}; {versions()}.\n")
    stills = [
        render_still(1, split="test", width=WIDTH, height=HEIGHT, index=i).picture
        for i in range(min(DIFFERENT, options.pictures))
    ]
    file = measure.work() / "pictures.npy"
    np.save(file, np.stack((stills * options.pictures)[: options.pictures]))
    found = list(networks(options.onnx))
    rows: list[dict[str, Any]] = []
    for number, (runtime, model) in enumerate(found):
        left_s = 60 * options.minutes - ENDING_S - (time.monotonic() - start)
        share_s = left_s / (len(found) - number)
        job = Job(runtime, str(model), str(file), "cpu" if options.cpu else "gpu", options.batches, share_s)
        rows += rows_of(job, max(left_s, 1))
    report(rows)
    print(f"\nAll took {(time.monotonic() - start) / 60:.1f} minutes.")
    return None


if __name__ == "__main__":
    main()
