"""Run the whole workflow on videos or folders, without a configuration.

Masks, overlay, protected video, coverage and a report come into a folder beside the input, or into --out. When you give
the same command again, it makes only what is missing.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from objmask.verbs.options import whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--model",
        action="append",
        metavar="MODEL",
        default=[],
        help="name (`objmask models` lists them) or file; repeat it for several; none: a model of COCO's "
        "objects, about 130 MB to download",
    )
    add_run(parser, "objmask")


def add_run(parser: argparse.ArgumentParser, ending: str) -> None:
    """The options of verbs that run the whole workflow.

    Args:
        parser: gets them.
        ending: of the folder for results, where none is given.
    """
    parser.add_argument("inputs", type=Path, nargs="+", metavar="FILE", help="videos, or folders of videos")
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FOLDER",
        help=f"folder to make; none: <first input>_{ending} beside that",
    )
    parser.add_argument("--outputs", metavar="LIST", help="outputs, e.g. masks,protected; none: the default outputs")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), help="where to compute; none: auto")
    parser.add_argument(
        "--settings", type=Path, metavar="YAML", help="file with more settings: any keys of config.yaml"
    )
    parser.add_argument("--cores", type=whole(1), default=os.cpu_count() or 1, help="CPU cores to use")


def run(options: argparse.Namespace) -> None:
    """Runs the workflow and says where its results are."""
    run_whole(options, "objmask", models=options.model)


def run_whole(
    options: argparse.Namespace, ending: str, *, models: list[str], base: Mapping[str, Any] | None = None
) -> None:
    """Runs the workflow with the options of `add_run`, and says where its results are.

    Args:
        options: as given.
        ending: as for `add_run`.
        models: names or files; empty: those of `base` or the default.
        base: settings that hold where the options say nothing.
    """
    import logging

    from objmask.running.run import results_of, run_workflow, settings_for, tidied, together, write_config

    first = options.inputs[0].absolute()
    out = (
        options.out.absolute()
        if options.out
        else first.with_name(f"{first.name if first.is_dir() else first.stem}_{ending}")
    )
    log = logging.getLogger(__name__)
    with tidied(out):
        settings = settings_for(
            together(options.inputs, out),
            options.settings,
            base=base,
            models=models,
            outputs=options.outputs,
            device=options.device,
        )
        run_workflow(write_config(settings, out), options.cores)
    log.info("results are in %s", out / "results")
    for path, what in results_of(out / "results"):
        log.info("  %-12s %s", path, what)
