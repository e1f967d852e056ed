"""Check a model and install it into a folder, with a description of it. Downloads named models."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--source",
        required=True,
        help="an .onnx, .tflite or .pb file, a SavedModel folder, a .tar.gz archive, or a name that `models` lists",
    )
    parser.add_argument("--name", help="name of the model; none: the name of its file")
    parser.add_argument(
        "--size", type=whole(64, 4096), help="longer side of what the network sees, pixels; none: its own"
    )
    parser.add_argument(
        "--tiles", type=whole(1, 8), default=1, help="also look at pictures in so many overlapping parts a side"
    )
    parser.add_argument(
        "--mirror",
        metavar="PLACE",
        help="folder or address (http:, https:, file:) that holds the files of named models; none: $OBJMASK_MIRROR, "
        "else their publishers'",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")


def run(options: argparse.Namespace) -> None:
    """Installs it."""
    from objmask.models.install import install

    install(
        options.source,
        options.out,
        options.name,
        size=options.size,
        tiles=options.tiles,
        mirror=options.mirror,
        bar=options.log is None,
    )
