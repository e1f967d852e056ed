"""Annotated pictures: folders in the COCO format, and their split into a part to learn from and one to judge by."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from objmask.errors import DataError
from objmask.evaluation.document import AnnotatedInstance, read_document

ANNOTATIONS = "annotations.json"
_IMAGES = "images"


@dataclass(frozen=True)
class Picture:
    """One picture and what is on it.

    Attributes:
        path: the image file.
        height: pixels.
        width: pixels.
        instances: the objects of known classes; may be none.
    """

    path: Path
    height: int
    width: int
    instances: tuple[AnnotatedInstance, ...]

    def read(self) -> npt.NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB.

        Raises:
            DataError: the file is missing, no picture, or of another size than its annotations say.
        """
        # The annotations are for the picture as it is stored, so that a camera's rotation tag must not count.
        try:
            stored = cv2.imread(str(self.path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        except cv2.error as error:
            raise DataError(f"{self.path}: cannot be decoded ({error.err}); take it out of the annotations") from error
        if stored is None:
            raise DataError(f"{self.path}: missing or not a picture; take it out of the annotations or restore it")
        if stored.shape[:2] != (self.height, self.width):
            raise DataError(f"{self.path}: is {stored.shape[:2]} pixels, its annotations say {self.height, self.width}")
        return np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2RGB), np.uint8)

    def mask(self, instance: AnnotatedInstance) -> npt.NDArray[np.uint8]:
        """(height, width) uint8, 1 inside the instance.

        Raises:
            DataError: its segmentation is damaged or is for another size.
        """
        try:
            return instance.mask(self.height, self.width)
        except DataError as error:
            raise DataError(f"{self.path}: {error}; mend or remove the annotation") from error


@dataclass(frozen=True)
class Annotations:
    """Annotated pictures.

    Attributes:
        pictures: in the order of the file.
        classes: names of those classes that were asked for and that the file knows, in the order asked for.
        digest: hex digest of the annotations file.
    """

    pictures: tuple[Picture, ...]
    classes: tuple[str, ...]
    digest: str

    def commonest_size(self) -> tuple[int, int]:
        """(height, width) that most pictures have."""
        return Counter((p.height, p.width) for p in self.pictures).most_common(1)[0][0]

    def split(self, held_out: float) -> tuple[Annotations, Annotations]:
        """(the rest, about `held_out` of the pictures): decided by each file's name alone, so that it stays.

        Frames of one video resemble each other, and this does not keep them together: for those a folder of its own
        (`--validation`) is the honest judge.

        Raises:
            DataError: one of the two would be empty.
        """
        held = frozenset(picture.path for picture in self.pictures if _share_of(picture.path.name) < held_out)
        rest = replace(self, pictures=tuple(p for p in self.pictures if p.path not in held))
        part = replace(self, pictures=tuple(p for p in self.pictures if p.path in held))
        if not rest.pictures or not part.pictures:
            raise DataError(
                f"{len(self.pictures)} pictures are too few to hold out {held_out:.0%}; give --validation FOLDER, "
                "or --held-out 0 to judge by the training pictures"
            )
        return rest, part


def read_annotations(
    classes: Sequence[str] | None,
    folder: Path | None,
    file: Path | None = None,
    images: Path | None = None,
    *,
    strict: bool = False,
) -> Annotations:
    """Reads a COCO annotations file.

    Args:
        classes: names to keep, in this order; objects of other classes are left out with one warning. None: all.
        folder: holds `annotations.json` and the pictures, or a subfolder `images` with them.
        file: the annotations, if they are not there.
        images: the pictures' folder, if they are not there.
        strict: refuse what contradicts itself, as `read_document`.

    Raises:
        DataError: the file is missing or damaged, knows none of the classes, or names a picture that is missing or
            lies outside the folder.
    """
    path = file or (folder / ANNOTATIONS if folder else Path(ANNOTATIONS))
    document = read_document(path, classes, strict=strict)
    try:
        images_of = [(_inside(i["file_name"]), i["height"], i["width"], i["id"]) for i in document.images]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not COCO annotations ({type(error).__name__}: {error})") from error
    entries = [(name, height, width, document.objects.get(number, ())) for name, height, width, number in images_of]
    names = document.names
    known = tuple(name for name in (classes or names.values()) if name in names.values())
    if not entries or not known:
        what = "pictures" if not entries else "any class to be learnt"
        raise DataError(f"{path}: does not have {what}; its classes are {', '.join(sorted(names.values())) or 'none'}")
    base = images or path.parent
    if images is None and not (base / entries[0][0]).exists() and (base / _IMAGES / entries[0][0]).exists():
        base = base / _IMAGES
    pictures = tuple(Picture(base / name, height, width, some) for name, height, width, some in entries)
    missing = [str(picture.path) for picture in pictures if not picture.path.is_file()]
    if missing:
        raise DataError(
            f"{missing[0]}: missing ({len(missing)} of {len(pictures)} pictures are); give their folder with --images, "
            "restore them, or take them out of the annotations"
        )
    return Annotations(pictures, known, document.digest)


def _inside(file_name: Any) -> str:
    """A picture's name, if it leads to a place below a folder: annotations may be from anyone.

    Raises:
        ValueError: it does not.
        TypeError: it is no text.
    """
    if not isinstance(file_name, str):
        raise TypeError(f"file_name {file_name!r} is not text")
    parts = PurePosixPath(file_name)
    file_name.encode()  # half a surrogate pair is no name
    if parts.is_absolute() or ".." in parts.parts or "\0" in file_name:
        raise ValueError(f"file_name {file_name!r} must be relative to the pictures' folder and stay inside it")
    return file_name


def _share_of(name: str) -> float:
    """A file name's place in 0..1, the same on every machine."""
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:8], "big") / 2.0**64
