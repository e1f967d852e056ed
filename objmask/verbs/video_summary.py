"""Reduce the results of a video to what the report shows: a timeline, counts, thumbnails and warnings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.verbs.options import (
    add_detections,
    add_groups,
    add_hidden,
    add_hold,
    add_on_truncated,
    add_probe,
    progress,
    share,
    whole,
)
from objmask.verbs.values import hidden_objects, hidden_zones

if TYPE_CHECKING:
    from objmask.objects.tables import Tables
    from objmask.report.hidden import HiddenShares
    from objmask.video.info import VideoInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_detections(parser, score=0.3, threshold=0.5)
    add_groups(parser)
    parser.add_argument("--coverage", type=Path, required=True, metavar="CSV", help="coverage table of the video")
    parser.add_argument("--thumbnails", type=whole(0, 24), default=6, help="number of moments with a picture")
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
    parser.add_argument("--privacy-score", type=share, default=0.1, help="score from which a detection is hidden, 0..1")
    parser.add_argument("--privacy-threshold", type=share, default=0.3, help="mask probability of a hidden pixel, 0..1")
    add_hidden(parser, required=False)
    add_hold(parser)
    parser.add_argument(
        "--raw", type=Path, metavar="FILE", help="show pictures of the source video; do not share such a report"
    )
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
    from objmask.config.defaults import SENSITIVE
    from objmask.render.hold import Hold
    from objmask.render.privacy import PrivacySettings
    from objmask.report.hidden import read_hidden

    settings = PrivacySettings(
        classes=frozenset(SENSITIVE) if options.objects is None else hidden_objects(options),
        score=options.privacy_score,
        threshold=options.privacy_threshold,
        style="solid",  # it does not matter here what is seen instead
        strength=1,
        shape=options.shape,
        grow=options.grow,
        hold=Hold.parse(options.hold),
        zones=hidden_zones(options),
        whole_frame_when_none=options.whole_frame_when == "no_detection",
    )
    with progress(options, f"hidden {options.out.stem}", len(tables[0][1])) as bar:
        return read_hidden(info, tables, settings, bar)
