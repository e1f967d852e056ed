"""Copy an audited video to protected/, or to quarantine/ when it leaks too much."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_nothing_hidden


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--protected", type=Path, required=True, metavar="MP4", help="the protected video")
    parser.add_argument("--audit", type=Path, required=True, metavar="JSON", help="what `audit` wrote about it")
    parser.add_argument(
        "--fail-over", type=_per_1000, metavar="N", help="highest allowed number of leaking frames per 1,000; none: any"
    )
    add_nothing_hidden(parser)
    parser.add_argument(
        "--quarantine", type=Path, required=True, metavar="MP4", help="file to write when the video is kept back"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="MP4", help="file to write otherwise")


def _per_1000(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not in 0..1000")
    return value


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
