"""How much of a mask is lost by storing it on a small grid in its box?

    python -m benchmarks.stored_masks [ASSETS]

For every 10th frame of the office videos, the masks that `masks.paste` makes from the stored uint8 samples are compared
with the network's own at full resolution: coefficients x prototypes, interpolated to each pixel of the frame and cut at
logit 0 inside the box. That reference is computed here, with nothing of objmask, from the same network outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import measure
from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.models.load import load
from objmask.models.networks.letterbox import Letterbox
from objmask.models.networks.yolo import YoloReader
from objmask.models.networks.yolo_decode import Decoder
from objmask.models.side_by_side import SideBySide
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames

EVERY = 10
SCORES = (0.3, 0.05)


@dataclass(frozen=True)
class Listener(Decoder):
    """A decoder that remembers the coefficients of each mask it stores, and the prototypes."""

    heard: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]] = field(default_factory=list)

    def _mask(
        self, coefficients: npt.NDArray[np.float32], prototypes: npt.NDArray[Any], sides: list[float], box: Letterbox
    ) -> npt.NDArray[np.uint8]:
        self.heard.append((coefficients, self.prototypes.real(prototypes).copy()))
        return super()._mask(coefficients, prototypes, sides, box)


def bilinear(frame_px: int, scale: float, pad: int, stride: float, cells: int) -> npt.NDArray[np.float64]:
    """(frame_px, cells) weights of the cells in each pixel, both counted by their centres, clamped at the ends."""
    position = ((np.arange(frame_px) + 0.5) * scale + pad) / stride - 0.5
    position = np.clip(position, 0, cells - 1)
    return np.maximum(0, 1 - np.abs(position[:, None] - np.arange(cells)[None, :]))


def full_resolution(
    coefficients: npt.NDArray[np.float32],
    prototypes: npt.NDArray[np.float32],
    box: npt.NDArray[np.float32],
    letterbox: Letterbox,
    stride: tuple[float, float],
) -> npt.NDArray[np.bool_]:
    """The mask at full resolution, (frame height, frame width)."""
    height, width = letterbox.frame_height, letterbox.frame_width
    logits = prototypes.astype(np.float64) @ coefficients
    rows = bilinear(height, letterbox.scale[0], letterbox.top, stride[0], logits.shape[0])
    columns = bilinear(width, letterbox.scale[1], letterbox.left, stride[1], logits.shape[1])
    inside = [
        (np.arange(size) + 0.5 >= low * size) & (np.arange(size) + 0.5 <= high * size)
        for size, low, high in ((height, box[0], box[2]), (width, box[1], box[3]))
    ]
    return (rows @ logits @ columns.T > 0) & inside[0][:, None] & inside[1][None, :]


def compare(detector: SideBySide, listener: Listener, rgb: npt.NDArray[np.uint8]) -> list[tuple[float, ...]]:
    """(score, IoU, pixels, samples) of each mask of a frame."""
    listener.heard.clear()
    found: Detections = detector.detect([rgb])[0]
    height, width = rgb.shape[:2]
    layout = listener.layout
    letterbox = Letterbox.fit(height, width, layout.height, layout.width)
    rows: list[tuple[float, ...]] = []
    for i, (coefficients, prototypes) in enumerate(listener.heard):
        if layout.prototypes_first:
            prototypes = np.moveaxis(prototypes, 0, -1)
        stride = layout.height / prototypes.shape[0], layout.width / prototypes.shape[1]
        wanted = full_resolution(coefficients, prototypes, found.boxes[i], letterbox, stride)
        got = np.zeros_like(wanted)
        patch = paste(found.masks[i], found.boxes[i], height, width, 0.5)
        got[patch.rows, patch.columns] = patch.mask
        both = np.count_nonzero(got | wanted)
        iou = np.count_nonzero(got & wanted) / both if both else 1.0
        rows.append((float(found.scores[i]), iou, int(wanted.sum()), found.masks[i].size))
    return rows


def main() -> None:
    detector = load(measure.model(measure.NHWC), threads=1)
    assert isinstance(detector, SideBySide)
    network = detector._readers[0]
    assert isinstance(network, YoloReader)
    old = network._decoder
    network._decoder = listener = replace(Listener(**vars(old)), max_per_frame=old.max_per_frame)
    found: dict[str, np.ndarray] = {}
    for video in measure.office_videos():
        info = VideoInfo.read(measure.probe(video))
        frames = (frame.rgb() for frame in read_frames(video, info) if frame.number % EVERY == 0)
        found[video.stem] = np.array([row for rgb in frames for row in compare(detector, listener, rgb)])
    found["all"] = np.concatenate(list(found.values()))
    for score in SCORES:
        print(f"Score at least {score}, every {EVERY}th frame (aim: mean 0.98, 5th percentile 0.95):\n")
        rows = []
        for name, values in found.items():
            ious = values[values[:, 0] >= np.float32(score)]
            rows.append((name, len(ious), ious[:, 1].mean(), np.quantile(ious[:, 1], 0.05), ious[:, 1].min()))
        measure.table(("video", "masks", "mean IoU", "5th percentile", "least"), rows)
    values = found["all"]
    print(f"By size of the mask, score at least {SCORES[-1]}:\n")
    edges = (0, 100, 400, 1600, 6400, 25600, 10**9)
    rows = []
    for low, high in pairwise(edges):
        some = values[(values[:, 2] >= low) & (values[:, 2] < high)]
        if len(some):
            name = f"{low} to {high - 1}" if high < 10**9 else f"{low} and more"
            rows.append((name, len(some), some[:, 1].mean(), np.quantile(some[:, 1], 0.05), some[:, 3].mean()))
    measure.table(("pixels", "masks", "mean IoU", "5th percentile", "bytes stored"), rows)
    detector.close()


if __name__ == "__main__":
    main()
