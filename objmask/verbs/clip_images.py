"""Write training clips as folders of PNG files, one folder per label."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_clips, add_video_table, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_clips(parser)
    add_video_table(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")


def run(options: argparse.Namespace) -> None:
    """Writes the folder."""
    from objmask.clips.images import write_images
    from objmask.inputs.video_table import read_video_table

    names = [row["name"] for row in read_video_table(options.videos)[0]]
    with progress(options, f"clip-images {options.out}", len(names), "videos") as bar:
        write_images(bar.counted(options.clips / f"{name}.npz" for name in names), options.out)
