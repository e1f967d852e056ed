"""How well can the 640 NCHW file's boxes agree with the 640 NHWC file's?

    python -m benchmarks.int8_boxes [ASSETS]

The NCHW file is quantised throughout: its one output tensor holds boxes, scores and mask coefficients in steps of one
size, which for a box are 11.7 pixels. For every object that the NHWC file scores at 0.5 or more, the box of the NCHW
file's best anchor of the same class is taken as the file gives it, averaged over the anchors that agree on the object
(weighted by score, and by its square), and recomputed from what lies deeper in the network and is no output of it: the
distances of the edges, and the logits of their distribution (Generalized Focal Loss, Li et al. 2020, section 3).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from benchmarks import measure
from objmask.models.networks.letterbox import Letterbox
from objmask.video import probe, read_frames

EVERY = 25
SIZE = 640
CLASSES = slice(4, 84)
SCORE, SAME = 0.5, 0.5
DISTANCES, LOGITS = (4, 8400), (64, 8400)
Float = npt.NDArray[np.float64]


class Network:
    """A file with all its tensors kept."""

    def __init__(self, file: str) -> None:
        path = measure.assets() / "models" / file
        self._interpreter = Interpreter(str(path), num_threads=2, experimental_preserve_all_tensors=True)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        [self._output] = [t for t in self._interpreter.get_output_details() if len(t["shape"]) == 3]

    @property
    def step_px(self) -> float:
        """Pixels a step of the tensor from which the output is made."""
        sizes = [t for t in self._interpreter.get_tensor_details() if tuple(t["shape"]) == tuple(self._output["shape"])]
        return max(float(t["quantization"][0]) for t in sizes) * SIZE

    def run(self, picture: Float) -> Float:
        """(116, 8400) of a picture (640, 640, 3) in 0..1."""
        channels_first = self._input["shape"][1] == 3
        data = picture.transpose(2, 0, 1) if channels_first else picture
        self._interpreter.set_tensor(self._input["index"], np.ascontiguousarray(data[None], np.float32))
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output["index"])[0], np.float64)

    def inner(self, shape: tuple[int, int]) -> Float:
        """The first quantised tensor of a shape, as real numbers."""
        for tensor in self._interpreter.get_tensor_details():
            scale, zero = tensor["quantization"]
            if tuple(tensor["shape"]) == (1, *shape) and scale and zero != 0:
                return (self._interpreter.get_tensor(tensor["index"])[0].astype(np.float64) - zero) * scale
        raise SystemExit(f"the network has no quantised tensor of shape {shape}")


def pictures() -> Iterator[Float]:
    """Letterboxed frames of the office videos."""
    for path in measure.office_videos():
        for frame in read_frames(path, probe(path)):
            if frame.number % EVERY == 0:
                rgb = frame.rgb()
                box = Letterbox.fit(rgb.shape[0], rgb.shape[1], SIZE, SIZE)
                yield box.apply(rgb).astype(np.float64) / 255


def corners(output: Float) -> Float:
    """(n, 4) left, top, right, bottom in pixels."""
    x, y, width, height = output[:4] * SIZE
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 1)


def from_distances(distances: Float) -> Float:
    """(n, 4) corners from distances (4, n) to left, top, right, bottom, in cells."""
    boxes = []
    start = 0
    for stride in (8, 16, 32):
        side = SIZE // stride
        y, x = np.divmod(np.arange(side * side), side)
        centre = np.stack([x, y], 1) + 0.5
        near, far = distances[:2, start : start + side * side].T, distances[2:, start : start + side * side].T
        boxes.append(np.concatenate([centre - near, centre + far], 1) * stride)
        start += side * side
    return np.concatenate(boxes)


def expectation(logits: Float) -> Float:
    """(4, n) mean distances from the logits (64, n) of 16 bins each."""
    bins = logits.reshape(4, 16, -1)
    weights = np.exp(bins - bins.max(1, keepdims=True))
    return (weights * np.arange(16)[None, :, None]).sum(1) / weights.sum(1)


def iou(box: Float, boxes: Float) -> Float:
    """(n,) intersection over union."""
    sides = np.clip(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0, None)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (box[2:] - box[:2]).prod()
    return sides.prod(1) / (area - sides.prod(1))


def objects(output: Float) -> Iterator[tuple[Float, int]]:
    """Box and class of what a file finds at `SCORE`, after suppression."""
    scores, classes, boxes = output[CLASSES].max(0), output[CLASSES].argmax(0), corners(output)
    left = [i for i in np.argsort(-scores) if scores[i] >= SCORE]
    while left:
        best = left[0]
        yield boxes[best], int(classes[best])
        left = [i for i in left if classes[i] != classes[best] or iou(boxes[best], boxes[[i]])[0] <= 0.7]


def main() -> None:
    """Prints a table."""
    reference, other = Network(measure.NHWC), Network(measure.NCHW)
    overlaps: dict[str, list[float]] = {}
    wanted = 0
    for picture in pictures():
        theirs, output = list(objects(reference.run(picture))), other.run(picture)
        wanted += len(theirs)
        for box, label in theirs:
            for way, value in compare(box, label, output, other).items():
                overlaps.setdefault(way, []).append(value)
    found = len(next(iter(overlaps.values())))
    print(f"A step of the NCHW file's output is {other.step_px:.1f} px of a box.")
    print(f"Same class and IoU >= {SAME}: {found} of {wanted} objects.\n")
    rows = [
        [way, float(np.median(v)), float(np.quantile(v, 0.05)), max(v), float(np.mean(np.array(v) >= 0.99))]
        for way, v in overlaps.items()
    ]
    measure.table(["box of the NCHW file", "median IoU", "5th percentile", "best", "share with 0.99"], rows)


def compare(box: Float, label: int, output: Float, network: Network) -> dict[str, float]:
    """IoU with `box` of each way to get a box out of the NCHW file; empty when it has no such object."""
    scores, boxes = output[CLASSES][label], corners(output)
    likely = np.flatnonzero((scores >= 0.05) & (output[CLASSES].argmax(0) == label))
    likely = likely[iou(box, boxes[likely]) > SAME]
    if not len(likely):
        return {}
    best = likely[np.argmax(scores[likely])]
    agree = likely[iou(boxes[best], boxes[likely]) > 0.7]
    ways = {
        "as it is": boxes[best],
        "mean by score": np.average(boxes[agree], axis=0, weights=scores[agree]),
        "mean by squared score": np.average(boxes[agree], axis=0, weights=scores[agree] ** 2),
        "from inner distances": from_distances(network.inner(DISTANCES))[best],
        "from inner logits": from_distances(expectation(network.inner(LOGITS)))[best],
    }
    return {way: float(iou(box, candidate[None])[0]) for way, candidate in ways.items()}


if __name__ == "__main__":
    main()
