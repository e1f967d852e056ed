"""Reduce a video's results to what the report shows of it: a timeline, counts, thumbnails, warnings."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_detections, add_groups, add_on_truncated, add_probe, progress, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_detections(parser, score=0.3, threshold=0.5)
    add_groups(parser)
    parser.add_argument("--coverage", type=Path, required=True, metavar="CSV", help="the video's coverage table")
    parser.add_argument("--thumbnails", type=whole(0, 24), default=6, help="moments to show as pictures")
    parser.add_argument(
        "--protected", type=Path, nargs="*", default=[], metavar="MP4", help="show pictures of this protected video"
    )
    parser.add_argument("--raw", type=Path, metavar="FILE", help="show pictures of the video itself: not for sharing")
    add_on_truncated(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the file."""
    from objmask.classes import Palette
    from objmask.report.glance import Shown, write_glance
    from objmask.tables import read_tables
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    tables = read_tables(options.detections, info.sha256)
    shown = Shown(
        Palette.from_json(options.groups),
        options.score,
        options.threshold,
        options.thumbnails,
        next(iter(options.protected), None),
        options.raw,
        options.on_truncated,
    )
    with progress(options, f"glance {options.out.stem}", len(tables[0][1])) as bar:
        write_glance(info, tables, options.coverage, shown, options.out, bar)
