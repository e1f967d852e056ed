"""List the audited videos, with the one that leaks most first."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_video_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--audits", type=Path, required=True, metavar="FOLDER", help="folder with the files that `audit` wrote"
    )
    add_video_table(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the CSV file."""
    from objmask.audit.documents import write_summary
    from objmask.inputs.video_table import read_video_table

    kept, _ = read_video_table(options.videos)
    write_summary(kept, options.audits, options.out)
