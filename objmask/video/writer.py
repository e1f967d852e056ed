"""Writes a video with the times, colours and shape of its source, and with nothing else of it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, cast

import av
from av.bitstream import BitStreamFilterContext
from av.codec.context import Flags
from av.video.stream import VideoStream

from objmask.errors import VideoError
from objmask.files.whole import atomic_path
from objmask.video.audio import AudioCopy
from objmask.video.blame import unwritable
from objmask.video.fields import Marker
from objmask.video.info import ColorTags, FieldOrder, VideoInfo
from objmask.video.planes import Array, Planes, from_planes, from_rgb
from objmask.video.readback import Asked, check

Codec = Literal["h264", "ffv1"]

_ENCODERS = {"h264": "libx264", "ffv1": "ffv1"}
_PIX_FMTS = {"h264": "yuv420p", "ffv1": "bgr0"}
_RANGES = {"tv": 1, "pc": 2}
_LOSSLESS_COLORS = ColorTags("pc", 0, 1, 13)
"""RGB samples need no matrix; AVColorSpace 0 says so, transfer 13 is sRGB."""
_THREADS = 4
"""Fixed, because the number of encoder threads changes the bytes that come out."""
_MAX_TIMESCALE = 2**31 - 1
_MAX_DURATION_PTS = 2**31 - 2
"""MP4 has 32 bits for how long a frame lasts, and FFmpeg uses 31 of them."""
_WITHOUT_SEI = "filter_units=remove_types=6"
"""Drops what x264 says about itself."""


class VideoWriter:
    """A context manager; the MP4 file appears when it ends well, and nothing is left when it does not.

    The file holds the pictures that are written, at exactly their times, in the source's colour tags and sample aspect
    ratio, and with `audio_from` one audio stream; no metadata, chapters, rotation or further streams of the source.

    Args:
        path: of the MP4 file.
        info: of the source: shown size, time base, rate, colours. Odd sizes grow by one repeated row or column.
        codec: `h264` for playing, `ffv1` for RGB without loss (`write_rgb` only).
        quality: x264's crf, 0 (lossless) to 51 (worst).
        preset: of x264, `ultrafast` to `placebo`.
        audio_from: the file whose default audio stream is copied untouched for as long as the written frames last, and
            before and after them when they begin or end the source.
        colors: tags to write (and to convert RGB by) instead of the source's.
        fields: write pictures as interlaced, in this order of fields; their height then grows to a multiple of four.
        threads: of the encoder. With more than one, x264 was seen to vary a clip's bytes on a busy machine.

    Raises:
        VideoError: the file cannot be opened or written, MP4 cannot hold the audio, or what was written and read back
            is not what was asked for.
    """

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        *,
        codec: Codec = "h264",
        quality: int = 20,
        preset: str = "veryfast",
        audio_from: Path | None = None,
        colors: ColorTags | None = None,
        fields: FieldOrder | None = None,
        threads: int = _THREADS,
    ) -> None:
        self._path, self._info, self._codec = path, info, codec
        self._options = {"crf": str(quality), "preset": preset} if codec == "h264" else {"level": "3", "g": "1"}
        self._audio_from, self._threads = audio_from, threads
        self._colors = _LOSSLESS_COLORS if codec == "ffv1" else colors or info.colors
        self._fields, self._marker = fields, Marker(fields) if fields else None
        even, lines = (2, self._lines) if codec == "h264" else (1, 1)
        width, height = -(-info.width // even) * even, -(-info.height // lines) * lines
        self._asked = Asked(codec, width, height, self._colors, info.sample_aspect, info.time_base, fields=fields)

    def __enter__(self) -> VideoWriter:
        with self._reported(), ExitStack() as stack:
            self._temporary = temporary = stack.enter_context(atomic_path(self._path))
            self._audio = stack.enter_context(AudioCopy(self._audio_from, self._info)) if self._audio_from else None
            self._container = av.open(str(temporary), "w", format="mp4", container_options=self._container_options())
            stack.push(self._close)
            self._stream = self._add_video()
            self._clean = BitStreamFilterContext(_WITHOUT_SEI, self._stream) if self._codec == "h264" else None
            if self._audio is not None:
                self._audio.add_to(self._container)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._reported():
            self._stack.__exit__(kind, error, trace)

    def write(self, planes: Planes, pts: int, duration_pts: int) -> None:
        """Appends a picture of the source's shown size, in the writer's range and matrix.

        Args:
            planes: the picture; its samples reach the encoder unchanged.
            pts: in the source's time base, larger than the last.
            duration_pts: until the next picture of the source.

        Raises:
            VideoError: writing fails.
            ValueError: the picture has another size, the time is not later, or the codec is `ffv1`.
        """
        if self._codec == "ffv1":
            raise ValueError("a lossless RGB file takes RGB pictures: use write_rgb")
        self._encode(planes.y.shape, lambda: from_planes(planes, self._lines), pts, duration_pts)

    def write_rgb(self, rgb: Array, pts: int, duration_pts: int) -> None:
        """Appends an RGB picture, uint8 (height, width, 3); otherwise as `write`."""
        self._encode(rgb.shape[:2], lambda: from_rgb(rgb, _PIX_FMTS[self._codec], self._colors), pts, duration_pts)

    def _encode(
        self, shape: tuple[int, ...], picture: Callable[[], av.VideoFrame], pts: int, duration_pts: int
    ) -> None:
        if shape != (self._info.height, self._info.width):
            raise ValueError(f"expected a picture of {(self._info.height, self._info.width)}, got {shape}")
        times = self._asked.pts
        if times and pts <= times[-1]:
            raise ValueError(f"pts {pts} is not after {times[-1]}")
        if duration_pts > _MAX_DURATION_PTS:
            raise VideoError(
                f"{self._path}: the frame at {float(pts * self._info.time_base):.3f} s lasts "
                f"{float(duration_pts * self._info.time_base):.3f} s, longer than MP4 can hold in ticks of "
                f"{self._info.time_base} s; end the window before it, or convert the source to coarser ticks"
            )
        times.append(pts)
        self._asked.end_pts = pts + duration_pts
        frame = picture() if self._marker is None else self._marker.mark(picture())
        frame.pts, frame.duration, frame.time_base = pts, duration_pts, self._info.time_base
        with self._reported():
            self._mux(self._stream.encode(frame))
            self._copy_audio(until_pts=pts)

    @property
    def _lines(self) -> int:
        """What the height is a multiple of: chroma has half the lines, and a field half of those."""
        return 4 if self._fields else 2

    def _mux(self, packets: Iterable[av.Packet[Any]]) -> None:
        for packet in packets:
            for clean in [packet] if self._clean is None else self._clean.filter(packet):
                clean.stream = self._stream
                self._container.mux(clean)

    def _copy_audio(self, until_pts: int | None) -> None:
        """Copies the audio before `until_pts`, None = to the source's end; all of it from the source's start on."""
        if self._audio is not None:
            tick, first_pts = self._info.time_base, self._asked.pts[0]
            start = None if first_pts <= self._info.start_pts else first_pts * tick
            self._audio.copy(self._container, start, None if until_pts is None else until_pts * tick)

    def _close(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finishes the file, or after an error just lets go of it."""
        try:
            if kind is None:
                self._finish()
        finally:
            # Closed already unless something failed, and then that is what the user should hear of.
            with suppress(av.FFmpegError, OSError, ValueError):
                self._container.close()

    def _finish(self) -> None:
        if not self._asked.pts:
            raise VideoError(f"{self._path}: there is no frame to write; widen the window")
        self._mux(self._stream.encode(None))
        end_pts = self._asked.end_pts
        self._copy_audio(until_pts=None if end_pts >= self._info.end_pts else end_pts)
        sound = None if self._audio is None else self._audio.asked(Fraction(1, self._movie_timescale()))
        self._container.close()
        with self._temporary.open("rb") as file:
            os.fsync(file.fileno())  # network drives say only now that they are full
        check(self._temporary, self._path, self._asked, sound)

    def _add_video(self) -> VideoStream:
        info, asked = self._info, self._asked
        # Without B-frames, decoding times equal presentation times, so that no time has to be shifted.
        options = {**self._options, "bf": "0"}
        stream = cast(VideoStream, self._container.add_stream(_ENCODERS[self._codec], info.rate, options))
        context = stream.codec_context
        stream.width, stream.height = asked.width, asked.height
        stream.pix_fmt = _PIX_FMTS[self._codec]
        stream.time_base = context.time_base = info.time_base
        context.sample_aspect_ratio = asked.sample_aspect
        context.color_range, context.colorspace = _RANGES[self._colors.range], self._colors.matrix
        context.color_primaries, context.color_trc = self._colors.primaries, self._colors.transfer
        context.flags |= Flags.frame_duration
        if self._fields:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        context.thread_count = self._threads
        context.open()
        return stream

    def _container_options(self) -> dict[str, str]:
        return {
            "video_track_timescale": str(self._info.time_base.denominator),
            "movie_timescale": str(self._movie_timescale()),
            "movflags": "+faststart",
            "fflags": "+bitexact",  # no name and version of the writing library
        }

    def _movie_timescale(self) -> int:
        """The unit of the start time of streams: with the default of 1/1000 s a first timestamp would be rounded."""
        video = self._info.time_base.denominator
        audio = self._audio.stream if self._audio is not None else None
        movie = math.lcm(video, audio.sample_rate or 1) if audio is not None else video
        return movie if movie <= _MAX_TIMESCALE else video

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Turns what FFmpeg and the operating system raise into one line."""
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            raise unwritable(self._path, error) from error
