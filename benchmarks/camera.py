"""A virtual camera that moves over annotated pictures: real pictures in motion, with exact truth in every frame.

It pans, zooms and turns, its hand trembles, the light changes, and its sensor has noise. All of it comes from a seed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as rle

from objmask.evaluation.document import AnnotatedInstance, Document

FRAMES, RATE = 36, 24
SIDE = 400
"""Longer side of a frame, pixels."""
_ENCODING = {"crf": "18", "preset": "veryfast", "bf": "0", "threads": "1"}
"""With B-frames of preset "medium", x264 was seen to give other bytes from the same pictures now and then."""
LEAST_PX = 20
Picture = npt.NDArray[np.uint8]
Affine = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """How the camera moves over a picture, frame by frame.

    Attributes:
        centre: (n, 2) x and y that the camera looks at, shares of the picture's width and height.
        zoom: (n,) share of the picture's longer side that a frame shows.
        turn: (n,) radians.
        light: (n,) factor of all levels.
        noise: standard deviation of the sensor, levels.
    """

    centre: npt.NDArray[np.float64]
    zoom: npt.NDArray[np.float64]
    turn: npt.NDArray[np.float64]
    light: npt.NDArray[np.float64]
    noise: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, frames: int = FRAMES) -> Course:
        """A course at random: from one view to another, eased at both ends, with a tremble on it."""
        way = (1 - np.cos(np.linspace(0, np.pi, frames))) / 2
        phase = np.arange(frames) / RATE * 2 * np.pi

        def eased(low: float, high: float) -> npt.NDArray[np.float64]:
            start, end = rng.uniform(low, high, 2)
            return start + (end - start) * way

        def tremble(size: float) -> npt.NDArray[np.float64]:
            waves = [rng.normal(0, size) * np.sin(rng.uniform(1, 4) * phase + rng.uniform(0, 7)) for _ in range(3)]
            return np.sum(waves, axis=0)

        zoom = eased(0.55, 0.9)
        room = (1 - zoom) / 2
        centre = np.stack([0.5 + room * eased(-1, 1) + tremble(0.004) for _ in range(2)], axis=1)
        light = np.exp(tremble(0.06) + eased(-0.15, 0.15))
        return cls(centre, zoom, np.radians(eased(-8, 8)) + tremble(0.004), light, float(rng.uniform(1, 5)))

    def view(self, number: int, picture: tuple[int, int], frame: tuple[int, int]) -> Affine:
        """(2, 3): from pixels of a frame to those of the picture; both sizes are (height, width)."""
        scale = self.zoom[number] * max(picture) / max(frame)
        turned = scale * np.array(
            [
                [np.cos(self.turn[number]), -np.sin(self.turn[number])],
                [np.sin(self.turn[number]), np.cos(self.turn[number])],
            ]
        )
        looks_at = self.centre[number] * (picture[1] - 1, picture[0] - 1)
        middle = (np.array([frame[1], frame[0]]) - 1) / 2
        return np.column_stack([turned, looks_at - turned @ middle])


def make_clip(
    picture: Picture, instances: tuple[AnnotatedInstance, ...], course: Course, name: str, folder: Path, seed: list[int]
) -> None:
    """Writes `<folder>/videos/<name>.mp4` and `<folder>/truth/<name>.json`.

    Args:
        picture: (height, width, 3) RGB.
        instances: what is on it.
        course: of the camera.
        name: of the video.
        folder: for the files.
        seed: of the noise.
    """
    height, width = picture.shape[:2]
    shrink = SIDE / max(height, width)
    size = (round(height * shrink / 2) * 2, round(width * shrink / 2) * 2)
    masks = [one.mask(height, width) for one in instances]
    rng = np.random.default_rng(seed)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    video = folder / f"videos/{name}.mp4"
    video.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(video), "w") as out:
        stream = out.add_stream("libx264", RATE, options=_ENCODING)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        for number in range(len(course.zoom)):
            view = course.view(number, (height, width), size)
            frame = av.VideoFrame.from_ndarray(_seen(picture, view, size, course, number, rng), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
            images.append(
                {"id": number + 1, "file_name": "", "video": name, "frame": number, "height": size[0], "width": size[1]}
            )
            for kind, lengths, key in _shown(instances, masks, view, size):
                annotations.append(
                    {"id": len(annotations) + 1, "image_id": number + 1, "instance": key, **kind, **lengths}
                )
        out.mux(stream.encode(None))
    names = sorted({one.name for one in instances})
    for annotation in annotations:
        annotation["category_id"] = names.index(annotation.pop("name")) + 1
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": k, "name": one} for k, one in enumerate(names, 1)],
    }
    truth = folder / f"truth/{name}.json"
    truth.parent.mkdir(parents=True, exist_ok=True)
    truth.write_text(json.dumps(document), encoding="utf-8")


def _seen(
    picture: Picture, view: Affine, size: tuple[int, int], course: Course, number: int, rng: np.random.Generator
) -> Picture:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(picture, view, size[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    levels = seen.astype(np.float32) * course.light[number] + rng.normal(0, course.noise, seen.shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _shown(
    instances: tuple[AnnotatedInstance, ...], masks: list[Picture], view: Affine, size: tuple[int, int]
) -> Iterator[tuple[dict[str, Any], dict[str, Any], int]]:
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    for key, (one, mask) in enumerate(zip(instances, masks, strict=True)):
        # What lies outside the picture shows its mirror image, of which nobody says what it is.
        there = cv2.warpAffine(mask, view, size[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT_101)
        if np.count_nonzero(there) >= LEAST_PX:
            lengths = rle.encode(np.asfortranarray(there))
            counts = lengths["counts"].decode("ascii")
            yield (
                {"name": one.name, "iscrowd": int(one.crowd)},
                {
                    "segmentation": {"size": list(size), "counts": counts},
                    "area": int(np.count_nonzero(there)),
                    "bbox": [float(v) for v in rle.toBbox(lengths)],
                },
                key,
            )


def make_clips(document: Document, pictures: Path, folder: Path, clips: int, seed: int) -> list[str]:
    """Makes clips over the pictures in turn; returns their names.

    Args:
        document: the annotations.
        pictures: folder of the pictures.
        folder: for `videos/` and `truth/`.
        clips: how many.
        seed: of everything.
    """
    images = sorted((image for image in document.images if document.objects.get(image["id"])), key=lambda i: i["id"])
    names = []
    for k in range(clips):
        image = images[k % len(images)]
        names.append(f"{k:03d}_{Path(image['file_name']).stem}")
        if (folder / f"truth/{names[-1]}.json").exists():
            continue
        bgr = cv2.imread(str(pictures / image["file_name"]))
        assert bgr is not None, image["file_name"]
        picture = np.ascontiguousarray(bgr[..., ::-1], np.uint8)
        course = Course.drawn(np.random.default_rng([seed, k]))
        make_clip(picture, document.objects[image["id"]], course, names[-1], folder, [seed, k, 1])
    return names
