"""Write a trained or imported network as a folder with the layout of the zoo's archives, or as an archive."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_network_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--network", type=Path, required=True, metavar="FOLDER", help="folder that `train` or `import-checkpoint` wrote"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")
    parser.add_argument("--archive", action="store_true", help="also pack the folder as <out>.tar.gz beside it")
    parser.add_argument(
        "--half", action="store_true", help="store the frozen graph's weights in 16 bits: half the size"
    )
    add_network_settings(parser)


def run(options: argparse.Namespace) -> None:
    """Exports it."""
    from objmask.maskrcnn.checkpoint import load_network
    from objmask.maskrcnn.export import export, pack

    export(load_network(options.network, **dict(options.set)), options.out, half=options.half)
    if options.archive:
        pack(options.out, options.out.with_name(f"{options.out.name}.tar.gz"))
