"""Detections, tables and a small real detector for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.classes import Group, Palette
from objmask.detections.frames_table import FrameTable
from objmask.files.parquet import ParquetOut
from objmask.models.info import ModelInfo

PALETTE = Palette(
    (
        Group("person", ("person",), (255, 255, 255), True),
        Group("screen", ("tv", "laptop"), (255, 0, 0), True),
        Group("drink", ("cup", "bottle"), (0, 0, 255)),
    )
)
TIME_BASE = Fraction(1, 30000)
METADATA = {"time_base": str(TIME_BASE), "start_pts": 0, "video_sha256": "v" * 64, "model": "m", "placement": "CPU"}
HOSTILE = (
    'it\'s {braces} 100% "quoted"',
    "-rf --help",
    "two\nlines\ttab",
    "schön 会議 \N{CAMERA}",
    "a  b;c&d|e$(f)`g`*?[h]\\i",
    "00000000-00000010",
    "x.frames",
    "subject=1,run=2:b",
    "n" * 200,
)
"""Folder or file names that people's file systems really hold."""


def rewrite(table: pa.Table, path: Path, metadata: dict[str, Any] | None = None) -> None:
    """Writes a table as objmask does, whatever it holds; `metadata`: by default the table's own."""
    kept = json.loads(table.schema.metadata[b"objmask"]) if metadata is None else metadata
    with ParquetOut(path, table.schema, kept) as out:
        for row in table.to_pylist():
            out.append(row)


def found(*items: tuple[str, float, tuple[float, float, float, float]], side: int = 2) -> Detections:
    """Detections (class, score, box) with full masks."""
    return Detections(
        np.array([score for _, score, _ in items], np.float32),
        tuple(name for name, _, _ in items),
        np.array([box for _, _, box in items], np.float32).reshape(-1, 4),
        tuple(np.full((side, side), 255, np.uint8) for _ in items),
    )


def random_detections(rng: np.random.Generator, count: int, *, tracked: bool = True) -> Detections:
    """Valid detections of every kind: any side from 1 to 160, scores that repeat; `tracked`: every source, tracks."""
    corners = np.sort(rng.random((count, 2, 2), np.float32), 1)
    boxes = np.concatenate([corners[:, 0] * np.float32(0.9), np.minimum(corners[:, 1] + np.float32(0.05), 1)], 1)
    sides = rng.choice([1, 2, 3, 15, 33, 160], (count, 2), p=[0.1, 0.3, 0.3, 0.15, 0.1, 0.05])
    names = ["person", "cup", "wine glass", "Schüssel 皿"]
    some = Detections(
        rng.integers(1, 21, count).astype(np.float32) / 20,
        tuple(rng.choice(names, count).tolist()),
        boxes.astype(np.float32).reshape(-1, 4),
        tuple(rng.integers(0, 256, side, np.uint8) for side in sides),
    )
    if not tracked:
        return some
    return replace(
        some,
        sources=tuple(rng.choice(["detected", "tracked", "flow", "manual"], count).tolist()),
        track_ids=tuple(rng.integers(-1, 5, count).tolist()),
        found_as=tuple(rng.choice(names, count).tolist()),
        carried=tuple(rng.integers(-9, 10, count).tolist()),
        drifts=tuple(rng.random(count, np.float32).tolist()),
        found_scores=tuple(rng.random(count, np.float32).tolist()),
    )


def write_detections(
    path: Path, frames: Sequence[Detections], pts: Sequence[int] | None = None, **metadata: object
) -> FrameTable:
    """Writes `path` and its frames table beside; returns the table."""
    table_path = path.with_name(path.name.removesuffix(".parquet") + ".frames.parquet")
    times = list(pts if pts is not None else range(0, 1001 * len(frames), 1001))
    with DetectionWriter(path, table_path, {**METADATA, **metadata}) as writer:
        for number, one in enumerate(frames):
            after = times[number + 1] if number + 1 < len(times) else times[number] + 1001
            writer.write(number, times[number], after - times[number], inferred=True, found=one)
    return FrameTable.read(table_path)


def same(a: Detections, b: Detections) -> bool:
    """Whether two frames' detections are equal in everything, order included."""
    return (
        np.array_equal(a.scores, b.scores)
        and np.array_equal(a.boxes, b.boxes)
        and (a.classes, a.sources, a.track_ids) == (b.classes, b.sources, b.track_ids)
        and (a.found_as, a.carried, a.drifts) == (b.found_as, b.carried, b.drifts)
        and a.found_scores == b.found_scores
        and all(x.shape == y.shape and np.array_equal(x, y) for x, y in zip(a.masks, b.masks, strict=True))
    )


class BrightRectangles:
    """A detector without a network: every bright area is a `cup` in its bounding box, its score the mean brightness."""

    def __init__(self) -> None:
        self.info = ModelInfo("bright", "yolo", "none", "0" * 64, "tests", ("cup",), {"cup": 0}, 0, 0)
        self.placement, self.runtime = "NumPy", "ai-edge-litert"
        self.frames_at_once = 8
        self.batches: list[int] = []
        self.closed = False

    def detect(self, frames: Sequence[npt.NDArray[np.uint8]]) -> list[Detections]:
        """As the protocol says."""
        self.batches.append(len(frames))
        return [self._one(frame) for frame in frames]

    def _one(self, frame: npt.NDArray[np.uint8]) -> Detections:
        height, width = frame.shape[:2]
        bright = (frame.min(2) > 128).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=4)
        scores, boxes, masks = [], [], []
        for k in range(1, count):
            left, top, w, h, _ = stats[k]
            scores.append(frame[labels == k].mean() / 255)
            boxes.append((top / height, left / width, (top + h) / height, (left + w) / width))
            masks.append(
                np.where(cv2.resize((labels == k)[top : top + h, left : left + w] * 1.0, (8, 8)) > 0.5, 255, 0)
            )
        order = np.argsort(-np.array(scores), kind="stable") if scores else []
        return Detections(
            np.array(scores, np.float32),
            ("cup",) * len(scores),
            np.array(boxes, np.float32).reshape(-1, 4),
            tuple(mask.astype(np.uint8) for mask in masks),
        ).take(order)

    def close(self) -> None:
        """As the protocol says."""
        self.closed = True
