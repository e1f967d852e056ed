"""How much of the bare network's speed is left in `detect`?

    python -m benchmarks.detect [ASSETS]

The FPV-O clip and the 640-pixel network on 2 threads, as TensorFlow Lite and as ONNX file. The function reads the
frames store, runs the network, decodes its outputs and writes Parquet; the verb also starts Python and loads the model.
Beside them a bare loop that only runs the network on a ready input tensor: one interpreter or session with 2 threads,
and two with one each.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

from benchmarks import measure
from objmask.detections.frames_table import FrameTable
from objmask.inference.chunk import detect
from objmask.inference.frame_store import read_store
from objmask.models.load import load
from objmask.models.networks.letterbox import Letterbox
from objmask.progress import Progress

ROUNDS = 5
THREADS = 2
SIDE = 640

Invoke = Callable[[], object]


def ready(model: Path, picture: npt.NDArray[np.uint8], threads: int) -> Invoke:
    """Runs a network of `threads` threads with a real picture in its input."""
    box = Letterbox.fit(picture.shape[0], picture.shape[1], SIDE, SIDE)
    values = box.apply(picture)[None].astype(np.float32) / 255
    if model.suffix == ".onnx":
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        taken = {session.get_inputs()[0].name: np.ascontiguousarray(values.transpose(0, 3, 1, 2))}
        return lambda: session.run(None, taken)
    interpreter = Interpreter(str(model), num_threads=threads)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    invoke: Invoke = interpreter.invoke
    return invoke


def bare(networks: Sequence[Invoke], count: int) -> None:
    """`count` runs, shared out among the networks, each in a thread of its own."""

    def loop(invoke: Invoke) -> None:
        while next(left, None) is not None:
            invoke()

    left = iter(range(count))
    with ThreadPoolExecutor(len(networks)) as pool:
        list(pool.map(loop, networks))


def compare(model: str) -> None:
    """Prints what is left of a network's speed."""
    video = measure.office(measure.FPVO)
    store, table = measure.frames(video)
    chunk = FrameTable.read(table)
    folder, file = measure.model(model), measure.assets() / "models" / model
    picture = next(read_store(store))
    one, two = [ready(file, picture, THREADS)], [ready(file, picture, 1) for _ in range(THREADS)]
    detector = load(folder, threads=THREADS)

    def function() -> None:
        with tempfile.TemporaryDirectory() as out:
            paths = Path(out, "d.parquet"), Path(out, "d.frames.parquet")
            detect(detector, store, chunk, table, *paths, Progress("detect", len(chunk), bar=False), {})

    def whole_verb() -> None:
        with tempfile.TemporaryDirectory() as out:
            options = (f"--model={folder}", f"--frames={store}", f"--table={table}", f"--threads={THREADS}")
            measure.verb("detect", *options, *measure.found(Path(out, "d.parquet")))

    things = {
        f"bare, 1 x {THREADS} threads": lambda: bare(one, len(chunk)),
        "detect, the function": function,
        f"bare, {THREADS} x 1 thread": lambda: bare(two, len(chunk)),
        "detect, the verb": whole_verb,
    }
    times = measure.interleaved(things, ROUNDS)
    detector.close()
    print(f"{model}, {video.stem}, {len(chunk)} frames, {ROUNDS} rounds ", end="")
    print(f"(aim: the function at least 0.9 of bare 1 x {THREADS}):\n")
    measure.rates(times, len(chunk), *[name for name in things if name.startswith("bare")])


def main() -> None:
    for model in (measure.NHWC, measure.ONNX):
        compare(model)


if __name__ == "__main__":
    main()
