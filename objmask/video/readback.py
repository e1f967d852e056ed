"""Reads a video that was just written as a player would, before anybody else sees it.

Only packets are looked at, edit lists applied and discarded packets left out: what is shown, and when. So a container's
limit, a muxer's rounding and a file that lost its end are found, whatever the writing library said.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from objmask.errors import VideoError
from objmask.video.info import ColorTags, FieldOrder

_RANGES = {1: "tv", 2: "pc"}
_FIELD_ORDERS = {2: "tff", 3: "bff"}
"""As FFmpeg numbers them (AVFieldOrder)."""
_ONE_IN_MP4 = {"mp1", "mp2", "mp3"}
"""MP4 has one code for all three; their packets say which they are."""


@dataclass
class Asked:
    """What a video is to show.

    Attributes:
        codec: FFmpeg's name.
        width, height: px, as stored.
        colors: the tags.
        sample_aspect: width / height of a sample.
        time_base: seconds a pts unit.
        pts: of every frame, increasing.
        end_pts: of the last frame plus its duration.
        fields: which comes first, None = pictures are progressive.
    """

    codec: str
    width: int
    height: int
    colors: ColorTags
    sample_aspect: Fraction
    time_base: Fraction
    pts: array[int] = field(default_factory=lambda: array("q"))
    end_pts: int = 0
    fields: FieldOrder | None = None


@dataclass(frozen=True)
class AskedSound:
    """What is to be heard.

    Attributes:
        codec: FFmpeg's name.
        time_base: seconds a pts unit.
        pts: of every packet; players drop what lies before zero.
        slack: seconds by which a time may be off, besides a sample: MP4 counts sound in samples.
    """

    codec: str
    time_base: Fraction
    pts: Sequence[int]
    slack: Fraction


def check(path: Path, name: Path, asked: Asked, sound: AskedSound | None) -> None:
    """Holds a video file against what was asked for.

    Args:
        path: where it is now.
        name: what to call it in messages.
        asked: its pictures.
        sound: its sound, None = there is to be none.

    Raises:
        VideoError: they differ.
        av.FFmpegError: it cannot be read.
    """
    with av.open(str(path)) as container:
        fault = next(_faults(container, asked, sound), None)
    if fault is not None:
        raise VideoError(
            f"{name}: read back, {fault}, so it is not kept; is the disk full? Else convert the source, for example to "
            "H.264 in MP4"
        )


def _faults(container: InputContainer, asked: Asked, sound: AskedSound | None) -> Iterator[str]:
    """What is wrong, the first thing first: later ones are looked for only when asked for."""
    streams = container.streams
    wanted = 1 if sound is None else 2
    if not (len(streams.video) == 1 and len(streams.audio) == wanted - 1 and len(streams) == wanted):
        yield f"it has {len(streams.video)} video and {len(streams.audio)} audio streams"
        return
    yield from _wrong_looks(streams.video[0], asked)
    if sound is not None:
        codec = streams.audio[0].codec_context.codec.canonical_name
        if codec != sound.codec and not {codec, sound.codec} <= _ONE_IN_MP4:
            yield f"its sound is {codec} instead of {sound.codec}"
    times: tuple[array[int], array[int]] = (array("q"), array("q"))
    end = 0
    for packet in container.demux():
        if not packet.size or packet.is_discard:
            continue
        if packet.pts is None or packet.is_corrupt:
            yield "it breaks off"
            return
        is_sound = packet.stream.type == "audio"
        times[is_sound].append(packet.pts)
        if not is_sound:
            end = packet.pts + (packet.duration or 0)
    yield from _wrong_times(streams.video[0], times[0], end, asked)
    if sound is not None:
        yield from _wrong_sound(times[1], streams.audio[0].time_base or Fraction(1), sound)


def _wrong_looks(stream: VideoStream, asked: Asked) -> Iterator[str]:
    context = stream.codec_context
    tags = ColorTags(
        _RANGES.get(context.color_range, "tv"),  # type: ignore[arg-type]
        context.colorspace,
        context.color_primaries,
        context.color_trc,
    )
    aspect = stream.sample_aspect_ratio or Fraction(1)
    yield from (
        f"its {what} is {got} instead of {expected}"
        for what, got, expected in (
            ("codec", context.codec.canonical_name, asked.codec),
            ("size", (context.width, context.height), (asked.width, asked.height)),
            ("colour", tags, asked.colors),
            ("order of fields", _FIELD_ORDERS.get(context.field_order), asked.fields),
        )
        if got != expected
    )
    # H.264 has 16 bits for each side of it. What is less than a pixel cannot be seen.
    if abs(aspect / asked.sample_aspect - 1) * asked.width >= 1:
        yield f"its samples are {aspect} wide instead of {asked.sample_aspect}"


def _wrong_times(stream: VideoStream, times: array[int], end: int, asked: Asked) -> Iterator[str]:
    if len(times) != len(asked.pts):
        yield f"it shows {len(times)} frames instead of {len(asked.pts)}"
        return
    # Whole numbers instead of a million fractions.
    tick = stream.time_base or Fraction(1)
    ratio = asked.time_base / tick
    for number, (got, expected) in enumerate(zip(times, asked.pts, strict=True)):
        if got * ratio.denominator != expected * ratio.numerator:
            late = (got - expected * ratio) * tick
            yield f"it shows frame {number} {float(late):.9f} s late"
            return
    if end * ratio.denominator != asked.end_pts * ratio.numerator:
        yield "it shows the last frame for another time"


def _wrong_sound(times: array[int], tick: Fraction, sound: AskedSound) -> Iterator[str]:
    """Packets may be missing only before zero."""
    heard = sum(pts >= 0 for pts in sound.pts)
    if not heard <= len(times) <= len(sound.pts):
        yield f"it has {len(times)} pieces of sound instead of {heard}"
        return
    for got, expected in zip(reversed(times), reversed(sound.pts), strict=False):
        late = got * tick - expected * sound.time_base
        if abs(late) > max(tick, sound.slack):
            yield f"its sound is {float(late):.6f} s late"
            return
