"""How good are the masks and boxes of the networks, and do the networks agree?

    python -m benchmarks.models [ASSETS]

COCO average precision (pycocotools) on the images of the assets, through objmask's detector and `masks.paste`; then,
for the objects that the 640-pixel NHWC file scores at least 0.5 in the office videos, how often the others find them.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks import measure
from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.models.detector import Detector
from objmask.models.load import load
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames

FILES = (measure.NHWC, measure.ONNX, measure.NCHW, measure.INT8)
FLOOR, MAX_PER_FRAME = 0.001, 300
"""Those of Ultralytics' validation."""
SCORE, EVERY = 0.5, 10
IOUS = (0.99, 0.95, 0.9, 0.75, 0.5)
PUBLISHED = ("published, val2017, 5000 images", "36.7", "", "30.5", "", "")


def results(detector: Detector, coco: COCO) -> list[dict[str, object]]:
    """Detections of all images in COCO's result format, with full-size masks."""
    ids = {category["name"]: category["id"] for category in coco.loadCats(coco.getCatIds())}
    out: list[dict[str, object]] = []
    for image in coco.loadImgs(coco.getImgIds()):
        picture = cv2.imread(str(measure.assets() / "coco/val2017" / image["file_name"]))
        assert picture is not None
        height, width = picture.shape[:2]
        found = detector.detect([np.ascontiguousarray(picture[..., ::-1])])[0]
        for i, name in enumerate(found.classes):
            patch = paste(found.masks[i], found.boxes[i], height, width, 0.5)
            full = np.zeros((height, width), np.uint8, order="F")
            full[patch.rows, patch.columns] = patch.mask
            top, left, bottom, right = (float(side) for side in found.boxes[i] * [height, width, height, width])
            row = {"image_id": image["id"], "category_id": ids[name], "score": float(found.scores[i])}
            box = [left, top, right - left, bottom - top]
            out.append({**row, "bbox": box, "segmentation": rle.encode(full)})
    return out


def precision(coco: COCO, found: list[dict[str, object]], kind: str) -> tuple[float, float, int]:
    """AP over IoU 0.5 to 0.95, AP at 0.5, both in percent, and the number of classes that occur."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(coco, coco.loadRes(found), kind)
        evaluation.params.imgIds = coco.getImgIds()
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    occurring = len({a["category_id"] for a in coco.loadAnns(coco.getAnnIds())})
    return 100 * float(evaluation.stats[0]), 100 * float(evaluation.stats[1]), occurring


def precision_table() -> None:
    """Prints AP of the networks."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(measure.assets() / "coco/instances_val2017_subset.json"))
    rows: list[tuple[object, ...]] = []
    for file in FILES:
        detector = load(measure.model(file), floor=FLOOR, max_per_frame=MAX_PER_FRAME)
        found = results(detector, coco)
        detector.close()
        scores = [f"{value:.1f}" for kind in ("bbox", "segm") for value in precision(coco, found, kind)[:2]]
        rows.append((detector.info.name, *scores, len(found)))
    images, objects, classes = len(coco.getImgIds()), len(coco.getAnnIds()), precision(coco, found, "bbox")[2]
    print(
        f"{images} images, {objects} objects of {classes} classes: a small sample, whose AP may lie several points to "
        f"either side of that of all 5000 images. Floor {FLOOR}, at most {MAX_PER_FRAME} a frame (COCO counts 100).\n"
    )
    measure.table(("model", "box AP", "box AP50", "mask AP", "mask AP50", "detections"), [*rows, PUBLISHED])


def sampled() -> Iterator[npt.NDArray[np.uint8]]:
    """Every 10th frame of the office videos."""
    for video in measure.office_videos():
        for frame in read_frames(video, VideoInfo.read(measure.probe(video))):
            if frame.number % EVERY == 0:
                yield frame.rgb()


def best_ious(wanted: Detections, found: Detections) -> list[float]:
    """For each detection its largest box IoU with one of the same class."""
    best = []
    for name, box in zip(wanted.classes, wanted.boxes, strict=True):
        rivals = found.boxes[[i for i, other in enumerate(found.classes) if other == name]]
        overlap = np.minimum(rivals[:, 2:], box[2:]) - np.maximum(rivals[:, :2], box[:2])
        common = overlap.clip(0).prod(1)
        areas = (rivals[:, 2:] - rivals[:, :2]).prod(1) + (box[2:] - box[:2]).prod()
        best.append(float((common / (areas - common)).max(initial=0)))
    return best


def agreement_table() -> None:
    """Prints how often the other networks find what the first does."""
    detectors = [load(measure.model(file)) for file in FILES]
    best: dict[str, list[float]] = {detector.info.name: [] for detector in detectors[1:]}
    for rgb in sampled():
        wanted, *others = (detector.detect([rgb])[0] for detector in detectors)
        wanted = wanted.select(score=SCORE)
        for name, found in zip(best, others, strict=True):
            best[name] += best_ious(wanted, found)
    for detector in detectors:
        detector.close()
    count = len(next(iter(best.values())))
    print(f"Share of {count} objects (every {EVERY}th frame, score at least {SCORE} in {detectors[0].info.name})")
    print("that a network finds in the same class, by the least IoU of the boxes; its own score at least 0.05:\n")
    rows = [(name, *(float(np.mean(np.array(values) >= iou)) for iou in IOUS)) for name, values in best.items()]
    measure.table(("model", *(f"IoU {iou}" for iou in IOUS)), rows)


def main() -> None:
    precision_table()
    agreement_table()


if __name__ == "__main__":
    main()
