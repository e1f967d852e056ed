"""Join the annotations of all videos into one data set for COCO or for YOLO training."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_groups


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--format", choices=("coco", "yolo"), required=True, help="what to write")
    parser.add_argument(
        "--annotations",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder with the annotations of all videos, as `annotations` wrote them",
    )
    parser.add_argument("--videos", type=Path, required=True, metavar="TSV", help="table of videos, as for `summary`")
    add_groups(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON (coco) or YAML (yolo) to write")


def run(options: argparse.Namespace) -> None:
    """Writes the file."""
    import os

    from objmask.detections.classes import Palette
    from objmask.exports.coco import join_coco
    from objmask.exports.yolo import join_yolo
    from objmask.inputs.video_table import read_video_table

    palette = Palette.from_json(options.groups)
    videos = [row["name"] for row in read_video_table(options.videos)[0]]
    if options.format == "coco":
        join_coco(((name, options.annotations / f"{name}.json") for name in videos), palette, options.out)
    else:
        join_yolo(videos, palette, os.path.relpath(options.annotations, options.out.parent), options.out)
