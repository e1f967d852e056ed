"""How fast is the original's network at full size, and what does objmask add to it?

    python -m benchmarks.full_size [ASSETS]

The Inception-ResNet-v2 network with random weights, exported in the zoo's layout, served by an HTTP server on this
machine and fetched by `model` under a name of the zoo, runs on frames of the FPV-O clip (1280 x 720, inside
768 x 1365) on 2 threads. Beside it a bare loop of `session.run` on the same graph and the same frames. Random weights
find nothing of their own: the score floor 0 lets all boxes through, and the number of boxes is set. The last rows are
of the network that the README names first, at its full size (inside 800 x 1365).
"""

from __future__ import annotations

import functools
import http.server
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from objmask.detections.frames_table import FrameTable
from objmask.inference.chunk import detect
from objmask.inference.frame_store import read_store
from objmask.maskrcnn.config import named
from objmask.maskrcnn.export import export, pack
from objmask.maskrcnn.network import MaskRCNN
from objmask.models.families.tf_detection import FROZEN_GRAPH
from objmask.models.load import load
from objmask.models.quiet_tensorflow import tf
from objmask.progress import Progress

# The one archive of the zoo without a published checksum, so that one of our own may take its place.
NAME = "mask_rcnn_inception_resnet_v2_1024x1024_coco17_gpu-8"
PATH = f"tf2/20200711/{NAME}.tar.gz"
ORIGINAL, SMALLER = "inception_resnet_v2_atrous_coco", "inception_v2_coco"
FRAMES, RATE = 5, 30
THREADS, ROUNDS = 2, 2
VARIANTS = (
    (ORIGINAL, 300, 100, FRAMES),
    (ORIGINAL, 300, 5, 2),
    (ORIGINAL, 100, 100, 2),
    (ORIGINAL, 100, 5, 2),
    (SMALLER, 100, 100, 10),
    (SMALLER, 100, 5, 10),
)
"""Architecture, proposals, boxes that get masks, and frames."""
v1 = tf.compat.v1


def exported(architecture: str, proposals: int, boxes: int) -> Path:
    """The network as a folder in the zoo's layout."""
    folder = measure.work() / f"{architecture}_{proposals}_{boxes}" / NAME
    if not folder.exists():
        config = named(architecture, proposals=proposals, detections=boxes)
        export(MaskRCNN(config), folder)
    return folder


def fetched(folder: Path) -> tuple[Path, measure.Run]:
    """What `model` installs from a server that holds the packed folder, and what that took."""
    root = measure.work() / "server"
    (root / PATH).parent.mkdir(parents=True, exist_ok=True)
    pack(folder, root / PATH)
    os.environ["OBJMASK_CACHE"] = str(measure.work() / "cache")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mirror = f"http://127.0.0.1:{server.server_port}/"
        out = measure.work() / "models" / "served"
        taken = measure.verb("model", f"--source={NAME}", f"--mirror={mirror}", f"--out={out}")
        server.shutdown()
    return out, taken


def frames(model: Path, count: int) -> tuple[Path, Path]:
    """Frames store and table of the clip's first frames."""
    video = measure.office(measure.FPVO)
    store, table = (measure.work() / f"{model.name}_{count}{suffix}" for suffix in (".nut", ".parquet"))
    end = f"--end-s={(count - 0.5) / RATE}"
    read = (f"--video={video}", f"--probe={measure.probe(video)}", f"--model={model}", end)
    measure.verb("frames", *read, f"--out={store}", f"--table={table}")
    return store, table


class Bare:
    """A session on a frozen graph, and nothing else."""

    def __init__(self, graph: Path, pictures: list[Any]) -> None:
        config = v1.ConfigProto(intra_op_parallelism_threads=THREADS, inter_op_parallelism_threads=THREADS)
        self._session, self._pictures = v1.Session(graph=tf.Graph(), config=config), pictures
        with self._session.graph.as_default():
            tf.import_graph_def(v1.GraphDef.FromString(graph.read_bytes()), name="")
        names = ("num_detections", "detection_boxes", "detection_scores", "detection_classes", "detection_masks")
        self._outputs = [f"{name}:0" for name in names]

    def __call__(self) -> None:
        for picture in self._pictures:
            self.run(picture)

    def run(self, picture: Any) -> None:
        self._session.run(self._outputs, {"image_tensor:0": picture[None]})

    def close(self) -> None:
        self._session.close()


def variant(architecture: str, proposals: int, boxes: int, count: int) -> list[object]:
    """A row: seconds a frame of `detect` and of the bare loop."""
    folder = exported(architecture, proposals, boxes)
    model = measure.work() / "models" / f"{architecture}_{proposals}_{boxes}"
    measure.verb("model", f"--source={folder / FROZEN_GRAPH}", f"--out={model}")
    store, table = frames(model, count)
    chunk = FrameTable.read(table)
    bare, detector = Bare(folder / FROZEN_GRAPH, list(read_store(store))), load(model, threads=THREADS, device="cpu")

    def whole() -> None:
        with tempfile.TemporaryDirectory() as out:
            paths = Path(out, "d.parquet"), Path(out, "d.frames.parquet")
            detect(detector, store, chunk, table, *paths, Progress("detect", len(chunk), bar=False), {})

    first = next(read_store(store))
    detector.detect([first])  # the first run of a session also rewrites the graph
    bare.run(first)
    times = measure.interleaved({"detect": whole, "bare": bare}, ROUNDS)
    bare.close()
    detector.close()
    ratio = measure.share(times["detect"].wall_s, times["bare"].wall_s)
    seconds = [float(np.median(times[name].wall_s)) / len(chunk) for name in ("detect", "bare")]
    return [architecture, proposals, boxes, len(chunk), *seconds, f"{ratio:.3f}"]


def settings(model: Path, store: Path, table: Path) -> list[list[object]]:
    """Rows: what the verb `detect` takes with each way to run the graph."""
    rows: list[list[object]] = []
    count = len(FrameTable.read(table))
    for name, options in {
        "as it is": (),
        "graph not optimised": ("--no-optimise",),
        "bfloat16": ("--precision=mixed",),
        "two frames at once": ("--batch=2",),
    }.items():
        with tempfile.TemporaryDirectory() as out:
            read = (f"--model={model}", f"--frames={store}", f"--table={table}", f"--threads={THREADS}", "--device=cpu")
            run = measure.verb("detect", *read, *options, *measure.found(Path(out, "d.parquet")))
        rows.append([name, run.wall_s / count, run.peak_mib / 1024])
    return rows


def main() -> None:
    model, taken = fetched(exported(*VARIANTS[0][:3]))
    print(f"`model` fetched, checked, unpacked and opened the archive in {taken.wall_s:.0f} s.\n")
    rows = [variant(*one) for one in VARIANTS]
    print(f"{ROUNDS} rounds (aim: at most 1.02 of the bare loop):\n")
    columns = ["network", "proposals", "boxes with masks", "frames", "detect, s a frame", "bare, s a frame", "ratio"]
    measure.table(columns, rows)
    print(f"The verb on the fetched model, {FRAMES} frames, 300 proposals and 100 boxes, with start and loading:\n")
    measure.table(["how", "s a frame", "peak memory, GiB"], settings(model, *frames(model, FRAMES)))


if __name__ == "__main__":
    main()
