"""Run the whole workflow on one video or folder, without a configuration.

Masks, overlay, protected video, coverage and a report come into a folder beside the input, or into --out. When you give
the same command again, it makes only what is missing.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from objmask.verbs.options import whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("input", type=Path, metavar="FILE", help="a video, or a folder of videos")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FOLDER", help="folder to make; none: <input>_objmask beside the input"
    )
    parser.add_argument(
        "--model",
        action="append",
        metavar="MODEL",
        default=[],
        help="name (`objmask models` lists them) or file; repeat it for several; none: a model of COCO's "
        "objects, 178 MB to download",
    )
    parser.add_argument("--outputs", metavar="LIST", help="outputs, e.g. masks,protected; none: the default outputs")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), help="where to compute; none: auto")
    parser.add_argument(
        "--settings", type=Path, metavar="YAML", help="file with more settings: any keys of config.yaml"
    )
    parser.add_argument("--cores", type=whole(1), default=os.cpu_count() or 1, help="CPU cores to use")


def run(options: argparse.Namespace) -> None:
    """Runs the workflow and says where its results are."""
    import logging

    from objmask.running.run import results_of, run_workflow, settings_for, tidied, write_config

    settings = settings_for(
        options.input,
        options.settings,
        models=options.model,
        outputs=options.outputs,
        device=options.device,
    )
    given = options.input.absolute()
    out = (
        options.out.absolute()
        if options.out
        else given.with_name(f"{given.name if given.is_dir() else given.stem}_objmask")
    )
    log = logging.getLogger(__name__)
    with tidied(out):
        run_workflow(write_config(settings, out), options.cores)
    log.info("results are in %s", out / "results")
    for path, what in results_of(out / "results"):
        log.info("  %-12s %s", path, what)
