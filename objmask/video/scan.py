"""One pass over a video that decodes every picture and remembers only numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from objmask.errors import VideoError
from objmask.video.color import looks_of, tags_of
from objmask.video.cuts import CutFinder, thumbnail
from objmask.video.info import ColorTags
from objmask.video.source import Damage, Packet, decode, read_packets, use_threads
from objmask.video.tone import kind_of


@dataclass
class Scan:
    """What one pass over the file collects.

    Attributes:
        first: the first picture.
        pts: of every picture, in the decoder's order.
        key_frames, key_packets: pts of keyframes, as decoder and container see them.
        last_duration: of the last picture, ticks.
        corrupt: pictures that the decoder patched up.
        packets: of the stream.
        file_end_s: end of the longest stream.
        errors: one a picture that does not decode.
        first_interlaced: the first picture that is marked so.
        interlaced: how many are.
        first_tags, first_looks: how the first picture is read.
        changes: what changes in mid-stream, and at which frame, from what, to what first.
        mixed: pictures of high dynamic range or wide gamut, and others.
        cuts: numbers of the pictures that begin another scene.
    """

    first: av.VideoFrame | None = None
    pts: list[int | None] = field(default_factory=list)
    key_frames: set[int] = field(default_factory=set)
    key_packets: set[int] = field(default_factory=set)
    last_duration: int = 0
    corrupt: int = 0
    packets: int = 0
    discarded: int = 0
    breaks_off: bool = False
    file_end_s: Fraction = Fraction(0)
    errors: list[str] = field(default_factory=list)
    first_interlaced: av.VideoFrame | None = None
    interlaced: int = 0
    first_tags: ColorTags | None = None
    first_looks: dict[str, str] = field(default_factory=dict)
    changes: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    mixed: bool = False
    cuts: list[int] = field(default_factory=list)


def scan_video(
    path: Path,
    container: InputContainer,
    stream: VideoStream,
    damage: Damage,
    progress: Callable[[int], None] | None,
) -> Scan:
    scan, finder = Scan(errors=damage.errors), CutFinder()
    if stream.thread_type.name != "NONE":
        use_threads(stream)
    timed = [s for s in container.streams if s.type in ("video", "audio")]
    for frame in decode(stream, _observed(read_packets(container, timed, damage), stream, scan), damage):
        scan.first = scan.first or frame
        if (frame.width, frame.height) != (scan.first.width, scan.first.height):
            raise VideoError(
                f"{path}: the picture size changes from {scan.first.width}x{scan.first.height} to "
                f"{frame.width}x{frame.height} at frame {len(scan.pts)}; convert the video to one size"
            )
        if frame.key_frame and frame.pts is not None:
            scan.key_frames.add(frame.pts)
        _note_looks(scan, frame, stream.codec_context.sample_aspect_ratio)
        if frame.interlaced_frame:
            scan.first_interlaced = scan.first_interlaced or frame
            scan.interlaced += 1
        scan.pts.append(frame.pts)
        scan.corrupt += frame.is_corrupt
        scan.last_duration = frame.duration
        finder.see(thumbnail(frame), frame.time)
        if progress is not None:
            progress(len(scan.pts))
    scan.cuts = finder.end()
    return scan


def _note_looks(scan: Scan, frame: av.VideoFrame, aspect: Fraction | None) -> None:
    """Notes what is other than in the first picture, and where that begins."""
    first = scan.first_tags = scan.first_tags or tags_of(frame)
    scan.mixed = scan.mixed or kind_of(tags_of(frame, first)) != kind_of(first)
    looks = {**looks_of(frame, first), "shape of a pixel": str(aspect or 1)}
    scan.first_looks = scan.first_looks or looks
    for name, before in scan.first_looks.items():
        if looks[name] != before:
            scan.changes.setdefault(name, (len(scan.pts), before, looks[name]))


def _observed(packets: Iterator[Packet], stream: VideoStream, scan: Scan) -> Iterator[Packet]:
    """Passes packets on, noting what `scan` wants to know of them."""
    for packet in packets:
        if packet.pts is not None and packet.time_base:
            scan.file_end_s = max(scan.file_end_s, (packet.pts + (packet.duration or 0)) * packet.time_base)
        # Of a packet that the file ends in, FFmpeg hands out what is there, and marks it.
        scan.breaks_off = packet.is_corrupt
        if packet.stream.index == stream.index and packet.is_discard:
            scan.discarded += 1
        elif packet.stream.index == stream.index:
            scan.packets += 1
            if packet.is_keyframe and packet.pts is not None:
                scan.key_packets.add(packet.pts)
        yield packet
