"""How much of the bare network's speed is left in `detect`?

    python -m benchmarks.detect [ASSETS]

The FPV-O clip and the 640-pixel network on 2 threads. The function reads the frames store, runs the network, decodes
its outputs and writes Parquet; the verb also starts Python and loads the model. Beside them a bare loop that only
calls `interpreter.invoke()` on a ready input tensor: one interpreter with 2 threads, and two with one each.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
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


def ready(model: Path, picture: np.ndarray, threads: int) -> Interpreter:
    """An interpreter with a real picture in its input."""
    interpreter = Interpreter(str(model), num_threads=threads)
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()[0]
    height, width = details["shape"][1:3]
    box = Letterbox.fit(picture.shape[0], picture.shape[1], height, width)
    interpreter.set_tensor(details["index"], box.apply(picture)[None].astype(np.float32) / 255)
    interpreter.invoke()
    return interpreter


def bare(interpreters: list[Interpreter], count: int) -> None:
    """`count` runs, shared out among the interpreters, each in a thread of its own."""

    def loop(interpreter: Interpreter) -> None:
        while next(left, None) is not None:
            interpreter.invoke()

    left = iter(range(count))
    with ThreadPoolExecutor(len(interpreters)) as pool:
        list(pool.map(loop, interpreters))


def main() -> None:
    video = measure.office(measure.FPVO)
    store, table = measure.frames(video)
    chunk = FrameTable.read(table)
    folder, file = measure.model(measure.NHWC), measure.assets() / "models" / measure.NHWC
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
    print(
        f"{video.stem}, {len(chunk)} frames, {ROUNDS} rounds (aim: the function at least 0.9 of bare 1 x {THREADS}):\n"
    )
    measure.rates(times, len(chunk), *[name for name in things if name.startswith("bare")])


if __name__ == "__main__":
    main()
