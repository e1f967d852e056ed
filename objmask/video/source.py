"""Opening a file, choosing its video stream and decoding it: what probing and reading have in common."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from objmask.errors import VideoError, is_machines
from objmask.video.blame import REPLACE, blamed, reason
from objmask.video.fingerprint import CheckedFile, regular_file

OnTruncated = Literal["fail", "keep"]
_DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "mpegtsraw", "mpeg", "mpegvideo", "m4v", "h264",
    "hevc", "flv", "asf", "asf_o", "ogg", "mxf", "gxf", "lxf", "dv", "mjpeg", "dhav", "wtv", "nsv", "nuv", "nut", "ivf",
    "rm", "gif", "yuv4mpegpipe",
)  # fmt: skip
"""FFmpeg's names of the formats that are read: each holds its pictures itself. Others read further files, of which a
fingerprint of this one says nothing, or are no videos."""
_OPTIONS = {"format_whitelist": ",".join(_DEMUXERS), "protocol_whitelist": "fd"}
"""Hold for whatever a format would open in its turn, too."""
MAX_SIDE_PX, MAX_PIXELS = 16384, 1 << 26
"""Of a picture: the longest side that can be written in H.264, and twice what 8K has. A few bytes can declare any size,
and every picture in the making takes memory for it."""
_THREADS, _THREADS_PIXELS = 16, 1 << 27
"""Of a decoder, each of which has a picture in the making: as many as fit, 16 for 4K and 4 for 8K."""
_LIMITS = {"max_pixels": str(MAX_PIXELS)}
Packet: TypeAlias = "av.Packet[Any]"


class Damage:
    """What went wrong while decoding: raised at once, or counted when the readable part is to be kept.

    Attributes:
        errors: reasons so far, one an error.
    """

    def __init__(self, path: Path, on_truncated: OnTruncated) -> None:
        self._path, self._keep = path, on_truncated == "keep"
        self.errors: list[str] = []

    def add(self, error: Exception) -> None:
        """Counts the error.

        Raises:
            VideoError: damage is not to be kept, or it is none: the machine failed, and what comes after may be whole.
        """
        if not self._keep or is_machines(error):
            what, remedy = "a picture cannot be decoded", "replace the file, or set on_truncated: keep"
            raise blamed(self._path, error, f"truncated or damaged, {what}", remedy, else_what=what) from error
        self.errors.append(reason(error))


@contextmanager
def open_input(path: Path, blocks: str | None = None) -> Iterator[InputContainer]:
    """Opens a file for reading. FFmpeg gets its bytes and no name, so it opens nothing else whatever they say.

    Args:
        path: the file.
        blocks: of its fingerprint: only such bytes are read; None = whatever is there.

    Raises:
        VideoError: it cannot be opened.
        DataError: what is read of it is not that of the fingerprint; at the end of the `with` at the latest.
    """
    with regular_file(path) as descriptor, ExitStack() as stack:
        checked = None if blocks is None else CheckedFile(path, descriptor, blocks)
        if checked is not None:
            stack.callback(checked.check)
        own = {"fd": str(descriptor)} if checked is None else {}
        try:
            # Tags in other encodings than UTF-8 are no reason not to read a video.
            container = av.open(
                checked or "fd:",
                "r",
                options=_LIMITS,
                container_options={**_OPTIONS, **own},
                metadata_errors="replace",
            )
        except av.ArgumentError as error:
            raise VideoError(
                f"{path}: cannot be opened as a video: damaged, or of a kind that objmask does not read (a picture, "
                "a list of other files); replace the file, convert it, for example to MP4, or take it out of the input"
            ) from error
        except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise blamed(path, error, "cannot be opened as a video", REPLACE) from error
        yield stack.enter_context(container)


@contextmanager
def open_video(path: Path, blocks: str | None = None) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Opens a file for reading and chooses its first video stream that is not an attached picture.

    Args:
        path: the file.
        blocks: as for `open_input`.

    Raises:
        VideoError: the file cannot be opened, or has no such stream that can be decoded.
        DataError: as for `open_input`.
    """
    with open_input(path, blocks) as container:
        real = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not real:
            raise VideoError(f"{path}: has no video stream; replace the file or take it out of the input")
        if real[0].codec_context is None:
            raise VideoError(f"{path}: there is no decoder for its video; convert it, for example to H.264")
        _refuse_huge(path, container, real[0])
        # A file's pictures may be larger than its header says.
        real[0].codec_context.options = _LIMITS
        yield container, real[0]


def _refuse_huge(path: Path, container: InputContainer, stream: VideoStream) -> None:
    width, height = stream.codec_context.width, stream.codec_context.height
    size = f"{width}x{height}" if width else "no size or of a very large one"
    # Where a header gives a size, FFmpeg has dropped one above the limit when it looked at the first pictures.
    dropped = not width and set(container.format.name.split(",")) & {"mov", "matroska", "avi"}
    if dropped or max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise VideoError(
            f"{path}: declares pictures of {size}; at most {MAX_SIDE_PX} px a side and {MAX_PIXELS / 1e6:.0f} million "
            "px are read; replace the file, scale the video down or take it out of the input"
        )


def use_threads(stream: VideoStream) -> None:
    """Lets a stream that nothing was decoded from decode several pictures at a time."""
    context = stream.codec_context
    pixels = max(1, context.width * context.height)
    stream.thread_type = "AUTO"
    context.thread_count = max(1, min(_THREADS, len(os.sched_getaffinity(0)), _THREADS_PIXELS // pixels))


def read_packets(container: InputContainer, streams: Iterable[Any], damage: Damage) -> Iterator[Packet]:
    """Non-empty packets of the streams, in file order; stops at the first that cannot be read."""
    try:
        for packet in container.demux(*streams):
            if packet.size:
                yield packet
    except (av.FFmpegError, OSError) as error:
        damage.add(error)


def decode(stream: VideoStream, packets: Iterable[Packet], damage: Damage) -> Iterator[av.VideoFrame]:
    """Pictures of the stream in the decoder's order of output; those that do not decode are left out.

    Raises:
        VideoError: one does not decode, and damage is not to be kept.
    """
    for packet in packets:
        # Flush packets claim to be of stream 0, so only the packet's stream object can be trusted.
        if packet.stream.index == stream.index:
            yield from _decode_one(stream, packet, damage)
    yield from _decode_one(stream, None, damage)


def _decode_one(stream: VideoStream, packet: Packet | None, damage: Damage) -> list[av.VideoFrame]:
    try:
        return stream.decode(packet)
    except (av.FFmpegError, OSError) as error:
        damage.add(error)
        return []
