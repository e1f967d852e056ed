"""One door to the formats, and what may lie where they write."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

from objmask.detections.classes import Palette
from objmask.exports.coco import write_coco
from objmask.exports.cvat import write_cvat
from objmask.exports.instances import ExportedFrame
from objmask.exports.label_images import write_masks_png
from objmask.exports.yolo import write_yolo
from objmask.files.whole import refuse_foreign
from objmask.video.info import VideoInfo

Format = Literal["coco", "masks_png", "yolo", "cvat"]
_OWN = {
    "masks_png": {"": r"\d{8,}\.png|labelmap\.txt"},
    "yolo": {"": r"labels|images|images\.txt|classes\.txt|data\.yaml", "labels": r"\d{8,}\.txt"},
    "images": {"": r"\d{8,}\.(png|jpg)"},
}
"""What a folder of each kind, and folders in it, may hold."""


def write_annotations(
    kind: Format,
    frames: Iterator[ExportedFrame],
    info: VideoInfo,
    palette: Palette,
    out: Path,
    *,
    video: str,
    suffix: str,
    image_folder: Path | None = None,
) -> None:
    """Writes one video's annotations, in place of an earlier export.

    Args:
        kind: format.
        frames: with what is on them.
        info: of the video.
        palette: groups, and the object classes in them.
        out: file or folder.
        video: its name.
        suffix: of the images that belong to it, e.g. `.jpg`.
        image_folder: of those images, for YOLO.

    Raises:
        ObjmaskError: `out` is a folder with other things in it; a table is damaged; the format cannot hold it.
        OSError: a file cannot be written.
    """
    refuse_all_but_exports(out, kind)
    with closing(frames):  # type: ignore[type-var]
        if kind == "coco":
            write_coco(frames, info, palette, out, video=video, suffix=suffix)
        elif kind == "masks_png":
            write_masks_png(frames, palette, out)
        elif kind == "yolo":
            images = None if image_folder is None else os.path.relpath(image_folder, out)
            write_yolo(frames, info, palette, out, suffix=suffix, images=images)
        else:
            write_cvat(frames, palette, out)


def refuse_all_but_exports(folder: Path, kind: Format | Literal["images"]) -> None:
    """Checks that a folder which is to be replaced holds nothing but an earlier export of the same kind.

    Raises:
        ObjmaskError: it holds something else, be it a data set of the user's own.
    """
    for below, own in _OWN.get(kind, {}).items():
        place = folder / below
        refuse_foreign(place, [path.name for path in place.iterdir() if _is_own(path, own)] if place.is_dir() else [])


def _is_own(path: Path, own: str) -> bool:
    # Of YOLO's folder `images` is a link; a folder of that name holds somebody's pictures.
    named = re.fullmatch(rf"{own}|\.snakemake_timestamp", path.name)
    return named is not None and (path.name != "images" or path.is_symlink())
