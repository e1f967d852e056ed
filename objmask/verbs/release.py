"""Copy an audited video to protected/, or to quarantine/ when it leaks too much."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_nothing_hidden, add_setting


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--protected", type=Path, required=True, metavar="MP4", help="the protected video")
    parser.add_argument("--audit", type=Path, required=True, metavar="JSON", help="what `audit` wrote about it")
    add_setting(parser, "audit.fail_over")
    add_nothing_hidden(parser)
    parser.add_argument(
        "--quarantine", type=Path, required=True, metavar="MP4", help="file to write when the video is kept back"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="MP4", help="file to write otherwise")


def run(options: argparse.Namespace) -> None:
    """Copies the file."""
    from objmask.audit.release import release

    release(
        options.protected,
        options.audit,
        options.fail_over,
        options.nothing_hidden,
        options.quarantine,
        options.out,
    )
