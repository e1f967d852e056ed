"""Verify a model and install it into a folder, with what is known of it in model.json."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--source", type=Path, required=True, help="a .tflite file, a .pb file or a SavedModel folder")
    parser.add_argument("--name", help="what to call it; none: as its file")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")


def run(options: argparse.Namespace) -> None:
    """Installs it."""
    from objmask.models.install import install

    install(options.source, options.out, options.name)
