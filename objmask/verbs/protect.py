"""Make sensitive objects unreadable, and leave everything else unchanged. The result has no metadata."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from objmask.errors import ObjmaskError
from objmask.verbs.options import (
    add_detections,
    add_encoder,
    add_hidden,
    add_hold,
    add_nothing_hidden,
    add_video,
    progress,
    whole,
)
from objmask.verbs.values import hidden_objects, hidden_zones


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video(parser)
    add_detections(parser, score=0.1, threshold=0.3)
    add_hidden(parser, required=True)
    parser.add_argument("--style", choices=("solid", "pixelate", "blur"), default="blur", help="how hidden areas look")
    parser.add_argument(
        "--strength", type=whole(1, 8), default=6, help="cells along the object's longer side, 1..8; fewer hide more"
    )
    add_hold(parser)
    parser.add_argument(
        "--audio", choices=("drop", "copy"), default="drop", help="drop or copy the audio; voices identify people"
    )
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
    from objmask.render.hold import Hold
    from objmask.render.privacy import Privacy, PrivacySettings, refuse_gaps
    from objmask.render.renderer import render_video
    from objmask.render.unhidden import Unhidden
    from objmask.video.info import VideoInfo
    from objmask.video.writer import VideoWriter

    info = VideoInfo.read(options.probe)
    tables = read_tables(options.detections, info.sha256, options.corrections)
    refuse_gaps(tables)
    settings = PrivacySettings(
        classes=hidden_objects(options),
        score=options.score,
        threshold=options.threshold,
        style=options.style,
        strength=options.strength,
        shape=options.shape,
        grow=options.grow,
        hold=Hold.parse(options.hold),
        zones=hidden_zones(options),
        whole_frame_when_none=options.whole_frame_when == "no_detection",
    )
    log = logging.getLogger(__name__)
    tell(tables, log, hidden=settings.classes, score=settings.score)
    privacy = Privacy(settings, info, interlaced=info.written_fields is not None)
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
