"""Join the detections of all chunks of a video. The chunk length does not change a byte of the result."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_detection_outputs, add_probe, add_window


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_window(parser)
    parser.add_argument(
        "--part",
        type=Path,
        action="extend",
        nargs="+",
        required=True,
        metavar="PARQUET",
        help="detections of each chunk, in order",
    )
    add_detection_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Writes both files."""
    from objmask.detections.frames_table import frames_path
    from objmask.inference.chunk import gather
    from objmask.video.info import VideoInfo

    parts = [(part, frames_path(part)) for part in options.part]
    info = VideoInfo.read(options.probe)
    gather(parts, info, options.out, options.out_frames, whole=(options.start_s, options.end_s) == (None, None))
