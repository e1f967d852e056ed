"""The frames of a video, one row per frame: its number, its time, and whether the network saw it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from objmask.errors import DataError
from objmask.files.parquet import ParquetOut, metadata_of, read_table
from objmask.files.whole import atomic_path

PICTURES = "pictures_crc32"
"""Metadata of a frames table: `FrameTable.pictures`."""
FRAME_SCHEMA = pa.schema(
    [
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("pts", pa.int64(), nullable=False),
        pa.field("duration_pts", pa.int64(), nullable=False),
        pa.field("inferred", pa.bool_(), nullable=False),
        pa.field("detections", pa.int32(), nullable=False),
    ]
)


class NumberedFrame(Protocol):
    """The properties of a decoded frame that are compared."""

    @property
    def number(self) -> int:
        """0-based, in decode order of the source."""
        ...

    @property
    def pts(self) -> int:
        """Presentation timestamp in the video's time base."""
        ...


AnyFrame = TypeVar("AnyFrame", bound=NumberedFrame)


@dataclass(frozen=True)
class FrameTable:
    """The frames that every output of a video has, in order.

    Attributes:
        number: (n,) int64, 0-based decode order in the source, strictly increasing.
        pts: (n,) int64 presentation timestamps in `time_base`, strictly increasing.
        duration_pts: (n,) int64, distance to the next frame of the source (the last one's own duration), > 0.
        inferred: (n,) bool: whether the network saw the frame.
        detections: (n,) int32: number of stored detections of the frame.
        time_base: seconds per pts unit.
        start_pts: pts of the source's first frame, where `time_s` is 0.
        carried: whether masks were carried to the frames that the network did not see.
        pictures: CRC-32, hex, of all pictures that wait for inference beside the table; empty: there are none.
    """

    number: npt.NDArray[np.int64]
    pts: npt.NDArray[np.int64]
    duration_pts: npt.NDArray[np.int64]
    inferred: npt.NDArray[np.bool_]
    detections: npt.NDArray[np.int32]
    time_base: Fraction
    start_pts: int
    carried: bool = False
    pictures: str = ""

    def __post_init__(self) -> None:
        n = len(self.number)
        for name in ("pts", "duration_pts", "inferred", "detections"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name}: expected ({n},), got {getattr(self, name).shape}")
        if np.any(np.diff(self.number) <= 0) or np.any(np.diff(self.pts) <= 0):
            raise ValueError("frame numbers and pts must increase strictly")
        if np.any(self.duration_pts <= 0) or np.any(self.detections < 0) or self.time_base <= 0:
            raise ValueError("durations and time base must be above 0, and numbers of detections at least 0")

    def __len__(self) -> int:
        return len(self.number)

    def write(self, path: Path, metadata: Mapping[str, Any]) -> None:
        """Writes a `.frames.parquet` file, atomically."""
        times = {"time_base": str(self.time_base), "start_pts": self.start_pts}
        columns = (self.number, self.pts, self.duration_pts, self.inferred, self.detections)
        with atomic_path(path) as temporary, ParquetOut(temporary, FRAME_SCHEMA, {**metadata, **times}) as out:
            for row in zip(*(column.tolist() for column in columns), strict=True):
                out.append(dict(zip(FRAME_SCHEMA.names, row, strict=True)))

    def matched(
        self, frames: Iterable[AnyFrame], video: object, rows: Sequence[int] | None = None
    ) -> Iterator[tuple[int, AnyFrame]]:
        """Yields (row, frame) for each frame that was read, and checks that the frames are those of the table.

        Args:
            frames: frames of the video, in order.
            video: name of the video in error messages.
            rows: the wanted rows, increasing; other frames are skipped. None = all rows, and no further frame is
                allowed.

        Raises:
            DataError: a frame is missing, has another time, or is not in the table.
        """
        wanted = range(len(self)) if rows is None else rows
        done = 0
        for frame in frames:
            row = wanted[done] if done < len(wanted) else None
            if row is None or (frame.number, frame.pts) != (int(self.number[row]), int(self.pts[row])):
                if rows is not None and (row is None or frame.number < int(self.number[row])):
                    continue
                raise DataError(
                    f"{video}: frame {frame.number} at pts {frame.pts} is not in its frames table; run detect again"
                )
            yield row, frame
            done += 1
        if done != len(wanted):
            raise DataError(f"{video}: {done} frames, but {len(wanted)} in its frames table; run detect again")

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Whether it is known which objects a frame shows, (n,) bool. An unknown frame is not an empty one."""
        # From no frame at all nothing can be carried: a window may lie between two that the network sees.
        return self.inferred | (self.carried and bool(self.inferred.any()))

    @cached_property
    def time_s(self) -> npt.NDArray[np.float64]:
        """Seconds since the source's first frame, (n,) float64."""
        return np.asarray((self.pts - self.start_pts) * float(self.time_base), np.float64)

    @classmethod
    def read(cls, path: Path) -> FrameTable:
        """Reads a `.frames.parquet` file.

        Raises:
            DataError: the file is no such file.
        """
        table = read_table(path, FRAME_SCHEMA)
        metadata = metadata_of(path)
        columns = {name: table.column(name).to_numpy() for name in FRAME_SCHEMA.names}
        try:
            return cls(
                columns["frame"],
                columns["pts"],
                columns["duration_pts"],
                columns["inferred"],
                columns["detections"],
                Fraction(metadata["time_base"]),
                int(metadata["start_pts"]),
                bool(metadata.get("carried", False)),
                str(metadata.get(PICTURES, "")),
            )
        except (KeyError, ValueError, ZeroDivisionError) as error:
            raise DataError(f"{path}: is damaged; delete it and run again ({error})") from error


def frames_path(detections: Path) -> Path:
    """The path of the frames table beside `<video>.parquet`: `<video>.frames.parquet`."""
    return detections.with_name(detections.name.removesuffix(".parquet") + ".frames.parquet")
