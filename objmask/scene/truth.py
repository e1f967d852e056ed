"""The truth about rendered pictures in COCO's format, masks run-length encoded.

Each arm is a person of its own, sleeve included: two arms in one box would be mostly what lies between them. Glass
belongs to its object, though one sees through it.

An object that shows under `MIN_PIXELS` pixels is left out. One of which under a quarter of its silhouette shows, or
under 0.02 % of the picture, has `iscrowd` 1: COCO's evaluation then counts it neither as found nor as missed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from objmask import __version__
from objmask.models.coco import COCO_IDS, OFFICE_NAMES
from objmask.scene.render import Rendered

MIN_PIXELS = 12
MIN_VISIBLE = 0.25
MIN_SHARE = 0.0002
GENERATOR = "objmask scene"


def header(seed: int, split: str) -> dict[str, Any]:
    """`info` and `categories` of a COCO document."""
    return {
        "info": {
            "description": "objmask rendered office",
            "generator": GENERATOR,
            "version": __version__,
            "seed": seed,
            "split": split,
        },
        "licenses": [],
        "categories": [{"id": COCO_IDS[name], "name": name} for name in OFFICE_NAMES],
    }


def image_entry(number: int, file_name: str, rendered: Rendered) -> dict[str, Any]:
    """A picture's entry in `images`; ids count from 1."""
    height, width = rendered.instances.shape
    return {"id": number + 1, "file_name": file_name, "width": width, "height": height}


def objects_of(number: int, rendered: Rendered) -> list[dict[str, Any]]:
    """The annotations of a picture, without their ids; `instance` stays the same through a clip."""
    from pycocotools import mask as coco

    shown = rendered.visible()
    found = []
    for instance, name in rendered.objects:
        pixels = shown.get(instance, 0)
        if pixels < MIN_PIXELS:
            continue
        runs = coco.encode(np.asfortranarray(rendered.instances == instance, np.uint8))
        found.append(
            {
                "image_id": number + 1,
                "category_id": COCO_IDS[name],
                "instance": instance,
                "segmentation": {
                    "size": [int(side) for side in runs["size"]],
                    "counts": runs["counts"].decode("ascii"),
                },
                "area": pixels,
                "bbox": [float(side) for side in coco.toBbox(runs)],
                "iscrowd": int(_hardly_shows(pixels, rendered, instance)),
            }
        )
    return found


def _hardly_shows(pixels: int, rendered: Rendered, instance: int) -> bool:
    whole = rendered.silhouettes.get(instance, pixels)
    return pixels < MIN_VISIBLE * whole or pixels < MIN_SHARE * rendered.instances.size


def group_map(rendered: Rendered, index_of: dict[str, int]) -> npt.NDArray[np.uint8]:
    """(h, w) uint8: each pixel's index in a palette, 0 = background.

    Args:
        rendered: a picture's truth.
        index_of: object class to index, as `Palette.index_of`.
    """
    table = np.zeros(1 + max((number for number, _ in rendered.objects), default=0), np.uint8)
    for number, name in rendered.objects:
        table[number] = index_of.get(name, 0)
    return table[rendered.instances]
