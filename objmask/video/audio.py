"""Copies a video's sound, packet by packet, beside the pictures that are written."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition

from objmask.errors import VideoError
from objmask.video.blame import blamed
from objmask.video.info import VideoInfo
from objmask.video.readback import AskedSound
from objmask.video.source import Damage, Packet, open_input, read_packets


class AudioCopy:
    """The default, else the first, audio stream of a video; nothing when it has none.

    Args:
        path: of the video.
        info: of the video; the sound is shifted in time as its pictures are, to the nearest tick of its own.

    Attributes:
        stream: of the source, None when it has none.
    """

    def __init__(self, path: Path, info: VideoInfo) -> None:
        self._path, self._info = path, info
        self.stream: AudioStream | None = None
        self._written = array("q")
        self._step = 1
        self._next: Packet | None = None

    def __enter__(self) -> AudioCopy:
        with ExitStack() as stack:
            container = stack.enter_context(open_input(self._path, self._info.blocks))
            streams = container.streams.audio
            self.stream = next((s for s in streams if s.disposition & Disposition.default), next(iter(streams), None))
            if self.stream is not None:
                self._packets: Iterator[Packet] = read_packets(container, [self.stream], Damage(self._path, "keep"))
                self._next = self._following()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add_to(self, output: OutputContainer) -> None:
        """Declares the stream to `output`.

        Raises:
            VideoError: the output's format cannot hold the codec.
        """
        if self.stream is None:
            return
        try:
            self._target = output.add_stream_from_template(self.stream)
        except (av.FFmpegError, ValueError) as error:
            what = f"its audio ({self.stream.codec_context.name}) cannot be copied into MP4"
            remedy = "set privacy.audio: drop, or convert the audio to AAC"
            raise blamed(self._path, error, what, remedy) from error

    def copy(self, output: OutputContainer, start_s: Fraction | None, end_s: Fraction | None) -> None:
        """Writes the packets that begin before `end_s` and have not been written; skips those over by `start_s`.

        Args:
            output: must have the stream, see `add_to`.
            start_s: seconds on the source's clock, None = from the very beginning.
            end_s: likewise, None = to the very end.
        """
        while self._next is not None:
            packet = self._next
            pts = packet.pts or 0
            if end_s is not None and pts * packet.time_base >= end_s:
                return
            self._next = self._following()
            if self._next is not None and (self._next.pts or 0) > pts:
                self._step = (self._next.pts or 0) - pts
            # Players drop the last one when it seems to take no time.
            packet.duration = packet.duration or self._step
            if start_s is None or (pts + (packet.duration or 0)) * packet.time_base > start_s:
                self._written.append(pts)
                packet.stream = self._target
                self._mux(output, packet)

    def _mux(self, output: OutputContainer, packet: Packet) -> None:
        try:
            output.mux(packet)
        except av.ArgumentError as error:
            raise VideoError(
                f"{self._path}: its audio cannot be copied into MP4, for its times go back or lie too far apart; set "
                "privacy.audio: drop, or convert the audio"
            ) from error

    def asked(self, slack_s: Fraction) -> AskedSound | None:
        """What is to be heard of it, None = nothing.

        Args:
            slack_s: by how much a time may be off in the output.
        """
        if self.stream is None or self.stream.time_base is None:
            return None
        return AskedSound(self.stream.codec_context.codec.canonical_name, self.stream.time_base, self._written, slack_s)

    def _following(self) -> Packet | None:
        """The next packet, at its shifted time."""
        packet = next(self._packets, None)
        if packet is not None:
            shift = round(self._info.shift_pts * self._info.time_base / packet.time_base)
            packet.pts = (packet.pts if packet.pts is not None else packet.dts or 0) + shift
            packet.dts = packet.pts if packet.dts is None else packet.dts + shift
        return packet
