"""The clips of one video, and the file that holds them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from objmask.clips.pictures import Picture, Resize, small
from objmask.clips.sampling import NOTHING, Rows
from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError
from objmask.files.whole import atomic_path
from objmask.provenance.unchanged import refuse_changed


@dataclass(frozen=True)
class Clips:
    """The clips of one video.

    Attributes:
        frames: (clips, n, h, w, 3) uint8 RGB.
        frame_number: (clips, n) int64, frames of the source; -1 where the picture is filling.
        time_s: (clips, n) float64, seconds since the source's first frame; NaN where the picture is filling.
        label: the activity.
        subject: who wears the camera, or empty.
        video: the video's name.

    Raises:
        ValueError: a shape or dtype is not as above.
    """

    frames: Picture
    frame_number: npt.NDArray[np.int64]
    time_s: npt.NDArray[np.float64]
    label: str
    subject: str
    video: str

    def __post_init__(self) -> None:
        if self.frames.ndim != 5 or self.frames.shape[4] != 3 or self.frames.dtype != np.uint8:
            raise ValueError(f"frames: expected uint8 (clips, n, h, w, 3), got {self.frames.dtype} {self.frames.shape}")
        for name, dtype in (("frame_number", np.int64), ("time_s", np.float64)):
            value = getattr(self, name)
            if value.shape != self.frames.shape[:2] or value.dtype != dtype:
                raise ValueError(f"{name}: expected {self.frames.shape[:2]}, got {value.dtype} {value.shape}")

    def write(self, path: Path) -> None:
        """Writes an `.npz` file; of a single clip the arrays lack the first axis. Equal clips give equal bytes."""
        clip = 0 if len(self.frames) == 1 else slice(None)
        with atomic_path(path) as temporary:
            np.savez_compressed(
                temporary,
                allow_pickle=False,
                frames=self.frames[clip],
                frame_number=self.frame_number[clip],
                time_s=self.time_s[clip],
                label=np.array(self.label),
                subject=np.array(self.subject),
                video=np.array(self.video),
            )

    @classmethod
    def read(cls, path: Path) -> Clips:
        """Reads what `write` wrote.

        Raises:
            DataError: the file is missing or damaged.
        """
        try:
            refuse_changed(path)
            with np.load(path, allow_pickle=False) as stored:
                frames, number, time_s = (stored[name] for name in ("frames", "frame_number", "time_s"))
                if frames.ndim == 4:
                    frames, number, time_s = frames[None], number[None], time_s[None]
                return cls(frames, number, time_s, *(str(stored[name]) for name in ("label", "subject", "video")))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: holds no clips; delete it and run again ({error})") from error


def assemble(
    rows: Rows,
    table: FrameTable,
    pictures: Iterator[tuple[int, Picture]],
    *,
    size: tuple[int, int],
    resize: Resize,
    upside_down: bool,
    label: str,
    subject: str,
    video: str,
) -> Clips:
    """Puts clips together; memory holds them and one picture.

    Args:
        rows: (clips, n) rows of `table`, or `NOTHING`.
        table: the video's frames.
        pictures: (row, RGB picture (h, w, 3) uint8) of at least the rows that `rows` has, each once.
        size: width and height of the result, px.
        resize: how pictures are made small.
        upside_down: turn them by 180 degrees.
        label: the activity.
        subject: who wears the camera.
        video: the video's name.
    """
    frames = np.zeros((*rows.shape, size[1], size[0], 3), np.uint8)
    for row, picture in pictures:
        shrunk = small(picture, size, resize)
        frames[rows == row] = shrunk[::-1, ::-1] if upside_down else shrunk
    filled = rows != NOTHING
    number = np.where(filled, table.number[rows], NOTHING)
    time_s = np.where(filled, table.time_s[rows], np.nan)
    return Clips(frames, number, time_s, label, subject, video)
