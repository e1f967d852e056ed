"""List the videos of a folder or table with their fingerprints, and store these for the workflow."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.terminal import show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--videos", type=Path, required=True, help="folder tree, or table with the column `path`")
    parser.add_argument(
        "--out", type=Path, default=Path("results/index.json"), metavar="JSON", help="index file to read and write"
    )


def run(options: argparse.Namespace) -> None:
    """Prints one line per video to standard output."""
    from objmask.inputs.index import find_videos, index_videos

    for video in index_videos(find_videos(options.videos), options.out):
        state = video.unreadable or f"{video.packets} frames"
        show(f"{video.sha256[:12]}  {video.label}  {video.name}  {state}\n")
