"""Write the detections of a video for annotation tools: COCO, palette PNGs, YOLO, or a zip for CVAT."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_every, add_groups, add_painted, add_probe, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_painted(parser)
    add_groups(parser)
    add_every(parser)
    parser.add_argument("--format", choices=("coco", "masks_png", "yolo", "cvat"), required=True, help="what to write")
    parser.add_argument("--name", help="name of the video; none: the name of the output")
    parser.add_argument(
        "--images", choices=("png", "jpg"), default="jpg", help="suffix of image names in coco and yolo"
    )
    parser.add_argument(
        "--image-folder", type=Path, metavar="FOLDER", help="folder of images; yolo makes a link to FOLDER/NAME"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PATH",
        help="JSON file (coco), zip file (cvat), or folder (masks_png, yolo) to make; replaces an earlier export",
    )


def run(options: argparse.Namespace) -> None:
    """Writes the file or folder."""
    from objmask.detections.classes import Palette
    from objmask.exports.instances import annotated_frames
    from objmask.exports.write import write_annotations
    from objmask.painted.table import PaintedTable
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    palette = Palette.from_json(options.groups)
    painted = PaintedTable.read(options.painted, info, palette)
    name = options.name or options.out.stem
    with progress(options, f"{options.format} {name}", len(painted)) as bar:
        write_annotations(
            options.format,
            annotated_frames(painted, palette, options.every, bar),
            info,
            palette,
            options.out,
            video=name,
            suffix=f".{options.images}",
            image_folder=options.image_folder and options.image_folder / name,
        )
