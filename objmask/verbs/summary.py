"""Summarise coverage by video, group and label with intervals, and list the videos that were left out."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_video_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--coverage", type=Path, required=True, metavar="FOLDER", help="folder of coverage CSV files")
    add_video_table(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for the CSV files")


def run(options: argparse.Namespace) -> None:
    """Writes the CSV files."""
    from objmask.coverage.summary import VideoCoverage, write_summaries
    from objmask.inputs.video_table import read_video_table

    kept, excluded = read_video_table(options.videos)
    videos = [
        VideoCoverage.read(options.coverage / f"{row['name']}.csv", row["name"], row["label"], row["subject"])
        for row in kept
    ]
    write_summaries(videos, excluded, options.out)
