"""The pictures that annotations belong to: whole frames, upright, in full size. They show raw pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from objmask.detections.frames_table import FrameTable
from objmask.exports.instances import exported_rows
from objmask.inference.frame_store import Picture, write_images
from objmask.progress import Progress
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames
from objmask.video.source import OnTruncated


def write_annotated_images(
    video: Path,
    info: VideoInfo,
    table: FrameTable,
    known: npt.NDArray[np.bool_],
    out: Path,
    progress: Progress,
    *,
    every: int,
    kind: Literal["png", "jpg"],
    on_truncated: OnTruncated = "fail",
) -> None:
    """Writes a folder of the exported frames, and of no others: without annotations one would seem to show nothing.

    Raises:
        DataError: the video has other frames than its frames tables.
        VideoError: reading or writing fails.
    """
    rows = exported_rows(table, known, every).tolist()

    def pictures() -> Iterator[tuple[int, Picture]]:
        if rows:
            start, stop = int(table.number[rows[0]]), int(table.number[rows[-1]]) + 1
            frames = read_frames(video, info, start=start, stop=stop, on_truncated=on_truncated)
            for _, frame in table.matched(progress.counted(frames), video, rows):
                yield frame.number, frame.rgb()

    write_images(pictures(), out, kind)
