"""COCO annotation files: what they say of pictures or frames, and whether it can be used."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as rle

from objmask.errors import DataError

LOG = logging.getLogger(__name__)
_FAR = 10
"""Sides of the picture beyond which a polygon's corner is damage; the memory that drawing takes grows with it."""
_LEAST_NUMBERS = 6
"""Of a polygon: three corners."""
_MOST_PIXELS = 1 << 28
"""Of a picture: 16384 x 16384. Drawing a polygon takes memory for them all."""


@dataclass(frozen=True)
class AnnotatedInstance:
    """One annotated object.

    Attributes:
        name: its class.
        segmentation: polygons or run lengths, as in the file.
        box: (ymin, xmin, ymax, xmax), pixels of the picture, edges.
        area: pixels.
        crowd: a region to leave out of account: finding something there is neither right nor wrong.
        number: the same for one object in all frames of a video (`instance`, or `track_id`); None: not said.
    """

    name: str
    segmentation: Any
    box: tuple[float, float, float, float]
    area: float
    crowd: bool
    number: int | None = None

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
class Document:
    """A file of annotations.

    Attributes:
        names: category number to class name.
        images: entries of pictures or frames as they are in the file; `id`, `height` and `width` are there.
        objects: id of a picture to its objects of wanted classes, the largest first.
        digest: hex digest of the file.
    """

    names: Mapping[int, str]
    images: Sequence[Mapping[str, Any]]
    objects: Mapping[Any, tuple[AnnotatedInstance, ...]]
    digest: str


def read_document(path: Path, classes: Sequence[str] | None = None, *, strict: bool = False) -> Document:
    """Reads a COCO annotations file.

    Args:
        path: of the file.
        classes: names to keep; objects of other classes are left out with one warning. None: all.
        strict: numbers must be unique and lead somewhere: who judges by a file has to know that nothing is lost.

    Raises:
        DataError: the file is missing, damaged or (`strict`) contradicts itself.
    """
    try:
        content = path.read_bytes()
        document = json.loads(content)
        names = {int(c["id"]): str(c["name"]) for c in document["categories"]}
        if strict:
            _check_numbers(document)
        objects = _instances_by_picture(document["annotations"], names, classes)
        images = [
            {**image, "id": image["id"], "height": int(image["height"]), "width": int(image["width"])}
            for image in document["images"]
        ]
        {image["id"] for image in images}  # what cannot be a key is no number
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: missing; give a folder with annotations.json, or --annotations and --images"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise DataError(f"{path}: not COCO annotations ({type(error).__name__}: {error})") from error
    for image in images:
        if min(image["height"], image["width"]) < 1:
            raise DataError(f"{path}: a picture has a side of no pixels")
        if image["height"] * image["width"] > _MOST_PIXELS:
            raise DataError(
                f"{path}: picture {image['id']} is said to have {image['height']} x {image['width']} pixels"
            )
    return Document(names, images, objects, hashlib.sha256(content).hexdigest())


def _check_numbers(document: Mapping[str, Any]) -> None:
    """Raises ValueError when a number is used twice or leads nowhere."""
    numbers = {}
    for kind in ("categories", "images", "annotations"):
        numbers[kind] = _unique([one["id"] for one in document[kind]], f"the id of two {kind}")
    _unique([str(one["name"]) for one in document["categories"]], "the name of two categories")
    for annotation in document["annotations"]:
        for key, kind in (("image_id", "images"), ("category_id", "categories")):
            if annotation[key] not in numbers[kind]:
                raise ValueError(
                    f"annotation {annotation['id']} has {key} {annotation[key]!r}, and no {kind} has that id"
                )


def _unique(values: Iterable[Any], what: str) -> frozenset[Any]:
    counts = Counter(values)
    twice = next((value for value, count in counts.items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is {what}")
    return frozenset(counts)


def _instances_by_picture(
    annotations: Sequence[Mapping[str, Any]], names: Mapping[int, str], classes: Sequence[str] | None
) -> dict[Any, tuple[AnnotatedInstance, ...]]:
    """Picture id -> its objects of wanted classes, the largest first; warns of the rest."""
    found: dict[Any, list[AnnotatedInstance]] = {}
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
        number = annotation.get("instance", annotation.get("track_id"))
        one = AnnotatedInstance(name, shape, box, area, crowd, None if number is None else int(number))
        found.setdefault(annotation["image_id"], []).append(one)
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
