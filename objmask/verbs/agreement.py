"""Compare measured coverage with the ground truth of rendered clips, and print both by group."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.terminal import show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--coverage", type=Path, required=True, metavar="FOLDER", help="results/coverage of the run")
    parser.add_argument(
        "--truth",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="the folder `truth` that `scene` wrote beside the clips",
    )


def run(options: argparse.Namespace) -> None:
    """Prints the table."""
    from objmask.coverage.agreement import agreement, as_text

    show(as_text(agreement(options.coverage, options.truth)) + "\n")
