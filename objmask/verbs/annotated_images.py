"""Write the annotated frames as images in full size. They show raw pixels, so do not share them."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_every, add_on_truncated, add_probe, add_tables, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--video", type=Path, required=True, metavar="FILE", help="the video")
    add_probe(parser)
    add_on_truncated(parser)
    add_tables(parser)
    add_every(parser)
    parser.add_argument("--kind", choices=("png", "jpg"), default="jpg", help="image format")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")


def run(options: argparse.Namespace) -> None:
    """Writes the folder."""
    from objmask.exports.images import write_annotated_images
    from objmask.exports.write import refuse_all_but_exports
    from objmask.objects.tables import known_rows, read_tables
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    tables = read_tables(options.detections, info.identity)
    refuse_all_but_exports(options.out, "images")
    with progress(options, f"annotated-images {options.out.stem}", info.frames) as bar:
        write_annotated_images(
            options.video,
            info,
            tables[0][1],
            known_rows(tables),
            options.out,
            bar,
            every=options.every,
            kind=options.kind,
            on_truncated=options.on_truncated,
        )
