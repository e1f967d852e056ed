"""The pictures that annotations belong to: whole frames, upright, in full size. They show raw pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from objmask.errors import DataError
from objmask.exports.instances import exported_rows
from objmask.frames import Picture, write_images
from objmask.progress import Progress
from objmask.tables import Tables
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames
from objmask.video.source import OnTruncated


def write_annotated_images(
    video: Path,
    info: VideoInfo,
    tables: Tables,
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
    table = tables[0][1]
    rows = exported_rows(tables, every)
    wanted = dict(zip(table.number[rows].tolist(), table.pts[rows].tolist(), strict=True))

    def pictures() -> Iterator[tuple[int, Picture]]:
        left = dict(wanted)
        if left:
            part = {"start": min(left), "stop": max(left) + 1}
            for frame in progress.counted(read_frames(video, info, on_truncated=on_truncated, **part)):
                if frame.number in left:
                    if left.pop(frame.number) != frame.pts:
                        raise DataError(
                            f"{video}: frame {frame.number} has another time in its frames table; run detect again"
                        )
                    yield frame.number, frame.rgb()
        if left:
            raise DataError(
                f"{video}: frame {min(left)} is in its frames table, but not in the video; run detect again"
            )

    write_images(pictures(), out, kind)
