"""Render objects in the colours of their groups on black."""

from __future__ import annotations

import argparse
import logging

from objmask.verbs.options import add_groups, add_mp4, add_painted, add_probe, add_setting, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_painted(parser)
    add_groups(parser)
    add_setting(parser, "masks.lossless", help="write FFV1 in exact RGB instead of H.264")
    add_mp4(parser)


def run(options: argparse.Namespace) -> None:
    """Writes the video."""
    from objmask.detections.classes import Palette
    from objmask.objects.effects import tell
    from objmask.objects.tables import read_tables
    from objmask.render.colour_masks import write_masks
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    tables = read_tables(options.detections, info.sha256, options.corrections)
    tell(tables, logging.getLogger(__name__))
    with progress(options, f"masks {options.out.stem}", len(tables[0][1])) as bar:
        write_masks(
            info,
            tables,
            Palette.from_json(options.groups),
            options.out,
            bar,
            score=options.score,
            threshold=options.threshold,
            preset=options.preset,
            lossless=options.lossless,
        )
