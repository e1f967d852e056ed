"""Render first-person pictures and clips of an office with exact object masks. Use them to train and test networks,
and to try the workflow. The same options give the same files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import progress, seconds, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's options."""
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")
    parser.add_argument("--stills", type=whole(0), default=0, metavar="N", help="number of still scenes")
    parser.add_argument(
        "--clips", type=whole(0), default=0, metavar="N", help="number of clips, of all activities in turn"
    )
    parser.add_argument("--seconds", type=seconds, default=5.0, metavar="S", help="length of a clip")
    parser.add_argument("--rate", type=whole(1, 240), default=30, help="frames per second of a clip")
    parser.add_argument(
        "--split",
        choices=("train", "test"),
        default="test",
        help="set of surfaces, shapes and scenes; the two sets share none",
    )
    parser.add_argument("--seed", type=whole(0), default=0, help="seed of the random numbers")
    parser.add_argument("--width", type=whole(16, 8192), default=640, metavar="PX", help="size of the pictures")
    parser.add_argument("--height", type=whole(16, 8192), default=360, metavar="PX", help="size of the pictures")
    parser.add_argument("--jobs", type=whole(1), default=1, metavar="N", help="processes that render stills")


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    from objmask.errors import ConfigError
    from objmask.scene.families import check_split
    from objmask.scene.stills import StillSet, write_stills
    from objmask.scene.video import ClipSet, write_clips

    if not options.stills and not options.clips:
        raise ConfigError("scene: nothing to render; ask for --stills or --clips")
    split = check_split(options.split)
    if options.stills:
        wanted = StillSet(options.stills, options.seed, split, options.width, options.height)
        with progress(options, f"scene {options.out}", options.stills) as shown:
            write_stills(wanted, options.out, shown, jobs=options.jobs)
    if options.clips:
        frames = max(1, round(options.seconds * options.rate))
        clips = ClipSet(options.clips, options.seed, split, options.width, options.height, options.rate, frames)
        with progress(options, f"scene {options.out}", options.clips * frames) as shown:
            write_clips(clips, options.out, shown)
