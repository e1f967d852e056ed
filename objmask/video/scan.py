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
from objmask.video.source import Damage, Packet, decode, read_packets, use_threads


@dataclass
class Scan:
    """What one pass over the file collects."""

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


def scan_video(
    path: Path,
    container: InputContainer,
    stream: VideoStream,
    damage: Damage,
    progress: Callable[[int], None] | None,
) -> Scan:
    scan = Scan(errors=damage.errors)
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
        scan.pts.append(frame.pts)
        scan.corrupt += frame.is_corrupt
        scan.last_duration = frame.duration
        if progress is not None:
            progress(len(scan.pts))
    return scan


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
