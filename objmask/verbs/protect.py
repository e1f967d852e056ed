"""Make sensitive objects unreadable, and leave everything else unchanged. The result has no metadata."""

from __future__ import annotations

import argparse
import logging

from objmask.errors import ObjmaskError
from objmask.verbs.options import (
    add_encoder,
    add_hidden,
    add_look,
    add_nothing_hidden,
    add_setting,
    add_video,
    progress,
)
from objmask.verbs.values import look_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video(parser)
    add_hidden(parser)
    add_look(parser)
    add_setting(parser, "privacy.audio")
    add_encoder(parser)
    add_nothing_hidden(parser)


def run(options: argparse.Namespace) -> None:
    """Writes the video."""
    from objmask.hidden.table import HiddenTable
    from objmask.hidden.unhidden import Unhidden
    from objmask.render.privacy import Privacy
    from objmask.render.renderer import render_video
    from objmask.video.info import VideoInfo
    from objmask.video.writer import VideoWriter

    look = look_of(options)
    info = VideoInfo.read(options.probe)
    hidden = HiddenTable.read(options.hidden, info)
    privacy = Privacy(look)
    with (
        progress(options, f"protect {options.out.stem}", len(hidden)) as bar,
        VideoWriter(
            options.out,
            info,
            quality=options.quality,
            preset=options.preset,
            audio_from=options.video if options.audio == "copy" else None,
            fields=info.written_fields,
        ) as writer,
    ):
        render_video(
            privacy,
            options.video,
            info,
            hidden.frames,
            hidden.areas(),
            writer,
            bar,
            window=(options.start_s, options.end_s),
            on_truncated=options.on_truncated,
        )
        unhidden = Unhidden.of(hidden.frames, privacy.hides)
        if unhidden.part and options.nothing_hidden == "warn":
            logging.getLogger(__name__).warning("%s: %s", options.out, unhidden.sentence())
        elif unhidden.part:
            # Before the video gets its name.
            raise ObjmaskError(f"{options.out}: is not made (privacy.nothing_hidden: fail): {unhidden.sentence()}")
