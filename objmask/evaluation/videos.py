"""Annotated videos: which frames of which videos a file of annotations, or a folder of them, tells the truth about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.errors import DataError
from objmask.evaluation.document import AnnotatedInstance, Document, read_document
from objmask.evaluation.video_index import annotation_files, digest_of, frame_of


@dataclass(frozen=True)
class AnnotatedFrame:
    """A frame and what is on it.

    Attributes:
        video: its name in the results.
        number: 0-based, in decode order of the source.
        height: pixels.
        width: pixels.
        instances: the objects; may be none.
    """

    video: str
    number: int
    height: int
    width: int
    instances: tuple[AnnotatedInstance, ...]

    def mask(self, instance: AnnotatedInstance) -> npt.NDArray[np.uint8]:
        """(height, width) uint8, 1 inside the instance.

        Raises:
            DataError: its segmentation is damaged or is for another size.
        """
        try:
            return instance.mask(self.height, self.width)
        except DataError as error:
            raise DataError(f"{self.video}, frame {self.number}: {error}; mend or remove the annotation") from error


class VideoAnnotations:
    """The truth about videos, read a file at a time.

    Args:
        path: a COCO file, or a folder of them at any depth; each image entry says `video` and `frame`.

    Raises:
        DataError: no annotations, or damaged ones.
    """

    def __init__(self, path: Path) -> None:
        self._files: dict[str, list[Path]] = {}
        self._last: tuple[Path, Document] | None = None
        classes: dict[str, None] = {}
        digests = []
        objects = 0
        for file in annotation_files(path):
            document = self._read(file)
            digests.append(document.digest)
            objects += len(document.objects)
            classes |= dict.fromkeys(document.names.values())
            for image in document.images:
                files = self._files.setdefault(_place(file, image)[0], [])
                files += [file] if file not in files else []
        self.digest = digest_of(digests)
        """Of all files' content, as `VideoIndex`."""
        self.classes = tuple(classes)
        """Names of all categories, in the order of the files."""
        if not objects:
            raise DataError(f"{path}: has no annotation at all; nothing can be judged by it")

    @property
    def videos(self) -> tuple[str, ...]:
        """Names of the annotated videos, sorted."""
        return tuple(sorted(self._files))

    def frames(self, video: str) -> tuple[AnnotatedFrame, ...]:
        """The annotated frames of a video, in order.

        Raises:
            DataError: a file is damaged, or a frame is there twice.
        """
        frames: dict[int, AnnotatedFrame] = {}
        for file in self._files[video]:
            document = self._read(file)
            for image in document.images:
                name, number = _place(file, image)
                if name == video and number in frames:
                    raise DataError(f"{file}: frame {number} of '{video}' is there twice; keep one")
                if name == video:
                    instances = document.objects.get(image["id"], ())
                    frames[number] = AnnotatedFrame(video, number, image["height"], image["width"], instances)
        return tuple(frames[number] for number in sorted(frames))

    def _read(self, file: Path) -> Document:
        if self._last is None or self._last[0] != file:
            self._last = file, read_document(file, strict=True)
        return self._last[1]


def _place(file: Path, image: Mapping[str, Any]) -> tuple[str, int]:
    try:
        return frame_of(image)
    except ValueError as error:
        raise DataError(f"{file}: {error}") from error
