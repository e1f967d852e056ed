"""How long does it take to paste and paint the masks of a crowded frame?

    python -m benchmarks.painting [ASSETS]

15 instances at 1280x720, real ones: the detections of the office videos with the largest boxes, of the sizes that the
most crowded frames have, with masks as YOLO stores them (up to 160x160) and resampled to 33x33 as from the zoo.
"""

from __future__ import annotations

import statistics
from functools import partial

import cv2
import numpy as np

from benchmarks import measure
from objmask.detections.arrays import Detections, read_detections
from objmask.detections.classes import Palette
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.detections.masks import paste
from objmask.painted.decide import PaintRules, painted_map

INSTANCES, HEIGHT, WIDTH = 15, 720, 1280
ROUNDS, FRAMES = 7, 14


def crowded_frames() -> list[Detections]:
    """The most crowded frame of each office video, its largest instances that are painted, made up to 15 by others."""
    painted = Palette.from_json(measure.groups()).index_of
    frames = []
    for video in measure.office_videos():
        path = measure.detections(video)
        numbers = FrameTable.read(frames_path(path)).number.tolist()
        found = [d.select(score=0.05, classes=painted) for d in read_detections(path, numbers)]
        frames.append(max(found, key=len))
    everything = Detections.concatenate(frames)
    return [fill_up(frame, everything) for frame in frames]


def fill_up(frame: Detections, others: Detections) -> Detections:
    """Exactly 15 detections."""
    found = Detections.concatenate([frame, others.take(range(INSTANCES))]) if len(frame) < INSTANCES else frame
    return found.take(range(INSTANCES))


def with_masks(found: Detections, side: int) -> Detections:
    """The same with masks of side x side samples."""
    resized = (cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA) for mask in found.masks)
    masks = tuple(np.asarray(mask, np.uint8) for mask in resized)
    return Detections(found.scores, found.classes, found.boxes, masks)


def main() -> None:
    rules = PaintRules(Palette.from_json(measure.groups()), 0, 0.5)
    frames = crowded_frames()
    stored = {"as stored by YOLO": frames}
    stored |= {f"{side}x{side}": [with_masks(frame, side) for frame in frames] for side in (160, 33)}

    def paste_all(some: list[Detections]) -> None:
        for i in range(FRAMES):
            found = some[i % len(some)]
            for mask, box in zip(found.masks, found.boxes, strict=True):
                paste(mask, box, HEIGHT, WIDTH, 0.5)

    def paint_all(some: list[Detections]) -> None:
        for i in range(FRAMES):
            painted_map(some[i % len(some)], rules, HEIGHT, WIDTH)

    things = {}
    for name, some in stored.items():
        things[f"paste, {name}"] = partial(paste_all, some)
        things[f"paste and paint, {name}"] = partial(paint_all, some)
    times = measure.interleaved(things, ROUNDS)
    boxes = np.concatenate([frame.boxes for frame in frames])
    area = float(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).mean())
    print(f"{INSTANCES} instances at {WIDTH}x{HEIGHT}, boxes of {area * 100:.1f} % of the frame on average.")
    print("Aim: paste and paint under 10 ms a frame.\n")
    rows = [
        (name, *(statistics.median(values) / FRAMES * 1000 for values in (taken.wall_s, taken.cpu_s)))
        for name, taken in times.items()
    ]
    measure.table(("what, masks", "ms a frame", "CPU ms a frame"), rows)


if __name__ == "__main__":
    main()
