"""Colour masks: the right colours, and a documented way back to groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scenes import PALETTE, found, info

from objmask.detections.arrays import DetectionWriter
from objmask.objects.tables import read_tables
from objmask.painted.decide import PaintRules
from objmask.painted.objects import labels_of
from objmask.painted.paint import write_painted
from objmask.painted.table import PaintedTable
from objmask.progress import Progress
from objmask.render.colour_masks import label_planes, labels_of_planes, labels_of_rgb, read_masks, write_masks
from objmask.video import probe, read_frames

GROUPS = len(PALETTE.groups)
COMPACT_PX = 1500  # smaller areas are mostly edge, where a pixel may go to the neighbour


def blobs(width: int, height: int, seed: int) -> np.ndarray:
    """A painted map of overlapping ellipses of random groups."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    labels = np.zeros((height, width), np.uint8)
    for _ in range(6):
        cy, cx, ry, rx = (
            rng.uniform(0, height),
            rng.uniform(0, width),
            rng.uniform(0.1, 0.4) * height,
            rng.uniform(0.1, 0.4) * width,
        )
        labels[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1] = rng.integers(1, GROUPS + 1)
    return labels


def iou(a: np.ndarray, b: np.ndarray, k: int) -> float:
    return ((a == k) & (b == k)).sum() / ((a == k) | (b == k)).sum()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [(320, 180), (321, 181), (1, 1), (2, 3)], ids=str)
def test_planes_give_the_groups_back(size: tuple[int, int], seed: int) -> None:
    labels = blobs(*size, seed=seed)
    back = labels_of_planes(label_planes(labels, PALETTE), PALETTE)
    for k in np.unique(labels):
        if (labels == k).sum() >= COMPACT_PX:
            assert iou(labels, back, k) >= 0.98
    assert set(np.unique(back)) <= set(np.unique(labels)), "no group appears that is not there"


def test_rgb_gives_the_groups_back_exactly() -> None:
    labels = blobs(320, 180, seed=2)
    assert np.array_equal(labels_of_rgb(PALETTE.colours[labels], PALETTE), labels)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("size", [(320, 180), (161, 91)], ids=str)
def test_a_mask_video_read_back_has_the_painted_groups(tmp_path: Path, size: tuple[int, int], lossless: bool) -> None:
    video = info(*size, frames=8, end_pts=8 * 1001)
    mask = np.zeros((24, 24), np.uint8)
    mask[4:20, 4:20] = 255
    metadata = {"time_base": "1/30000", "start_pts": 0, "video_sha256": video.sha256}
    with DetectionWriter(tmp_path / "d.parquet", tmp_path / "d.frames.parquet", metadata) as writer:
        for n in range(8):
            shift = n / 50
            boxes = [
                ("person", 0.9, (0.1, 0.1 + shift, 0.8, 0.5 + shift)),
                ("laptop", 0.6, (0.4, 0.3, 0.9, 0.8)),
                ("cup", 0.8, (0.3, 0.6 - shift, 0.7, 0.9 - shift)),
                ("sink", 0.7, (0.6, 0.0, 1.0, 0.3)),
                ("book", 0.1, (0.0, 0.0, 1.0, 1.0)),  # under the lowest score
            ]
            writer.write(n, n * 1001, 1001, inferred=True, found=found(*boxes, mask=mask))
    tables = read_tables([tmp_path / "d.parquet"], video.sha256)
    out = tmp_path / "masks.mp4"
    with Progress("masks", 16) as progress:
        write_painted(video, tables, PaintRules(PALETTE, 0.3, 0.5), tmp_path / "p.parquet", progress)
        painted = PaintedTable.read(tmp_path / "p.parquet", video)
        write_masks(video, painted, PALETTE, out, progress, lossless=lossless)
    expected = [labels_of(objects, PALETTE, size[1], size[0]) for objects in painted.objects()]
    assert all(labels.any() for labels in expected)
    written = probe(out)
    back = [labels[: size[1], : size[0]] for labels in read_masks(out, written, PALETTE)]
    assert len(back) == 8
    for want, got in zip(expected, back, strict=True):
        if lossless:
            assert np.array_equal(want, got)
        for k in np.unique(want):
            if (want == k).sum() >= COMPACT_PX:
                assert iou(want, got, k) >= 0.98
        assert set(np.unique(got)) <= set(np.unique(want))
    times = [
        (frame.pts * written.time_base, frame.duration_pts * written.time_base) for frame in read_frames(out, written)
    ]
    assert times == [(n * 1001 * video.time_base, 1001 * video.time_base) for n in range(8)]
