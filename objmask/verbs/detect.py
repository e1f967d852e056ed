"""Run a model on the frames of a chunk, and store every detection above a low score with its soft mask."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from objmask.verbs.options import add_detection_outputs, add_setting, add_store, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="an installed model")
    add_store(parser)
    add_setting(parser, "device")
    parser.add_argument("--threads", type=whole(1), default=os.cpu_count() or 1, help="CPU threads")
    for key in ("floor", "max_per_frame", "batch", "precision"):
        add_setting(parser, f"detect.{key}")
    add_setting(parser, "detect.optimise", help="do not rewrite TensorFlow graphs: slower, but less memory")
    add_setting(parser, "detect.every", help="the value that `frames` had; stored with the result")
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
