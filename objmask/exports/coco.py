"""COCO instances: one JSON file a video, and one for all videos.

An image or annotation a line, so that files of any length are written, and joined, line by line.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from pycocotools import mask as rle

from objmask.detections.classes import Palette
from objmask.errors import DataError
from objmask.exports.instances import ExportedFrame, ExportedInstance, categories
from objmask.files.whole import atomic_path
from objmask.provenance.unchanged import refuse_changed
from objmask.video.info import VideoInfo

Entry = dict[str, Any]
_IMAGES, _ANNOTATIONS = '"images":[', '"annotations":['


def write_coco(
    frames: Iterable[ExportedFrame], info: VideoInfo, palette: Palette, out: Path, *, video: str, suffix: str
) -> None:
    """Writes the file of one video.

    Args:
        frames: with what is on them.
        info: of the video.
        palette: its object classes are the categories, its groups their supercategories.
        out: file to write.
        video: its name.
        suffix: of the images that `file_name` names, e.g. `.jpg`.

    Raises:
        OSError: the file cannot be written.
    """
    with _written(out, palette) as file:
        for frame in frames:
            size = {"width": info.width, "height": info.height}
            place = {"video": video, "frame": frame.number, "time_s": round(frame.time_s, 6)}
            image = file.image({"file_name": frame.name + suffix, **size, **place})
            for instance in frame.instances:
                file.annotation(_annotation(instance, info.height, info.width), image)


def join_coco(files: Iterable[tuple[str, Path]], palette: Palette, out: Path) -> None:
    """Writes one file for all videos: ids are given anew, and `file_name` begins with the video's name.

    Args:
        files: the name of each video, and what `write_coco` wrote for it.
        palette: as for `write_coco`.
        out: file to write.

    Raises:
        DataError: a file is not one of `write_coco`'s, or has other categories.
        OSError: a file cannot be read or written.
    """
    with _written(out, palette) as file:
        for video, path in files:
            before = file.images
            try:
                for is_image, entry in _entries(path, _head(palette)):
                    if is_image:
                        file.image({**entry, "file_name": f"{video}/{entry['file_name']}"})
                    else:
                        file.annotation(entry, before + entry["image_id"])
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(
                    f"{path}: not annotations of these groups; delete it and run again ({error})"
                ) from error


def _annotation(instance: ExportedInstance, height: int, width: int) -> Entry:
    patch = instance.patch
    full = np.zeros((height, width), np.uint8, order="F")
    full[patch.rows, patch.columns] = patch.mask
    return {
        "category_id": instance.category + 1,
        "segmentation": {"size": [height, width], "counts": rle.encode(full)["counts"].decode("ascii")},
        "area": int(patch.mask.sum()),
        "bbox": [patch.left, patch.top, patch.mask.shape[1], patch.mask.shape[0]],
        "iscrowd": 0,
        "score": round(instance.score, 6),
        "source": instance.source,
        **({"track_id": instance.track_id} if instance.track_id >= 0 else {}),
    }


@dataclass
class _File:
    """A file being written; ids count from 1. Annotations wait in a file of their own until all images are there."""

    stream: IO[str]
    waiting: IO[str]
    images: int = 0
    annotations: int = 0

    def image(self, entry: Entry) -> int:
        """Adds an image; returns its id."""
        self.images += 1
        self.stream.write(_line({**entry, "id": self.images}, first=self.images == 1))
        return self.images

    def annotation(self, entry: Entry, image: int) -> None:
        """Adds an annotation of an image."""
        self.annotations += 1
        entry = {**entry, "id": self.annotations, "image_id": image}
        self.waiting.write(_line(entry, first=self.annotations == 1))


@contextmanager
def _written(out: Path, palette: Palette) -> Iterator[_File]:
    with (
        atomic_path(out) as temporary,
        temporary.open("w", encoding="ascii") as stream,
        tempfile.TemporaryFile("w+", encoding="ascii", dir=temporary.parent) as waiting,
    ):
        stream.write(_head(palette) + _IMAGES)
        yield _File(stream, waiting)
        stream.write(f"\n],\n{_ANNOTATIONS}")
        waiting.seek(0)
        shutil.copyfileobj(waiting, stream)
        stream.write("\n]}\n")


def _head(palette: Palette) -> str:
    """What comes before the images. No version of objmask: a new one that writes the same joins what an older wrote."""
    kinds: Sequence[Entry] = [
        {"id": number, "name": kind.name, "supercategory": kind.group}
        for number, kind in enumerate(categories(palette), 1)
    ]
    head = {"info": {"description": "objmask"}, "licenses": [], "categories": kinds}
    return f"{json.dumps(head, separators=(',', ':'))[:-1]},\n"


def _line(entry: Entry, *, first: bool) -> str:
    return ("\n" if first else ",\n") + json.dumps(entry, separators=(",", ":"), sort_keys=True)


def _entries(path: Path, head: str) -> Iterator[tuple[bool, Entry]]:
    """(whether it is an image, entry) of a file, line by line.

    Raises:
        ValueError: the file does not begin with `head`, breaks off, or a line is damaged.
    """
    refuse_changed(path)
    with path.open(encoding="ascii") as stream:
        if stream.readline() != head or stream.readline() != f"{_IMAGES}\n":
            raise ValueError("other categories")
        is_image = True
        for line in stream:
            if line == "],\n":
                is_image = False
            elif line == "]}\n":
                return
            elif line != f"{_ANNOTATIONS}\n":
                yield is_image, json.loads(line.rstrip().removesuffix(","))
    raise ValueError("it breaks off")
