"""Small pictures of limited size for the report, as text inside a page."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from objmask.errors import DataError
from objmask.video.color import tags_of
from objmask.video.info import VideoInfo
from objmask.video.planes import as_seen
from objmask.video.source import Damage, decode, open_video, read_packets

SIDE_PX = 288
"""Longer side of a thumbnail, pixels."""
MAX_BYTES = 16_000
_QUALITIES = (70, 50, 30, 15, 5)
_LOSSLESS = 101
Picture = npt.NDArray[np.uint8]


def shown_size(info: VideoInfo) -> tuple[int, int]:
    """Width and height of a video's thumbnails in pixels. Pixels of the video need not be square."""
    width, height = float(info.width * info.sample_aspect), float(info.height)
    scale = SIDE_PX / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def photograph(rgb: Picture, size: tuple[int, int]) -> str:
    """A picture as WebP in base64. The WebP has at most `MAX_BYTES`.

    Args:
        rgb: (h, w, 3) uint8.
        size: width and height of the thumbnail, pixels.
    """
    bgr: Picture = cv2.cvtColor(_resized(rgb, size), cv2.COLOR_RGB2BGR).astype(np.uint8)
    while True:
        for quality in _QUALITIES:
            if (text := _webp(bgr, quality)) is not None:
                return text
        # Noise, most likely; a quarter of the pixels will do.
        bgr = _resized(bgr, (max(1, bgr.shape[1] // 2), max(1, bgr.shape[0] // 2)))


def drawing(rgb: Picture) -> str:
    """A picture of flat colours as WebP in base64. It is lossless when that is small enough."""
    text = _webp(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR).astype(np.uint8), _LOSSLESS)
    return photograph(rgb, (rgb.shape[1], rgb.shape[0])) if text is None else text


def stills(video: Path, times: Sequence[Fraction]) -> Iterator[Picture]:
    """Yields the pictures at the given times of a video that objmask wrote, RGB uint8 (h, w, 3).

    Args:
        video: a file without B-frames and with increasing times.
        times: presentation times in seconds, increasing.

    Raises:
        DataError: the video has no frame at such a time.
        VideoError: the video cannot be read.
    """
    for at in times:
        damage = Damage(video, "fail")
        with open_video(video) as (container, stream):
            if stream.time_base is None:
                raise DataError(f"{video}: has no times; delete it and run again")
            container.seek(int(at / stream.time_base), stream=stream)
            frames = decode(stream, read_packets(container, [stream], damage), damage)
            ticks = at / stream.time_base
            found = next((frame for frame in frames if frame.pts is not None and frame.pts >= ticks), None)
            if found is None or found.pts != ticks:
                raise DataError(f"{video}: has no frame at {float(at):.3f} s; delete it and run again")
            yield as_seen(found, tags_of(found))


def _resized(picture: Picture, size: tuple[int, int]) -> Picture:
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _webp(bgr: Picture, quality: int) -> str | None:
    written, data = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not written:
        raise DataError("a thumbnail cannot be encoded as WebP; set report.thumbnails: 0")
    return None if len(data) > MAX_BYTES else base64.b64encode(data.tobytes()).decode("ascii")
