"""Copies a video's sound, packet by packet, beside the pictures that are written."""

from __future__ import annotations

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
from objmask.video.source import Damage, Packet, open_input, read_packets


class AudioCopy:
    """The default, else the first, audio stream of a file; nothing when it has none.

    Attributes:
        stream: of the source, None when it has none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.stream: AudioStream | None = None
        self._next: Packet | None = None

    def __enter__(self) -> AudioCopy:
        with ExitStack() as stack:
            container = stack.enter_context(open_input(self._path))
            streams = container.streams.audio
            self.stream = next((s for s in streams if s.disposition & Disposition.default), next(iter(streams), None))
            if self.stream is not None:
                self._packets: Iterator[Packet] = read_packets(container, [self.stream], Damage(self._path, "keep"))
                self._next = next(self._packets, None)
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
            raise VideoError(
                f"{self._path}: its audio ({self.stream.codec_context.name}) cannot be copied into MP4; set "
                "privacy.audio: drop, or convert the audio to AAC"
            ) from error

    def copy(self, output: OutputContainer, start_s: Fraction | None, end_s: Fraction | None) -> None:
        """Writes the packets that begin before `end_s` and have not been written; skips those over by `start_s`.

        Args:
            output: must have the stream, see `add_to`.
            start_s: seconds on the source's clock, None = from the very beginning.
            end_s: likewise, None = to the very end.
        """
        while self._next is not None:
            packet = self._next
            pts = packet.pts if packet.pts is not None else packet.dts or 0
            if end_s is not None and pts * packet.time_base >= end_s:
                return
            self._next = next(self._packets, None)
            if start_s is None or (pts + (packet.duration or 0)) * packet.time_base > start_s:
                packet.stream = self._target
                output.mux(packet)
