"""Run a model over the frames of a chunk and store every detection above a low floor, with its soft mask."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from objmask.verbs.options import add_detection_outputs, add_store, progress, share, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="an installed model")
    add_store(parser)
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="where to compute")
    parser.add_argument("--threads", type=whole(1), default=os.cpu_count() or 1, help="CPU threads")
    parser.add_argument("--floor", type=share, default=0.05, help="store detections scoring at least this, 0..1")
    parser.add_argument("--max-per-frame", type=whole(1), default=100, help="store at most so many a frame, the best")
    parser.add_argument("--every", type=whole(1), default=1, help="what `frames` was told; kept with the result")
    parser.add_argument("--batch", type=whole(1), help="frames a run of the network; none: what the model likes")
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "mixed"),
        default="auto",
        help="mixed: 16 bits where that loses little; auto: mixed on GPUs that are made for it",
    )
    parser.add_argument(
        "--no-optimise", action="store_true", help="run TensorFlow graphs as they are: slower, but in less memory"
    )
    add_detection_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Writes both files."""
    import logging

    from objmask.detections import FrameTable
    from objmask.inference import detect
    from objmask.models.detector import load

    chunk = FrameTable.read(options.table)
    settings = {"floor": options.floor, "max_per_frame": options.max_per_frame, "every": options.every}
    detector = load(
        options.model,
        device=options.device,
        floor=options.floor,
        max_per_frame=options.max_per_frame,
        threads=options.threads,
        batch=options.batch,
        precision=options.precision,
        optimise=not options.no_optimise,
    )
    try:
        logging.getLogger(__name__).info("%s: %s", detector.info.name, detector.placement)
        with progress(options, f"detect {options.out.stem}", len(chunk)) as bar:
            detect(detector, options.frames, chunk, options.table, options.out, options.out_frames, bar, settings)
    finally:
        detector.close()
