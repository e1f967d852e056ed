"""Count the pixels of each group in the masks, frame by frame."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_groups, add_painted, add_probe, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_painted(parser)
    add_groups(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the CSV file."""
    from objmask.coverage.by_frame import write_coverage
    from objmask.detections.classes import Palette
    from objmask.painted.table import PaintedTable
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    palette = Palette.from_json(options.groups)
    painted = PaintedTable.read(options.painted, info, palette)
    with progress(options, f"coverage {options.out.stem}", len(painted)) as bar:
        write_coverage(painted, palette, options.out, bar)
