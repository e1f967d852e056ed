"""Write the frames of a chunk as images, named by their frame numbers."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_store, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_store(parser)
    parser.add_argument("--kind", choices=("png", "jpg"), default="png", help="image format")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")


def run(options: argparse.Namespace) -> None:
    """Writes the folder."""
    from objmask.detections import FrameTable
    from objmask.frames import write_images

    frames = FrameTable.read(options.table)
    with progress(options, f"images {options.out}", int(frames.inferred.sum())) as bar:
        write_images(options.frames, frames, options.out, options.kind, bar)
