"""Detections: checked arrays in memory, and two Parquet files per video on disk.

The detections file has one row per detection above a low score floor. The frames file has one row per frame. Every step
after inference (colours, thresholds, privacy, coverage) reads these two files, so their format must last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from objmask.detections.framed import FramedOut, Row, complete, rows_by_frame
from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError
from objmask.files.parquet import read_table

MAX_MASK_SIDE = 160
"""Largest height or width of a stored soft mask, in samples."""
WHOLE_BOX = np.full((2, 2), 255, np.uint8)
"""The mask of a detection of which only the box is known."""


def is_whole_box(mask: npt.NDArray[np.uint8]) -> bool:
    """Whether a mask says that only the box is known."""
    return mask.shape == WHOLE_BOX.shape and bool((mask == 255).all())


SOURCES = ("detected", "tracked", "flow", "manual")
"""Origins of a detection. All of them except `detected` are filled in without inference."""


_DETECTION_SCHEMA = pa.schema(
    [
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("class", pa.string(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        *(pa.field(side, pa.float32(), nullable=False) for side in ("ymin", "xmin", "ymax", "xmax")),
        pa.field("mask_h", pa.int16(), nullable=False),
        pa.field("mask_w", pa.int16(), nullable=False),
        pa.field("mask", pa.binary(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("track_id", pa.int64(), nullable=False),
        pa.field("found_as", pa.string(), nullable=False),
        pa.field("carried", pa.int16(), nullable=False),
        pa.field("drift", pa.float32(), nullable=False),
        pa.field("found_score", pa.float32(), nullable=False),
    ]
)
_OPTIONAL = {
    "sources": "source",
    "track_ids": "track_id",
    "found_as": "found_as",
    "carried": "carried",
    "drifts": "drift",
    "found_scores": "found_score",
}
"""Attributes of `Detections` that a network does not give, and the columns that hold them."""


@dataclass(frozen=True)
class Detections:
    """The detections of one frame, in any order.

    Attributes:
        scores: (n,) float32 in 0..1.
        classes: n class names (COCO names for COCO models).
        boxes: (n, 4) float32, normalised `(ymin, xmin, ymax, xmax)` in 0..1, each side longer than zero.
        masks: n soft masks, uint8 (h, w), 1 <= h, w <= 160, probability x 255; samples are align-corners: the first
            and last row (column) lie on the edges of the box.
        sources: n values of `SOURCES`; empty means that all are `detected`.
        track_ids: n ints, -1 for no track; empty means that all are -1.
        found_as: n class names that the network gave; empty means the same as `classes`. A track may change `classes`.
        carried: n ints: how many frames before this one the mask comes from (negative: after); empty means all 0.
        drifts: n floats: possible error of a carried mask, share of the frame's height; empty means all 0.
        found_scores: n floats: scores that the network gave; empty means `scores`. A track may raise `scores`.

    Raises:
        ValueError: a shape, dtype or range differs from the above.
    """

    scores: npt.NDArray[np.float32]
    classes: tuple[str, ...]
    boxes: npt.NDArray[np.float32]
    masks: tuple[npt.NDArray[np.uint8], ...]
    sources: tuple[str, ...] = ()
    track_ids: tuple[int, ...] = ()
    found_as: tuple[str, ...] = ()
    carried: tuple[int, ...] = ()
    drifts: tuple[float, ...] = ()
    found_scores: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.classes)
        if self.scores.shape != (n,) or self.scores.dtype != np.float32:
            raise ValueError(f"scores: expected float32 ({n},), got {self.scores.dtype} {self.scores.shape}")
        if self.boxes.shape != (n, 4) or self.boxes.dtype != np.float32:
            raise ValueError(f"boxes: expected float32 ({n}, 4), got {self.boxes.dtype} {self.boxes.shape}")
        if len(self.masks) != n:
            raise ValueError(f"masks: expected {n}, got {len(self.masks)}")
        for mask in self.masks:
            if mask.ndim != 2 or mask.dtype != np.uint8 or not 1 <= min(mask.shape) <= max(mask.shape) <= MAX_MASK_SIDE:
                raise ValueError(
                    f"mask: expected uint8 (1..{MAX_MASK_SIDE}, 1..{MAX_MASK_SIDE}), got {mask.dtype} {mask.shape}"
                )
        if n and not (
            np.all((self.scores >= 0) & (self.scores <= 1)) and np.all((self.boxes >= 0) & (self.boxes <= 1))
        ):
            raise ValueError("scores and boxes must lie in 0..1")
        if n and not np.all(self.boxes[:, 2:] > self.boxes[:, :2]):
            raise ValueError("boxes must have ymax > ymin and xmax > xmin")
        defaults = (("detected",) * n, (-1,) * n, self.classes, (0,) * n, (0.0,) * n, tuple(self.scores.tolist()))
        for name, default in zip(_OPTIONAL, defaults, strict=True):
            object.__setattr__(self, name, getattr(self, name) or default)
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name}: expected {n}, got {len(getattr(self, name))}")
        if not all(0 <= drift < math.inf for drift in self.drifts):
            raise ValueError("drifts must be finite and at least 0")
        if not all(0 <= score <= 1 for score in self.found_scores):
            raise ValueError("found_scores must lie in 0..1")
        if not set(self.sources) <= set(SOURCES):
            raise ValueError(f"sources: expected some of {SOURCES}, got {sorted(set(self.sources))}")

    def __len__(self) -> int:
        return len(self.classes)

    @classmethod
    def empty(cls) -> Detections:
        """No detections."""
        return cls(np.zeros(0, np.float32), (), np.zeros((0, 4), np.float32), ())

    def take(self, indices: Iterable[int]) -> Detections:
        """The detections at `indices`, in that order."""
        index = [int(i) for i in indices]
        return Detections(
            self.scores[index],
            tuple(self.classes[i] for i in index),
            self.boxes[index],
            tuple(self.masks[i] for i in index),
            *(tuple(getattr(self, name)[i] for i in index) for name in _OPTIONAL),
        )

    def select(self, *, score: float, classes: Iterable[str] | None = None, doubtful: bool = False) -> Detections:
        """The detections with at least `score` and a class in `classes`; None = any class.

        With `doubtful` those that were found as one of `classes` are selected too.
        """
        wanted = None if classes is None else frozenset(classes)
        return self.take(
            i
            for i in range(len(self))
            if self.scores[i] >= np.float32(score)
            and (wanted is None or self.classes[i] in wanted or (doubtful and self.found_as[i] in wanted))
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Detections]) -> Detections:
        """All detections of `parts`, in order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([p.scores for p in parts]) if parts else np.zeros(0, np.float32),
            tuple(c for p in parts for c in p.classes),
            np.concatenate([p.boxes for p in parts]) if parts else np.zeros((0, 4), np.float32),
            tuple(m for p in parts for m in p.masks),
            *(tuple(value for p in parts for value in getattr(p, name)) for name in _OPTIONAL),
        )


class DetectionWriter:
    """Writes the two Parquet files of a video or chunk, frame by frame, see `FramedOut`."""

    def __init__(self, detections: Path, frames: Path, metadata: Mapping[str, Any], *, compressed: bool = True) -> None:
        self._out = FramedOut(detections, frames, _DETECTION_SCHEMA, metadata, compressed=compressed)

    def __enter__(self) -> DetectionWriter:
        self._out.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.__exit__(kind, error, trace)

    def write(self, frame: int, pts: int, duration_pts: int, *, inferred: bool, found: Detections) -> None:
        """Appends one frame, with its detections in order of falling score."""
        rows = []
        for i in np.argsort(-found.scores, kind="stable"):
            mask = found.masks[i]
            row = (found.classes[i], found.scores[i], *found.boxes[i], *mask.shape, mask.tobytes())
            row += tuple(getattr(found, name)[i] for name in _OPTIONAL)
            rows.append(dict(zip(_DETECTION_SCHEMA.names[1:], row, strict=True)))
        self._out.write(frame, pts, duration_pts, inferred=inferred, rows=rows)


def read_detections(path: Path, frames: Iterable[int]) -> Iterator[Detections]:
    """Yields the detections of each frame in `frames` (increasing): one item per frame. Reads lazily.

    Raises:
        DataError: the file is damaged, or has a frame that is not in `frames`.
    """
    frames = list(frames)
    for frame, rows in zip(frames, rows_by_frame(path, _DETECTION_SCHEMA, frames, "detect"), strict=True):
        yield _checked(path, frame, rows)


def all_detections(path: Path, table: FrameTable) -> Iterator[Detections]:
    """Yields the detections of each frame of a table, as many as it counts.

    Raises:
        DataError: the file is damaged, or detections are missing.
    """
    for frame, rows in zip(table.number.tolist(), complete(path, _DETECTION_SCHEMA, table, "detect"), strict=True):
        yield _checked(path, frame, rows)


def read_scores(path: Path) -> pa.Table:
    """The columns `frame`, `track_id`, `carried` and `found_score` of a detections file, without its masks.

    Raises:
        DataError: the file is damaged.
    """
    return read_table(path, _DETECTION_SCHEMA, ("frame", "track_id", "carried", "found_score"))


def _checked(path: Path, frame: int, rows: list[Row]) -> Detections:
    try:
        return _from_rows(rows)
    except ValueError as error:
        raise DataError(f"{path}: frame {frame} is damaged; delete it and run again ({error})") from error


def _from_rows(rows: list[Row]) -> Detections:
    if not rows:
        return Detections.empty()
    return Detections(
        np.array([r["score"] for r in rows], np.float32),
        tuple(r["class"] for r in rows),
        np.array([[r["ymin"], r["xmin"], r["ymax"], r["xmax"]] for r in rows], np.float32),
        tuple(np.frombuffer(r["mask"], np.uint8).reshape(r["mask_h"], r["mask_w"]) for r in rows),
        *(tuple(r[column] for r in rows) for column in _OPTIONAL.values()),
    )
