"""Decode a video once, and write down its size, rotation, times, colours, audio and faults."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from objmask.files.documents import Degrees
from objmask.verbs.options import add_on_truncated, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--video", type=Path, required=True, metavar="FILE", help="the video")
    parser.add_argument(
        "--rotate",
        type=int,
        choices=get_args(Degrees),
        default=0,
        help="turn the picture clockwise by so many degrees, on top of what the file says",
    )
    add_on_truncated(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the JSON file."""
    import logging

    from objmask.files.whole import write_json
    from objmask.video.probe import count_packets, probe

    packets = count_packets(options.video)
    with progress(options, f"probe {options.video.name}", packets) as bar:
        info = probe(options.video, rotate=options.rotate, on_truncated=options.on_truncated, progress=bar.reach)
    for warning in info.warnings:
        logging.getLogger(__name__).warning("%s: %s", options.video, warning)
    write_json(options.out, info.to_json())
