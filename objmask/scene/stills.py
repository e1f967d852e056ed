"""Sets of still scenes with their COCO truth: what networks are trained and tested on."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from objmask.errors import ObjmaskError
from objmask.files.whole import atomic_path
from objmask.inference.frame_store import JPEG_QUALITY
from objmask.models.coco import OFFICE_NAMES
from objmask.progress import Progress
from objmask.scene.truth import GENERATOR, header, image_entry, objects_of
from objmask.scene.world import render_still

LOG = logging.getLogger(__name__)
_CHUNK = 16


@dataclass(frozen=True)
class StillSet:
    """What is asked for.

    Attributes:
        count: of pictures.
        seed: of the set.
        split: `train` or `test`.
        width, height: pixels.
    """

    count: int
    seed: int
    split: str
    width: int
    height: int


def write_stills(wanted: StillSet, folder: Path, progress: Progress, *, jobs: int = 1) -> None:
    """Writes `images/000000.jpg` … and `annotations.json` below a folder.

    Raises:
        ObjmaskError: a picture cannot be written, or the folder holds pictures of other origin.
        OSError: the folder cannot be written.
    """
    _refuse_foreign(folder)
    images: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    with atomic_path(folder / "images") as temporary:
        temporary.mkdir()
        for number, (image, notes) in enumerate(_all(wanted, temporary, jobs)):
            images.append(image)
            found += [{"id": len(found) + k + 1, **note} for k, note in enumerate(notes)]
            progress.step()
            if number + 1 == wanted.count:
                break
    document = {**header(wanted.seed, wanted.split), "images": images, "annotations": found}
    with atomic_path(folder / "annotations.json") as temporary:
        temporary.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="ascii")
    _report(wanted, document)


def _refuse_foreign(folder: Path) -> None:
    """Raises ObjmaskError if the pictures that would be replaced were not rendered."""
    pictures, notes = folder / "images", folder / "annotations.json"
    if not pictures.exists() and not notes.exists():
        return
    try:
        generator = json.loads(notes.read_bytes())["info"]["generator"]
    except (OSError, ValueError, KeyError, TypeError):
        generator = None
    if generator != GENERATOR:
        raise ObjmaskError(f"{folder}: holds images or annotations.json of other origin; choose another --out")


def _all(wanted: StillSet, folder: Path, jobs: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    work = [(wanted, folder, number) for number in range(wanted.count)]
    if jobs == 1:
        yield from map(_one, work)
        return
    # A fresh process for each job: OpenCV's threads do not outlive a fork.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        yield from pool.map(_one, work, chunksize=_CHUNK)


def _one(work: tuple[StillSet, Path, int]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    wanted, folder, number = work
    cv2.setNumThreads(1)
    rendered = render_still(wanted.seed, split=wanted.split, width=wanted.width, height=wanted.height, index=number)
    name = f"{number:06d}.jpg"
    bgr = cv2.cvtColor(rendered.picture, cv2.COLOR_RGB2BGR)
    if not cv2.imwrite(str(folder / name), bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
        raise ObjmaskError(f"{folder.parent}: cannot be written; is the disk full?")
    return image_entry(number, name, rendered), objects_of(number, rendered)


def _report(wanted: StillSet, document: dict[str, Any]) -> None:
    """Logs how often each class shows, and how many objects evaluation will pass over."""
    names = {category["id"]: category["name"] for category in document["categories"]}
    pictures = Counter(names[c] for _, c in {(a["image_id"], a["category_id"]) for a in document["annotations"]})
    shares = ", ".join(f"{name} {pictures[name] / max(wanted.count, 1):.0%}" for name in OFFICE_NAMES)
    crowd = sum(a["iscrowd"] for a in document["annotations"])
    LOG.info("share of pictures with each class: %s", shares)
    LOG.info("%d objects, %d of them hardly visible (iscrowd)", len(document["annotations"]), crowd)
