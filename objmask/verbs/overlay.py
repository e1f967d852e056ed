"""Draw masks, outlines, names, scores and a legend over the video. It shows raw pixels, so do not share it."""

from __future__ import annotations

import argparse

from objmask.verbs.options import add_encoder, add_groups, add_painted, add_video, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video(parser)
    add_painted(parser)
    add_groups(parser)
    add_encoder(parser)


def run(options: argparse.Namespace) -> None:
    """Writes the video."""
    from objmask.detections.classes import Palette
    from objmask.painted.table import PaintedTable
    from objmask.render.overlay import Overlay
    from objmask.render.renderer import render_video
    from objmask.video.info import VideoInfo
    from objmask.video.tone import viewed
    from objmask.video.writer import VideoWriter

    info = VideoInfo.read(options.probe)
    palette = Palette.from_json(options.groups)
    painted = PaintedTable.read(options.painted, info, palette)
    overlay = Overlay(palette, info)
    with (
        progress(options, f"overlay {options.out.stem}", len(painted)) as bar,
        VideoWriter(
            options.out,
            info,
            quality=options.quality,
            preset=options.preset,
            colors=viewed(info.colors),
            fields=info.written_fields,
        ) as writer,
    ):
        render_video(
            overlay,
            options.video,
            info,
            painted.frames,
            painted.objects(),
            writer,
            bar,
            window=(options.start_s, options.end_s),
            on_truncated=options.on_truncated,
        )
