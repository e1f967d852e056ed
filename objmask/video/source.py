"""Opening a file, choosing its video stream and decoding it: what probing and reading have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from objmask.errors import VideoError

OnTruncated = Literal["fail", "keep"]
_REFERRING = frozenset({"concat", "dash", "hls", "image2", "imf", "sdp"})
"""Formats that read further files, which a fingerprint of this one says nothing about."""
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
            VideoError: damage is not to be kept.
        """
        if not self._keep:
            raise VideoError(
                f"{self._path}: truncated or damaged, a picture cannot be decoded ({reason(error)}); replace the file, "
                "or set on_truncated: keep"
            ) from error
        self.errors.append(reason(error))


def reason(error: Exception) -> str:
    """One line from an error of FFmpeg or the operating system, without its number and path."""
    return " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())


@contextmanager
def open_input(path: Path) -> Iterator[InputContainer]:
    """Opens a file for reading.

    Raises:
        VideoError: it cannot be opened.
    """
    try:
        # Tags in other encodings than UTF-8 are no reason not to read a video.
        container = av.open(str(path), "r", metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            f"{path}: cannot be opened as a video ({reason(error)}); replace the file or take it out of the input"
        ) from error
    with container:
        if _REFERRING & set(container.format.name.split(",")):
            raise VideoError(f"{path}: is a list of other files, not a video; take it out of the input")
        yield container


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Opens a file for reading and chooses its first video stream that is not an attached picture.

    Raises:
        VideoError: the file cannot be opened, or has no such stream that can be decoded.
    """
    with open_input(path) as container:
        real = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not real:
            raise VideoError(f"{path}: has no video stream; replace the file or take it out of the input")
        if real[0].codec_context is None:
            raise VideoError(f"{path}: there is no decoder for its video; convert it, for example to H.264")
        yield container, real[0]


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
