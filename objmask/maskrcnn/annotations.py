"""Annotated pictures: folders in the COCO format, and their split into a part to learn from and one to judge by."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as rle

from objmask.errors import DataError

LOG = logging.getLogger(__name__)
ANNOTATIONS = "annotations.json"
_IMAGES = "images"
_FAR = 10
"""Sides of the picture beyond which a polygon's corner is damage; the memory that drawing takes grows with it."""
_LEAST_NUMBERS = 6
"""Of a polygon: three corners."""


@dataclass(frozen=True)
class Instance:
    """One annotated object.

    Attributes:
        name: its class.
        segmentation: polygons or run lengths, as in the file.
        box: (ymin, xmin, ymax, xmax), pixels of the picture, edges.
        area: pixels.
        crowd: a region to leave out of account: finding something there is neither right nor wrong.
    """

    name: str
    segmentation: Any
    box: tuple[float, float, float, float]
    area: float
    crowd: bool

    def mask(self, height: int, width: int) -> npt.NDArray[np.uint8]:
        """(height, width) uint8, 1 inside, for a picture of that size.

        Raises:
            DataError: the segmentation is damaged or is for another size.
        """
        try:
            mask: npt.NDArray[np.uint8] = rle.decode(self._run_lengths(height, width))
        # Of many kinds: some of pycocotools' errors are of the plain class.
        except Exception as error:
            raise DataError(f"a '{self.name}' has a damaged segmentation ({error})") from error
        return mask

    def _run_lengths(self, height: int, width: int) -> Any:
        """The segmentation as compressed run lengths, for a picture of that size."""
        shape = self.segmentation
        if isinstance(shape, list):
            return rle.merge(rle.frPyObjects(_polygons(shape, _FAR * max(height, width)), height, width))
        if shape["size"] != [height, width]:
            raise ValueError(f"a mask of {shape['size']} in a picture of {[height, width]}")
        return rle.frPyObjects(shape, height, width) if isinstance(shape["counts"], list) else shape


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
    instances: tuple[Instance, ...]

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

    def mask(self, instance: Instance) -> npt.NDArray[np.uint8]:
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
    classes: Sequence[str] | None, folder: Path | None, file: Path | None = None, images: Path | None = None
) -> Annotations:
    """Reads a COCO annotations file.

    Args:
        classes: names to keep, in this order; objects of other classes are left out with one warning. None: all.
        folder: holds `annotations.json` and the pictures, or a subfolder `images` with them.
        file: the annotations, if they are not there.
        images: the pictures' folder, if they are not there.

    Raises:
        DataError: the file is missing or damaged, knows none of the classes, or names a picture that is missing or
            lies outside the folder.
    """
    path = file or (folder / ANNOTATIONS if folder else Path(ANNOTATIONS))
    try:
        content = path.read_bytes()
        document = json.loads(content)
        names = {int(c["id"]): str(c["name"]) for c in document["categories"]}
        objects = _instances_by_picture(document["annotations"], names, classes)
        images_of = [(_inside(i["file_name"]), int(i["height"]), int(i["width"]), i["id"]) for i in document["images"]]
        entries = [(name, height, width, objects.get(number, ())) for name, height, width, number in images_of]
    except FileNotFoundError as error:
        raise DataError(f"{path}: missing; give a folder with {ANNOTATIONS}, or --annotations and --images") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise DataError(f"{path}: not COCO annotations ({type(error).__name__}: {error})") from error
    known = tuple(name for name in (classes or names.values()) if name in names.values())
    if not entries or not known:
        what = "pictures" if not entries else "any class to be learnt"
        raise DataError(f"{path}: does not have {what}; its classes are {', '.join(sorted(names.values())) or 'none'}")
    if min(min(height, width) for _, height, width, _ in entries) < 1:
        raise DataError(f"{path}: a picture has a side of no pixels")
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
    return Annotations(pictures, known, hashlib.sha256(content).hexdigest())


def _instances_by_picture(
    annotations: Sequence[Mapping[str, Any]], names: Mapping[int, str], classes: Sequence[str] | None
) -> dict[Any, tuple[Instance, ...]]:
    """Picture id -> its objects of wanted classes, the largest first; warns of the rest."""
    found: dict[Any, list[Instance]] = {}
    left_out: Counter[str] = Counter()
    for annotation in annotations:
        category = int(annotation["category_id"])
        name = names.get(category, f"category {category}")
        if name not in (names.values() if classes is None else classes):
            left_out[name] += 1
            continue
        left, top, width, height = map(float, annotation["bbox"])
        if not (width > 0 and height > 0 and np.isfinite([left, top, width, height]).all()):
            continue  # nothing to be seen; COCO itself has a few of these
        shape = annotation.get("segmentation")
        if not (isinstance(shape, list) and shape) and not (isinstance(shape, dict) and {"size", "counts"} <= {*shape}):
            raise ValueError(f"annotation {annotation.get('id')} has no segmentation")
        box = (top, left, top + height, left + width)
        area = float(annotation.get("area", width * height))
        crowd = bool(annotation.get("iscrowd", 0))
        found.setdefault(annotation["image_id"], []).append(Instance(name, shape, box, area, crowd))
    if left_out:
        most = ", ".join(f"{name} ({count})" for name, count in left_out.most_common(8))
        LOG.warning("%d objects of classes that are not learnt are left out: %s", sum(left_out.values()), most)
    return {number: tuple(sorted(some, key=lambda i: -i.area)) for number, some in found.items()}


def _polygons(parts: Sequence[Any], farthest: float) -> list[list[float]]:
    """The parts of an object that have an area; pycocotools checks none of them, and ends the process over some.

    Raises:
        ValueError, TypeError: a part is no polygon, or reaches beyond `farthest`.
    """
    polygons = []
    for part in parts:
        corners = np.asarray(part, np.float64)
        # A comparison with what is not a number is false.
        if corners.ndim != 1 or corners.size % 2 or not (np.abs(corners) <= farthest).all():
            raise ValueError("a polygon must be a list of x, y, x, y, … on the picture")
        polygons += [corners.tolist()] if corners.size >= _LEAST_NUMBERS else []
    if not polygons:
        raise ValueError("a polygon needs three corners")
    return polygons


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
