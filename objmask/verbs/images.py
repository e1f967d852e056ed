"""Write the frames of a chunk for inference as images. The frame number is the file name."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_chunk, add_video, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video(parser)
    add_chunk(parser)
    parser.add_argument("--kind", choices=("png", "jpg"), default="png", help="image format")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")


def run(options: argparse.Namespace) -> None:
    """Writes the folder."""
    from objmask.inference.frame_store import network_size, scaled, write_images
    from objmask.inference.key_frames import read_with_keys
    from objmask.inputs.chunks import chunk_range
    from objmask.models.info import ModelInfo
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    start, stop = chunk_range(options.chunk) if options.chunk else (0, info.frames)
    size = network_size(info, [ModelInfo.read(folder) for folder in options.model])
    part = {
        "start": start,
        "stop": stop,
        "window": (options.start_s, options.end_s),
        "on_truncated": options.on_truncated,
    }
    with progress(options, f"images {options.out}", min(stop, info.frames) - start) as bar:
        frames = bar.counted(read_with_keys(options.video, info, options.every, **part))
        pictures = ((frame.number, scaled(frame.rgb(size), size)) for frame, seen in frames if seen)
        write_images(pictures, options.out, options.kind)
