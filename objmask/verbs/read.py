"""Read a protected video and its source. Lists where the same words can be read, never the words."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_protected, add_setting, add_video, progress, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video(parser)
    add_protected(parser)
    add_setting(parser, "audit.read_every_s")
    parser.add_argument("--threads", type=whole(1), default=1, metavar="N", help="frames that are read side by side")
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the file."""
    from objmask.audit.read import read
    from objmask.provenance.unchanged import refuse_changed
    from objmask.video.info import VideoInfo
    from objmask.video.reader import read_frames

    refuse_changed(options.protected)
    info, protected = VideoInfo.read(options.probe), VideoInfo.read(options.protected_probe)
    with progress(options, f"read {options.out.stem}", protected.frames) as bar:
        read(
            info,
            read_frames(
                options.video, info, window=(options.start_s, options.end_s), on_truncated=options.on_truncated
            ),
            protected,
            read_frames(options.protected, protected),
            options.read_every_s,
            options.threads,
            options.out,
            bar,
        )
