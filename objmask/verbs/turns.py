"""Try a few frames of a video in which nothing is hidden in most frames turned by 90, 180 and 270 degrees.

When something is hidden in most frames, no network is loaded.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from objmask.verbs.options import add_hidden, add_on_truncated, add_probe, add_setting, progress, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--video", type=Path, required=True, metavar="FILE", help="the video")
    add_probe(parser)
    add_on_truncated(parser)
    add_hidden(parser)
    parser.add_argument(
        "--unhidden",
        type=Path,
        required=True,
        metavar="JSON",
        help="what `hide` wrote about frames in which it hides nothing",
    )
    parser.add_argument(
        "--model",
        type=Path,
        required=True,
        action="extend",
        nargs="+",
        metavar="FOLDER",
        help="folder of each installed model whose objects are hidden",
    )
    add_setting(parser, "device")
    parser.add_argument("--threads", type=whole(1), default=os.cpu_count() or 1, help="CPU threads")
    for key in ("max_per_frame", "batch", "precision"):
        add_setting(parser, f"detect.{key}")
    add_setting(parser, "detect.optimise", help="do not rewrite TensorFlow graphs: slower, but less memory")
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the file."""
    from objmask.audit.turns import Turns
    from objmask.files.whole import write_json
    from objmask.hidden.unhidden import MUCH, Unhidden
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    tried = Turns(0, info.rotate, ())
    if Unhidden.read(options.unhidden).share >= MUCH:
        from objmask.audit.try_turns import FRAMES, try_turns
        from objmask.hidden.table import HiddenTable
        from objmask.inference.job import NetworkOptions
        from objmask.models.info import ModelInfo

        hidden = HiddenTable.read(options.hidden, info)
        networks = [
            NetworkOptions(
                model,
                device=options.device,
                floor=hidden.hiding.of(ModelInfo.read(model).name).score,
                max_per_frame=options.max_per_frame,
                threads=options.threads,
                batch=options.batch,
                precision=options.precision,
                optimise=not options.no_optimise,
            )
            for model in options.model
        ]
        looks = 4 * FRAMES * len(networks)
        with progress(options, f"turns {options.out.stem}", looks, "looks") as bar:
            tried = try_turns(options.video, info, hidden, networks, bar, on_truncated=options.on_truncated)
    write_json(options.out, tried.to_json())
