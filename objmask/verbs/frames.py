"""Extract the frames of a chunk for inference: upright, and scaled down to the size that the models use."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_chunk, add_video, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video(parser)
    add_chunk(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="NUT", help="frames file to write")
    parser.add_argument("--table", type=Path, required=True, metavar="PARQUET", help="frames table to write")


def run(options: argparse.Namespace) -> None:
    """Writes both files."""
    from objmask.inference.frame_store import extract_frames, network_size
    from objmask.inputs.chunks import chunk_range
    from objmask.models.info import ModelInfo
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    start, stop = chunk_range(options.chunk) if options.chunk else (0, info.frames)
    size = network_size(info, [ModelInfo.read(folder) for folder in options.model])
    with progress(options, f"frames {options.video.name}", min(stop, info.frames) - start) as bar:
        extract_frames(
            options.video,
            info,
            options.out,
            options.table,
            size,
            bar,
            start=start,
            stop=stop,
            every=options.every,
            window=(options.start_s, options.end_s),
            on_truncated=options.on_truncated,
        )
