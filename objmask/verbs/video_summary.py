"""Reduce the results of a video to what the report shows: a timeline, counts, thumbnails and warnings."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import (
    add_groups,
    add_hidden,
    add_on_truncated,
    add_painted,
    add_probe,
    add_setting,
    progress,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_painted(parser)
    add_groups(parser)
    parser.add_argument("--coverage", type=Path, required=True, metavar="CSV", help="coverage table of the video")
    add_setting(parser, "report.thumbnails")
    parser.add_argument(
        "--protected", type=Path, nargs="*", default=[], metavar="MP4", help="protected video to show pictures of"
    )
    add_hidden(parser, required=False)
    add_setting(parser, "masks.score")
    parser.add_argument("--raw", type=Path, metavar="FILE", help="show pictures of the video itself: not for sharing")
    add_on_truncated(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the file."""
    from objmask.detections.classes import Palette
    from objmask.errors import DataError
    from objmask.hidden.table import HiddenTable
    from objmask.painted.table import PaintedTable
    from objmask.report.hidden import read_hidden
    from objmask.report.video_summary import Shown, write_video_summary
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    palette = Palette.from_json(options.groups)
    painted = PaintedTable.read(options.painted, info, palette)
    shares = None
    if options.hidden:
        hidden = HiddenTable.read(options.hidden, info)
        if hidden.frames.pts.tolist() != painted.frames.pts.tolist():
            raise DataError(f"{options.hidden}: has other frames than {options.painted}; run the workflow again")
        with progress(options, f"hidden {options.out.stem}", len(hidden)) as bar:
            shares = read_hidden(hidden, bar)
    shown = Shown(
        palette,
        options.score,
        options.thumbnails,
        shares,
        next(iter(options.protected), None),
        options.raw,
        options.on_truncated,
    )
    with progress(options, f"summary of {options.out.stem}", len(painted)) as bar:
        write_video_summary(info, painted, options.coverage, shown, options.out, bar)
