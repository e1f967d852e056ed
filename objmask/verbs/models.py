"""List the kinds of model that objmask runs, or describe given model files. Says which objects a file can detect."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="model files to describe")


KINDS = """\
family        files                                              objects
yolo_seg      YOLO-seg exports as TensorFlow Lite (.tflite)      as the file says, else the 80 of COCO
tf_detection  TensorFlow Object Detection API, Mask R-CNN:       as *.pbtxt beside it says, else the 80 of COCO
              frozen_inference_graph.pb or a SavedModel folder

Use one with: snakemake --cores 2 --config videos=<folder> model=<file>
Objects of COCO: {names}
"""


def run(options: argparse.Namespace) -> None:
    """Prints to standard output."""
    from objmask.models.coco import COCO_NAMES
    from objmask.models.describe import describe

    if not options.files:
        sys.stdout.write(KINDS.format(names=", ".join(COCO_NAMES)))
    for path in options.files:
        info = describe(path)
        size = f"{info.input_width}x{info.input_height}" if info.input_width else "any size"
        sys.stdout.write(f"{info.name}: {info.family}, input {size}, licence {info.licence or 'unknown'}\n")
        sys.stdout.write(f"  {len(info.classes)} objects: {', '.join(info.classes)}\n")
