"""Import the weights of a checkpoint of the zoo into the same network, for training or export."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_network_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--checkpoint",
        type=Path,
        required=True,
        metavar="PREFIX",
        help="path of the checkpoint: model.ckpt, without .index",
    )
    parser.add_argument(
        "--config", required=True, metavar="NAME", help="name of the network, such as inception_resnet_v2_atrous_coco"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")
    add_network_settings(parser)


def run(options: argparse.Namespace) -> None:
    """Imports it."""
    from objmask.files.whole import atomic_path, refuse_foreign
    from objmask.maskrcnn.checkpoint import FILES, load, restore, save_network
    from objmask.maskrcnn.config import named
    from objmask.maskrcnn.network import MaskRCNN

    refuse_foreign(options.out, FILES)
    config = named(options.config, **dict(options.set))
    arrays = load(options.checkpoint)
    network = MaskRCNN(config)
    restore(network, arrays, str(options.checkpoint))
    with atomic_path(options.out) as temporary:
        temporary.mkdir()
        save_network(network, temporary)
