"""Pictures of coloured shapes on noise, annotated in the COCO format: small truth that a small network can learn."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as rle

KINDS = {"cup": 47, "book": 84, "keyboard": 76}
"""Class and COCO id of an ellipse, a triangle and a rectangle."""
_COLOURS = {"cup": (220, 60, 50), "book": (60, 200, 70), "keyboard": (70, 90, 230)}


def draw(
    rng: np.random.Generator, height: int, width: int, most: int = 4
) -> tuple[npt.NDArray[np.uint8], list[tuple[str, npt.NDArray[np.uint8]]]]:
    """A picture and its objects: (class, mask) each, visible parts, later ones in front."""
    picture = rng.integers(90, 160, (height, width, 3), np.uint8)
    found: list[tuple[str, npt.NDArray[np.uint8]]] = []
    for _ in range(int(rng.integers(1, most + 1))):
        name = str(rng.choice(list(KINDS)))
        h, w = rng.uniform(0.2, 0.5) * height, rng.uniform(0.2, 0.5) * width
        y, x = rng.uniform(0, height - h), rng.uniform(0, width - w)
        mask = np.zeros((height, width), np.uint8)
        if name == "cup":
            cv2.ellipse(mask, ((x + w / 2, y + h / 2), (w, h), 0), 1, -1)
        else:
            corners = [(x, y + h), (x + w / 2, y), (x + w, y + h)]
            if name == "keyboard":
                corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
            cv2.fillPoly(mask, [np.array(corners, np.int32)], 1)
        found = [(other, seen & (1 - mask)) for other, seen in found] + [(name, mask)]
        shade = np.clip(np.array(_COLOURS[name]) + rng.integers(-25, 26, 3), 0, 255)
        picture[mask == 1] = shade
    return picture, [(name, mask) for name, mask in found if mask.sum() >= 40]


def write_shapes(folder: Path, count: int, height: int = 96, width: int = 128, seed: int = 0) -> Path:
    """Writes `folder` with `annotations.json` and `images/`; returns it."""
    (folder / "images").mkdir(parents=True)
    images, annotations = [], []
    for number in range(count):
        picture, objects = draw(np.random.default_rng([seed, number]), height, width)
        name = f"images/{number:06d}.png"
        cv2.imwrite(str(folder / name), picture[:, :, ::-1])
        images.append({"id": number + 1, "file_name": name, "height": height, "width": width})
        for kind, mask in objects:
            annotations.append(annotation(len(annotations) + 1, number + 1, KINDS[kind], mask))
    categories = [{"id": number, "name": name} for name, number in KINDS.items()]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder


def annotation(
    number: int, image: int, category: int, mask: npt.NDArray[np.uint8], crowd: int = 0
) -> dict[str, object]:
    """An annotation with run lengths."""
    lengths = rle.encode(np.asfortranarray(mask))
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "iscrowd": crowd,
        "area": int(mask.sum()),
        "bbox": [float(v) for v in rle.toBbox(lengths)],
        "segmentation": {"size": list(lengths["size"]), "counts": lengths["counts"].decode("ascii")},
    }
