"""Make sensitive objects unreadable, and leave everything else unchanged. The result has no metadata."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from objmask.config.hiding import Hiding
from objmask.errors import ObjmaskError
from objmask.verbs.options import (
    add_corrected,
    add_encoder,
    add_hiding,
    add_look,
    add_nothing_hidden,
    add_setting,
    add_video,
    progress,
)
from objmask.verbs.values import hiding_of, look_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video(parser)
    add_corrected(parser)
    add_hiding(parser, *Hiding.model_fields)
    add_look(parser)
    add_setting(parser, "privacy.audio")
    add_encoder(parser)
    add_nothing_hidden(parser)
    parser.add_argument(
        "--out-hidden", type=Path, metavar="JSON", help="also write in how many frames nothing was hidden, and where"
    )


def run(options: argparse.Namespace) -> None:
    """Writes the video."""
    from objmask.files.whole import write_json
    from objmask.objects.effects import tell
    from objmask.objects.tables import found_by_frame, read_tables
    from objmask.render.privacy import Privacy, refuse_gaps
    from objmask.render.renderer import render_video
    from objmask.render.unhidden import Unhidden
    from objmask.video.info import VideoInfo
    from objmask.video.writer import VideoWriter

    hiding, look = hiding_of(options), look_of(options)
    info = VideoInfo.read(options.probe)
    tables = read_tables(options.detections, info.sha256, options.corrections)
    refuse_gaps(tables)
    log = logging.getLogger(__name__)
    tell(tables, log, hidden=hiding.objects, score=hiding.score)
    privacy = Privacy(hiding, info, look, interlaced=info.written_fields is not None)
    audio_from = options.video if options.audio == "copy" else None
    with (
        progress(options, f"protect {options.out.stem}", len(tables[0][1])) as bar,
        VideoWriter(
            options.out,
            info,
            quality=options.quality,
            preset=options.preset,
            audio_from=audio_from,
            fields=info.written_fields,
        ) as writer,
    ):
        render_video(
            privacy,
            options.video,
            info,
            tables[0][1],
            found_by_frame(tables),
            writer,
            bar,
            window=(options.start_s, options.end_s),
            on_truncated=options.on_truncated,
        )
        unhidden = Unhidden.of(tables[0][1], privacy.hidden)
        if unhidden.part and options.nothing_hidden == "warn":
            log.warning("%s: %s", options.out, unhidden.sentence())
        elif unhidden.part:
            # Before the video gets its name.
            raise ObjmaskError(f"{options.out}: is not made (privacy.nothing_hidden: fail): {unhidden.sentence()}")
    if options.out_hidden:
        write_json(options.out_hidden, unhidden.to_json())
