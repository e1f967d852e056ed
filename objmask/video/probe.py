"""Looks at a whole video once: what it is, how many frames it really has, when each is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from objmask.errors import VideoError
from objmask.files.documents import Degrees
from objmask.video.appearance import colors_of, shape_of, streams_of, warnings_of_fields
from objmask.video.blame import blamed
from objmask.video.fingerprint import fingerprint
from objmask.video.info import VideoInfo
from objmask.video.length import completeness_of, times_of
from objmask.video.planes import to_planes
from objmask.video.scan import Scan, scan_video
from objmask.video.source import Damage, OnTruncated, decode, open_video, read_packets
from objmask.video.timing import MAX_PTS

_NO_PICTURE = "no picture of it can be decoded; replace the file or take it out of the input"


def count_packets(path: Path) -> int:
    """The number of pictures by demuxing only: milliseconds, and equal to `VideoInfo.frames` for files in order.

    Raises:
        VideoError: the file cannot be opened, or has no video stream.
    """
    with open_video(path) as (container, stream):
        damage = Damage(path, "keep")
        return sum(not packet.is_discard for packet in read_packets(container, [stream], damage))


def check_decodes(path: Path) -> None:
    """Decodes the first picture.

    Raises:
        VideoError: no picture can be decoded.
    """
    damage = Damage(path, "keep")
    with open_video(path) as (container, stream):
        if next(decode(stream, read_packets(container, [stream], damage), damage), None) is None:
            raise VideoError(f"{path}: {_NO_PICTURE}")


def probe(
    path: Path,
    *,
    rotate: Degrees = 0,
    on_truncated: OnTruncated = "fail",
    progress: Callable[[int], None] | None = None,
) -> VideoInfo:
    """Decodes the whole video.

    Args:
        path: the file.
        rotate: degrees clockwise by which its picture, as the file says to show it, must still be turned.
        on_truncated: `fail`: a picture that does not decode or an early end raise; `keep`: the readable part is
            described, with `truncated` set and a warning.
        progress: called with the number of frames so far, after each.

    Raises:
        VideoError: the file is not a video, no picture decodes, the picture size changes, or (`fail`) it is truncated.
        DataError: the file is being written to.
    """
    sha256, blocks = fingerprint(path)
    made_of = {"sha256": sha256, "blocks": blocks}
    with open_video(path, blocks) as (container, stream):
        scan = scan_video(path, container, stream, Damage(path, on_truncated), progress)
        if not scan.errors and len(scan.pts) == scan.packets:
            return _describe(path, made_of, (container, stream), scan, rotate, on_truncated)
    # With several decoder threads PyAV loses pictures beside one that fails: one thread tells what is readable.
    with open_video(path, blocks) as (container, stream):
        stream.thread_type = "NONE"
        scan = scan_video(path, container, stream, Damage(path, on_truncated), progress)
        return _describe(path, made_of, (container, stream), scan, rotate, on_truncated)


def _describe(
    path: Path,
    made_of: dict[str, Any],
    opened: tuple[InputContainer, VideoStream],
    scan: Scan,
    rotate: Degrees,
    on_truncated: OnTruncated,
) -> VideoInfo:
    container, stream = opened
    if scan.first is None:
        raise VideoError(f"{path}: {_NO_PICTURE}")
    warnings: list[str] = []
    times = times_of(stream, scan, warnings)
    if times["end_pts"] > MAX_PTS:
        raise VideoError(f"{path}: its times lie {times['end_pts']} ticks apart, beyond reason; convert it again")
    info = VideoInfo(
        **made_of,
        **times,
        **completeness_of(path, opened, scan, times, on_truncated, warnings),
        **shape_of(scan.first, stream, warnings),
        **colors_of(path, stream, scan, scan.first, warnings),
        **streams_of(container, stream),
        warnings=warnings,
        cuts=scan.cuts,
    ).turned(rotate)
    warnings += warnings_of_fields(info, scan)
    try:
        to_planes(scan.first, info)
    except (av.FFmpegError, ValueError, MemoryError) as error:
        remedy = "convert it, for example to H.264"
        raise blamed(path, error, f"pictures in {info.pix_fmt} cannot be used", remedy) from error
    return info
