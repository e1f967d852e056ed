"""Make one page of the summaries of all videos, the settings and the models. It opens without a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_video_table
from objmask.verbs.values import parse_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--results",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder of results: report/, summary/, benchmarks/, logs/ and the videos",
    )
    add_video_table(parser)
    parser.add_argument("--about", required=True, metavar="JSON", help='{"settings": …, "models": […], "notes": […]}')
    parser.add_argument("--out", type=Path, required=True, metavar="HTML", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the page."""
    from objmask.errors import ConfigError
    from objmask.inputs.video_table import read_video_table
    from objmask.report.all_videos import ReportedVideo
    from objmask.report.page import write_report

    about = parse_json(options.about, "--about")
    if not isinstance(about, dict) or not {"settings", "models", "notes"} <= about.keys():
        raise ConfigError("--about: expected the keys settings, models, notes")
    kept, excluded = read_video_table(options.videos)
    videos = [ReportedVideo(row["name"], row["label"], row["subject"]) for row in kept]
    write_report(videos, excluded, about, options.results, options.out)
