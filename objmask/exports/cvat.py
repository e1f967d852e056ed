"""CVAT's "Segmentation mask 1.1": a zip of two palette PNGs a frame, one of groups and one of instances.

The layout is that of Pascal VOC: the colours of groups stand in `labelmap.txt`, those of instances are VOC's own.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from objmask.detections.classes import Palette
from objmask.errors import DataError
from objmask.exports.instances import ExportedFrame
from objmask.exports.label_images import write_png
from objmask.exports.labelmap import LABELMAP, labelmap
from objmask.files.whole import atomic_path

MAX_INSTANCES = 255
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""A zip file has no way to leave times out."""


def write_cvat(frames: Iterable[ExportedFrame], palette: Palette, out: Path) -> None:
    """Writes the zip file, frame by frame.

    Raises:
        DataError: a frame has more instances than VOC has colours.
        OSError: the file cannot be written.
    """
    names = []
    colours = voc_colours()
    with atomic_path(out) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add(archive, LABELMAP, labelmap(palette).encode())
        for frame in frames:
            names.append(frame.name)
            for folder, labels, table in (
                ("SegmentationClass", frame.labels, palette.colours),
                ("SegmentationObject", instance_map(frame), colours),
            ):
                png = io.BytesIO()
                write_png(labels, table, png)
                _add(archive, f"{folder}/{frame.name}.png", png.getvalue())
        _add(archive, "ImageSets/Segmentation/default.txt", "".join(f"{name}\n" for name in names).encode())


def instance_map(frame: ExportedFrame) -> npt.NDArray[np.uint8]:
    """(h, w) uint8: 0 background, k the k-th instance.

    Raises:
        DataError: there are more than 255.
    """
    if len(frame.instances) > MAX_INSTANCES:
        raise DataError(
            f"frame {frame.number}: {len(frame.instances)} instances, the cvat format holds {MAX_INSTANCES} a frame; "
            "raise masks.score, or use coco"
        )
    numbers = np.zeros(frame.labels.shape, np.uint8)
    for number, instance in enumerate(frame.instances, 1):
        patch = instance.patch
        numbers[patch.rows, patch.columns][patch.mask] = number
    return numbers


def voc_colours() -> npt.NDArray[np.uint8]:
    """(256, 3) uint8 RGB: Pascal VOC's colour of each index (the bits of the index, spread over the three channels)."""
    index = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= (((index >> (3 * bit + channel)) & 1) << (7 - bit)).astype(np.uint8)
    return colours


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Adds a file whose entry is the same whenever and wherever it is written; PNGs are compressed already."""
    entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED if name.endswith(".txt") else zipfile.ZIP_STORED)
