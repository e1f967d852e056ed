"""Run a model on the frames of a chunk, and store every detection above a low score with its soft mask."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from objmask.verbs.options import add_detection_outputs, add_store, share, step, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="an installed model")
    add_store(parser)
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="where to compute")
    parser.add_argument("--threads", type=whole(1), default=os.cpu_count() or 1, help="CPU threads")
    parser.add_argument("--floor", type=share, default=0.05, help="store detections with at least this score, 0..1")
    parser.add_argument(
        "--max-per-frame", type=whole(1), default=100, help="store at most so many detections per frame, the best ones"
    )
    parser.add_argument("--every", type=step, default=1, help="the value that `frames` had; stored with the result")
    parser.add_argument("--batch", type=whole(1), help="frames per run of the network; none: the model's preference")
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "mixed"),
        default="auto",
        help="mixed: 16 bits where little accuracy is lost; auto: mixed on GPUs with 16-bit units",
    )
    parser.add_argument(
        "--no-optimise", action="store_true", help="do not rewrite TensorFlow graphs: slower, but less memory"
    )
    parser.add_argument(
        "--keep-loaded",
        action="store_true",
        help="keep the network loaded for the next job of the same workflow",
    )
    add_detection_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Writes both files."""
    import logging

    from objmask.inference.job import DetectJob, NetworkOptions
    from objmask.jobs import lifetime

    job = DetectJob(
        NetworkOptions(
            options.model,
            device=options.device,
            floor=options.floor,
            max_per_frame=options.max_per_frame,
            threads=options.threads,
            batch=options.batch,
            precision=options.precision,
            optimise=not options.no_optimise,
        ),
        store=options.frames,
        table=options.table,
        detections=options.out,
        frames=options.out_frames,
        every=options.every,
    )
    workflow = lifetime.workflow()
    if options.keep_loaded and workflow:
        from objmask.inference.client import UnavailableError, detect_shared

        try:
            return detect_shared(job, workflow)
        except UnavailableError as why:
            logging.getLogger(__name__).warning("the network cannot be kept for the next job (%s)", why)
    detector = job.network.load()
    try:
        job.run(detector, bar=options.log is None)
    finally:
        detector.close()
