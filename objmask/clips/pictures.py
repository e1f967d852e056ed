"""The pictures of clips: painted masks, or frames of a video, made small."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.classes import Palette
from objmask.errors import DataError
from objmask.painted.objects import labels_of
from objmask.painted.table import PaintedTable
from objmask.progress import Progress
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames
from objmask.video.source import OnTruncated

Picture = npt.NDArray[np.uint8]
Resize = Literal["area", "cubic", "nearest"]
_METHODS = {"cubic": cv2.INTER_CUBIC, "nearest": cv2.INTER_NEAREST_EXACT}


def small(picture: Picture, size: tuple[int, int], method: Resize) -> Picture:
    """A picture, (h, w, 3) uint8, squeezed into another width and height, whatever its shape.

    `area` gives each pixel the mean of what it covers, so a mask's edge becomes a share of its colour; `cubic` is cut
    to 0..255; `nearest` keeps exact colours and loses what is thin.
    """
    if method != "area":
        return np.asarray(cv2.resize(picture, size, interpolation=_METHODS[method]), np.uint8)
    # OpenCV averages only where both sides get smaller.
    shrunk = (min(size[0], picture.shape[1]), min(size[1], picture.shape[0]))
    averaged = cv2.resize(picture, shrunk, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(averaged, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def mask_pictures(
    painted: PaintedTable, wanted: Collection[int], palette: Palette, progress: Progress
) -> Iterator[tuple[int, Picture]]:
    """Yields (row, painted colours on black, (h, w, 3) uint8) of the wanted rows of the frames table.

    Raises:
        DataError: the table is damaged.
    """
    for row, objects in enumerate(painted.objects()):
        if row in wanted:
            yield row, palette.colours[labels_of(objects, palette, painted.height, painted.width)]
        progress.step()


def video_pictures(
    video: Path, info: VideoInfo, numbers: dict[int, int], progress: Progress, *, on_truncated: OnTruncated = "fail"
) -> Iterator[tuple[int, Picture]]:
    """Yields (row, picture as shown, RGB (h, w, 3) uint8) of some frames of a video; decodes none after the last.

    Args:
        video: the file.
        info: what `probe` said of it.
        numbers: frame number in that file -> row of the frames table; not empty.
        progress: counts frames.
        on_truncated: as for `read_frames`.

    Raises:
        VideoError: the video cannot be read.
        DataError: a frame is not there.
    """
    missing = set(numbers)
    for frame in read_frames(video, info, start=min(numbers), stop=max(numbers) + 1, on_truncated=on_truncated):
        if frame.number in numbers:
            missing.discard(frame.number)
            yield numbers[frame.number], frame.rgb()
        progress.step()
    if missing:
        raise DataError(f"{video}: has no frame {min(missing)}, which its frames table has; run detect again")
