"""Reduce the results of a video to what the report shows: a timeline, counts, thumbnails and warnings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.verbs.options import (
    add_groups,
    add_hiding,
    add_on_truncated,
    add_painted,
    add_probe,
    add_setting,
    progress,
)
from objmask.verbs.values import hiding_of

if TYPE_CHECKING:
    from objmask.objects.tables import Tables
    from objmask.report.hidden import HiddenShares
    from objmask.video.info import VideoInfo


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
    parser.add_argument(
        "--hidden",
        type=Path,
        nargs="*",
        default=[],
        metavar="PARQUET",
        help="detections that the protected video was made from",
    )
    add_hiding(parser)
    parser.add_argument("--raw", type=Path, metavar="FILE", help="show pictures of the video itself: not for sharing")
    add_on_truncated(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the file."""
    from objmask.detections.classes import Palette
    from objmask.objects.tables import read_tables
    from objmask.report.video_summary import Shown, write_video_summary
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    read_tables([*options.detections, *options.hidden], info.sha256)  # all have the same frames
    painted, hidden = (
        read_tables(files, info.sha256, options.corrections) for files in (options.detections, options.hidden)
    )
    shown = Shown(
        Palette.from_json(options.groups),
        options.score,
        options.threshold,
        options.thumbnails,
        _hidden(options, info, hidden) if hidden else None,
        next(iter(options.protected), None),
        options.raw,
        options.on_truncated,
    )
    with progress(options, f"summary of {options.out.stem}", len(painted[0][1])) as bar:
        write_video_summary(info, painted, options.coverage, shown, options.out, bar)


def _hidden(options: argparse.Namespace, info: VideoInfo, tables: Tables) -> HiddenShares:
    from objmask.report.hidden import read_hidden

    with progress(options, f"hidden {options.out.stem}", len(tables[0][1])) as bar:
        return read_hidden(info, tables, hiding_of(options), bar)
