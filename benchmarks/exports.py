"""How long does a frame take in each export format, and how true are YOLO's polygons?

    python -m benchmarks.exports [ASSETS]

What is painted of an office clip (full size, YOLO masks), exported by the verb in a process of its own. The polygons
are drawn as training programs draw them (OpenCV) and as pycocotools does, and compared with the masks of COCO.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as rle

from benchmarks import measure
from objmask.detections.frames_table import FrameTable, frames_path

FORMATS = {"coco": ".json", "masks_png": "", "yolo": "", "cvat": ".zip"}


def export(kind: str, out: Path, painted: Path, probe: Path) -> measure.Run:
    """Runs the verb."""
    given = (f"--probe={probe}", f"--painted={painted}", f"--groups={measure.groups()}")
    return measure.verb("annotations", f"--format={kind}", *given, f"--out={out}")


def drawn(corners: npt.NDArray[np.float64], height: int, width: int) -> tuple[npt.NDArray[np.uint8], ...]:
    """A polygon in shares of width and height as masks: by OpenCV, by pycocotools."""
    pixels = corners * (width, height)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [pixels.astype(np.int32)], 1)
    return mask, rle.decode(rle.merge(rle.frPyObjects([pixels.ravel().tolist()], height, width)))


def compare(coco: Path, yolo: Path) -> None:
    """Prints the IoU of polygons with masks."""
    document = json.loads(coco.read_text())
    frames = {image["id"]: image["file_name"].removesuffix(".jpg") for image in document["images"]}
    lines = {name: (yolo / "labels" / f"{name}.txt").read_text().splitlines() for name in frames.values()}
    counts = []
    for annotation in document["annotations"]:
        mask = np.ascontiguousarray(rle.decode(annotation["segmentation"]))
        corners = np.array(lines[frames[annotation["image_id"]]].pop(0).split()[1:], float).reshape(-1, 2)
        counts.append([((one & mask).sum(), (one | mask).sum()) for one in drawn(corners, *mask.shape)])
    assert not any(lines.values())
    shared, covered = np.moveaxis(np.array(counts, float), 2, 0)
    ious = shared / covered
    print(f"{len(ious)} instances, {(ious[:, 0] == 1).mean():.0%} exact when drawn by OpenCV.\n")
    rows = [
        (name, ious[:, k].mean(), np.percentile(ious[:, k], 5), shared[:, k].sum() / covered[:, k].sum())
        for k, name in enumerate(("OpenCV", "pycocotools"))
    ]
    measure.table(("drawn by", "mean IoU", "5th percentile", "IoU of all pixels"), rows)


def main() -> None:
    video = measure.office(measure.ONE_BY_ONE)
    painted, probe = measure.painted(video, measure.INT8), measure.probe(video)
    frames = len(FrameTable.read(frames_path(painted)))
    rows = []
    for kind, suffix in FORMATS.items():
        out = measure.work() / f"export_{kind}{suffix}"
        run = export(kind, out, painted, probe)
        size = sum(path.stat().st_size for path in [out, *out.rglob("*")] if path.is_file())
        rows.append((kind, run.wall_s / frames * 1000, run.peak_mib, size / frames / 1024))
    print(f"{frames} frames of {video.name}, start of the process included.\n")
    measure.table(("format", "ms a frame", "peak MiB", "KiB a frame"), rows)
    print()
    compare(measure.work() / "export_coco.json", measure.work() / "export_yolo")


if __name__ == "__main__":
    main()
