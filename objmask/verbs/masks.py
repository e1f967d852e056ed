"""Render objects in the colours of their groups on black."""

from __future__ import annotations

import argparse

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
    from objmask.painted.table import PaintedTable
    from objmask.render.colour_masks import write_masks
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    palette = Palette.from_json(options.groups)
    painted = PaintedTable.read(options.painted, info, palette)
    with progress(options, f"masks {options.out.stem}", len(painted)) as bar:
        write_masks(
            info,
            painted,
            palette,
            options.out,
            bar,
            preset=options.preset,
            lossless=options.lossless,
        )
