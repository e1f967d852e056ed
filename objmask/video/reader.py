"""Reads frames one by one from any place of a video. They are exactly those of a decoding of the whole video."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from objmask.errors import VideoError
from objmask.video.info import VideoInfo
from objmask.video.planes import Array, Planes, to_planes, to_rgb, to_viewed_planes
from objmask.video.source import Damage, OnTruncated, decode, open_video, read_packets, use_threads
from objmask.video.timing import nominal_step, retime

Window = tuple[float | None, float | None]
_SEEK_TRIES = 4
_PROBE_AGAIN = "the file has changed: run probe again"


@dataclass(frozen=True)
class Frame:
    """A frame. Its picture is converted on request.

    Attributes:
        number: number of the frame, 0-based, in decode order of the source.
        pts: presentation timestamp in the source's time base.
        duration_pts: distance to the source's next frame; for the last frame its own duration.
        picture: the decoded picture, in stored orientation.
        info: facts about the video.
    """

    number: int
    pts: int
    duration_pts: int
    picture: av.VideoFrame
    info: VideoInfo

    def planes(self) -> Planes:
        """The upright picture in 8-bit 4:2:0, in the source's matrix and range. The caller may change the arrays.

        For 8-bit 4:2:0 sources these are exactly the decoder's values, with both fields of an interlaced picture.
        """
        return to_planes(self.picture, self.info)

    def viewed_planes(self) -> Planes:
        """Like `planes`, but converted to what a BT.709 screen shows, with the tags `viewed(info.colors)`."""
        return to_viewed_planes(self.picture, self.info)

    def rgb(self, enough: tuple[int, int] | None = None) -> Array:
        """The picture in RGB as a BT.709 screen shows it, with fields merged, uint8 (h, w, 3), of the caller.

        Args:
            enough: width and height. When conversion to BT.709 is slow, the picture may have this smaller size.
        """
        return to_rgb(self.picture, self.info, enough)


def read_frames(
    path: Path,
    info: VideoInfo,
    *,
    start: int = 0,
    stop: int | None = None,
    window: Window = (None, None),
    on_truncated: OnTruncated = "fail",
) -> Iterator[Frame]:
    """Yields frames in order, with a few in memory at a time. The file closes together with the iterator.

    Args:
        path: the file.
        info: the result of `probe` for the file.
        start: number of the first frame.
        stop: number after the last frame; None = to the end.
        window: seconds since the video's first frame, [from, to); frames outside are left out. None = open end.
        on_truncated: `keep` continues after pictures that do not decode, as `probe` did.

    Raises:
        VideoError: the file cannot be read, is damaged, or has other frames than `info` says.
        DataError: a byte differs from the file that was probed.
    """
    if info.truncated and on_truncated == "fail":
        raise VideoError(f"{path}: truncated or damaged; replace the file, or set on_truncated: keep")
    low, high = (None if seconds is None else _first_pts(info, seconds) for seconds in window)
    stop = info.frames if stop is None else min(stop, info.frames)
    # None behind the last frame: before a window there may be whole chunks, which hold nothing of it.
    keys = [k for k in info.keyframes if k[0] <= start or (k[0] < stop and low is not None and k[1] <= low)]
    if start >= stop:
        return
    with closing(_timed(path, info, _pictures(path, info, keys, on_truncated))) as frames:
        for frame in frames:
            if high is not None and frame.pts >= high:
                return
            if frame.number >= start and (low is None or frame.pts >= low):
                yield frame
            if frame.number + 1 == stop:
                return


def _first_pts(info: VideoInfo, seconds: float) -> int:
    """The smallest pts at or after `seconds`, which is taken as the decimal number that the user wrote."""
    return info.start_pts + math.ceil(Fraction(repr(float(seconds))) / info.time_base)


def _timed(path: Path, info: VideoInfo, pictures: Iterator[tuple[int, av.VideoFrame]]) -> Generator[Frame, None, None]:
    """Gives pictures their pts and duration; the numbers must agree with the keyframes of `info`."""
    step = nominal_step(info.rate, info.time_base)
    numbers = {pts: number for number, pts in info.keyframes}
    last: Frame | None = None
    number = -1
    try:
        timed = retime(((p.pts, (n, p)) for n, p in pictures), info.pts_rule, step, info.start_pts)
        for pts, (number, picture) in timed:
            if number >= info.frames:
                raise VideoError(f"{path}: has more than the {info.frames} frames it was probed with; {_PROBE_AGAIN}")
            if numbers.get(pts, number) != number:
                raise VideoError(f"{path}: frame {numbers[pts]} comes as number {number}; {_PROBE_AGAIN}")
            if last is not None:
                yield replace(last, duration_pts=pts - last.pts)
            last = Frame(number, pts, 0, picture, info)
    except ValueError as error:
        raise VideoError(f"{path}: {error}; {_PROBE_AGAIN}") from error
    if last is None or last.number + 1 != info.frames:
        raise VideoError(f"{path}: {number + 1} frames decode, {info.frames} did when it was probed; {_PROBE_AGAIN}")
    yield replace(last, duration_pts=info.end_pts - last.pts)


def _pictures(
    path: Path, info: VideoInfo, keys: list[tuple[int, int]], on_truncated: OnTruncated
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Numbered pictures from the last of `keys` (number, pts) that seeking finds, else from the start.

    A seek may land anywhere: it counts only when the first picture that comes out is a keyframe among `keys`.
    """
    numbers = {pts: number for number, pts in keys}
    for _, target in reversed(keys[1:][-_SEEK_TRIES:]):
        with open_video(path, info.blocks) as (container, stream):
            pictures = _decode(path, info, container, stream, on_truncated)
            try:
                container.seek(target - info.shift_pts, stream=stream)
                first = next(pictures, None)
            except (av.FFmpegError, OSError, VideoError):
                continue
            if first is not None and first.key_frame and first.pts in numbers:
                yield from enumerate(chain([first], pictures), numbers[first.pts])
                return
    with open_video(path, info.blocks) as (container, stream):
        yield from enumerate(_decode(path, info, container, stream, on_truncated))


def _decode(
    path: Path, info: VideoInfo, container: InputContainer, stream: VideoStream, on_truncated: OnTruncated
) -> Iterator[av.VideoFrame]:
    """Pictures with the times of `info`: shifted as `probe` said."""
    # As in probe: with several threads, pictures beside one that fails are lost.
    if info.intact:
        use_threads(stream)
    else:
        stream.thread_type = "NONE"
    damage = Damage(path, on_truncated)
    for picture in decode(stream, read_packets(container, [stream], damage), damage):
        if (picture.width, picture.height) != (info.stored_width, info.stored_height):
            raise VideoError(
                f"{path}: a picture is {picture.width}x{picture.height}, not "
                f"{info.stored_width}x{info.stored_height}; {_PROBE_AGAIN}"
            )
        if picture.pts is not None:
            picture.pts += info.shift_pts
        yield picture
