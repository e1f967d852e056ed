"""How long does a frame take with each network?

    python -m benchmarks.networks [ASSETS] [--models NAME_OR_FILE ...]

The FPV-O clip (640x360) through `detect` on 2 CPU threads, without reading and writing: frames as the network gets
them, in memory, all networks in turn. By default the small networks; a name or file more is one row more.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from itertools import islice

from benchmarks import measure
from objmask.inference.frame_store import read_store
from objmask.models.load import load

MODELS = (measure.NHWC, "yolov8n-seg_640_nchw_onnx.onnx", "centerface", "blazeface", "palms", "text")
ROUNDS, FRAMES, THREADS = 3, 32, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", nargs="?", help="folder of real files; none: OBJMASK_TEST_ASSETS")
    parser.add_argument("--models", nargs="+", default=MODELS)
    options = parser.parse_args()
    if options.assets:
        os.environ["OBJMASK_TEST_ASSETS"] = options.assets
    sys.argv[1:] = []
    video = measure.office(measure.FPVO)
    calls, found = {}, {}
    for given in options.models:
        store, _ = measure.frames(video, given)
        pictures = list(islice(read_store(store), FRAMES))
        detector = load(measure.model(given), threads=THREADS, device="cpu")
        first = detector.detect(pictures)
        height, width = pictures[0].shape[:2]
        found[given] = (f"{width}x{height}", sum(map(len, first)) / len(pictures))
        calls[given] = partial(detector.detect, pictures)
    times = measure.interleaved(calls, ROUNDS)
    rows = [
        (given, found[given][0], 1000 * min(taken.wall_s) / FRAMES, 1000 * min(taken.cpu_s) / FRAMES, found[given][1])
        for given, taken in times.items()
    ]
    print(f"{FRAMES} frames, {THREADS} threads, the best of {ROUNDS} rounds:\n")
    measure.table(["network", "frames come as", "ms a frame", "CPU ms a frame", "detections a frame"], rows)


if __name__ == "__main__":
    main()
