"""Compare models on annotated pictures: precision, coverage, and what privacy would hide.

The detections are kept in --out. So scores, groups and settings can change without another run of the network.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from objmask.verbs.evaluation_options import add_judging, judge_settings, marks
from objmask.verbs.options import add_setting, progress, share, whole
from objmask.verbs.terminal import show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--model",
        required=True,
        action="append",
        metavar="MODEL",
        help="name (`objmask models` lists them), file, or folder of an installed model; repeat it for each model",
    )
    parser.add_argument("--images", type=Path, required=True, metavar="FOLDER", help="folder of the pictures")
    parser.add_argument(
        "--annotations", type=Path, required=True, metavar="JSON", help="ground truth of the pictures in COCO format"
    )
    add_judging(parser)
    add_setting(parser, "device")
    parser.add_argument("--threads", type=whole(1), default=os.cpu_count() or 1, help="CPU threads")
    parser.add_argument(
        "--floor", type=share, help="keep detections with at least this score; none: the lowest of --scores"
    )
    add_setting(parser, "detect.max_per_frame")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for tables and detections")


def run(options: argparse.Namespace) -> None:
    """Writes the files and prints the comparison."""
    from objmask.errors import ConfigError
    from objmask.evaluation.annotations import read_annotations
    from objmask.evaluation.pictures import evaluate_pictures
    from objmask.evaluation.results import write_results
    from objmask.files.whole import refuse_unwritable
    from objmask.inference.job import NetworkOptions
    from objmask.models.install import installed

    refuse_unwritable(options.out)
    settings = judge_settings(options)
    floor = settings.scores[0] if options.floor is None else options.floor
    if settings.scores[0] < floor:
        raise ConfigError(f"--scores: {settings.scores[0]:g} is below --floor {floor:g}, under which nothing is kept")
    data = read_annotations(None, None, options.annotations, options.images, strict=True)
    with installed(options.model) as folders:
        networks = [
            NetworkOptions(
                folder,
                device=options.device,
                floor=floor,
                max_per_frame=options.max_per_frame,
                threads=options.threads,
                batch=None,
                precision="auto",
                optimise=True,
            )
            for folder in folders
        ]
        models = evaluate_pictures(
            networks,
            data,
            settings,
            options.out,
            lambda what: progress(options, what, len(data.pictures), unit="pictures"),
        )
    show(write_results(models, options.out, marks(options)) + "\n")
