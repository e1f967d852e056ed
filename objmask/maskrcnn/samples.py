"""Training samples: pictures on a canvas of one size, boxes in its pixels, masks in their boxes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from objmask.evaluation.annotations import Annotations, Picture
from objmask.evaluation.document import AnnotatedInstance
from objmask.maskrcnn.augment import Augmentation, resample
from objmask.maskrcnn.sample import Sample

MASK_GRID = 56
"""Samples a side of a stored mask: twice the largest mask that the small networks predict."""
MOST_INSTANCES = 20
"""Of one picture, by area; the rest count as regions to leave out."""
PADDING = 127
"""Grey beside pictures that do not fill the canvas: 0 to the network."""
_CACHE_BYTES = 3 << 30
_LEAST_SIDE_PX = 1.0

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Samples of one step; n is the largest number of instances among them, at least 1.

    Attributes:
        pictures: (b, h, w, 3) uint8.
        sizes: (b, 2) float32, height and width that are picture.
        boxes: (b, n, 4) float32 pixels; zeros where there is none.
        classes: (b, n) int32; -1: leave out of account, -2: there is none.
        masks: (b, n, 56, 56) uint8.
    """

    pictures: npt.NDArray[np.uint8]
    sizes: Float32
    boxes: Float32
    classes: npt.NDArray[np.int32]
    masks: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Batch:
        """Stacks samples of one canvas size."""
        b, n = len(samples), max(1, *(len(s.classes) for s in samples))
        boxes = np.zeros((b, n, 4), np.float32)
        classes = np.full((b, n), -2, np.int32)
        masks = np.zeros((b, n, MASK_GRID, MASK_GRID), np.uint8)
        for i, sample in enumerate(samples):
            count = len(sample.classes)
            boxes[i, :count], classes[i, :count], masks[i, :count] = sample.boxes, sample.classes, sample.masks
        sizes = np.array([s.size for s in samples], np.float32)
        return cls(np.stack([s.picture for s in samples]), sizes, boxes, classes, masks)


class Dataset:
    """Annotated pictures as samples, decoded once and kept in memory while they fit into 3 GB.

    Attributes:
        annotations: where they come from.
        canvas: (height, width) of every sample.
    """

    def __init__(self, annotations: Annotations, classes: Sequence[str], canvas: tuple[int, int]) -> None:
        """Args: classes: the network's, in the order of its channels."""
        self.annotations, self.canvas = annotations, canvas
        self._index = {name: i for i, name in enumerate(classes)}
        self._kept: dict[int, Sample] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.annotations.pictures)

    def sample(self, index: int) -> Sample:
        """The picture `index`, as it is.

        Raises:
            DataError: its file or a segmentation is damaged.
        """
        if index in self._kept:
            return self._kept[index]
        sample = self._load(self.annotations.pictures[index])
        if self._kept_bytes + sample.bytes <= _CACHE_BYTES:
            self._kept[index] = sample
            self._kept_bytes += sample.bytes
        return sample

    def _load(self, picture: Picture) -> Sample:
        # First, since a picture of another size than the annotations say is of no use, and masks would have that size.
        stored = picture.read()
        scale = min(self.canvas[0] / picture.height, self.canvas[1] / picture.width)
        size = max(1, round(picture.height * scale)), max(1, round(picture.width * scale))
        to_canvas = np.array([size[0] / picture.height, size[1] / picture.width] * 2, np.float32)
        boxes, classes, masks = [], [], []
        for i, instance in enumerate(picture.instances):
            box = np.clip(np.array(instance.box, np.float32), 0, [picture.height, picture.width] * 2).astype(np.float32)
            if np.min((box[2:] - box[:2]) * to_canvas[:2]) < _LEAST_SIDE_PX:
                continue
            boxes.append(box * to_canvas)
            usable = not instance.crowd and i < MOST_INSTANCES
            classes.append(self._index[instance.name] if usable else -1)
            masks.append(_mask_in_box(picture, instance, box) if usable else _NO_MASK)
        return Sample(
            resample(stored, np.array([scale, scale]), np.zeros(2), self.canvas, PADDING),
            size,
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array(classes, np.int32),
            np.array(masks, np.uint8).reshape(-1, MASK_GRID, MASK_GRID),
        )


_NO_MASK = np.zeros((MASK_GRID, MASK_GRID), np.uint8)


def _mask_in_box(picture: Picture, instance: AnnotatedInstance, box: Float32) -> npt.NDArray[np.uint8]:
    """The mask sampled over `box` (pixels of the picture), in `objmask.detections.masks.paste`'s convention.

    There pixel i of a side of n has the place i / (n - 1) of that side, so what is sampled so comes back where it was.
    """
    mask = picture.mask(instance) * np.uint8(255)
    sides = np.array([picture.height, picture.width])
    low, high = (edge * (sides - 1) / sides for edge in (box[:2], box[2:]))
    step = (high - low) / (MASK_GRID - 1)
    # Of large objects every sample stands for several pixels: their mean, or thin parts would come and go.
    if (blur := int(step.max())) > 1:
        mask = np.asarray(cv2.blur(mask, (blur, blur), borderType=cv2.BORDER_REPLICATE), np.uint8)
    backward = np.array([[step[1], 0, low[1]], [0, step[0], low[0]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    grid = cv2.warpAffine(mask, backward, (MASK_GRID, MASK_GRID), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(grid, np.uint8)


def batches(
    data: Dataset, size: int, *, seed: int, start: int, augmentation: Augmentation | None, threads: int = 1
) -> Generator[Batch, None, None]:
    """Endless batches in random order, prepared in background threads.

    Each sample depends on the seed and its place in the order alone: the stream is the same for any number of threads,
    and `start` resumes it exactly.

    Args:
        data: the pictures; every one is used once before any is used again.
        size: samples a batch.
        seed: of order and augmentation.
        start: batches to leave out at the beginning.
        augmentation: how samples are varied; None: not.
        threads: background threads.

    Raises:
        DataError: a picture or segmentation is damaged.
    """

    def sample(place: int) -> Sample:
        epoch, i = divmod(place, len(data))
        index = int(order(epoch)[i])
        taken = data.sample(index)
        if augmentation is None:
            return taken
        return augmentation.apply(taken, np.random.default_rng([seed, epoch, index]))

    @lru_cache(maxsize=4)
    def order(epoch: int) -> npt.NDArray[np.int64]:
        return np.random.default_rng([seed, epoch]).permutation(len(data))

    ahead: list[list[Future[Sample]]] = []
    pool = ThreadPoolExecutor(threads, "samples")
    try:
        number = start
        while True:
            while len(ahead) < 3:
                ahead.append([pool.submit(sample, number * size + j) for j in range(size)])
                number += 1
            yield Batch.of([future.result() for future in ahead.pop(0)])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
