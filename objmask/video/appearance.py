"""What a file says of how its pictures are to be shown, and of its other streams."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from objmask.video.color import check_colors, declared_range, tags_of
from objmask.video.fields import field_order_of
from objmask.video.info import BT709_TV, VideoInfo
from objmask.video.scan import Scan
from objmask.video.tone import is_hdr, needs_mapping

_MOST_ASPECT = 16
"""Of a sample: more than any camera or disc has. A header can declare any, and pictures are scaled by it."""
_TRANSFERS = {16: "PQ", 18: "HLG"}


def shape_of(first: av.VideoFrame, stream: VideoStream, warnings: list[str]) -> dict[str, Any]:
    """The fields of `VideoInfo` on size, orientation and samples; adds to `warnings`."""
    rotation, mirrored = _orientation(first, warnings)
    turned = rotation in (90, 270)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if not 1 <= max(aspect, 1 / aspect) <= _MOST_ASPECT:
        warnings.append(f"the file says that its pixels are {aspect} times as wide as high; read as square")
        aspect = Fraction(1)
    return {
        "pix_fmt": first.format.name,
        "bits": first.format.components[0].bits,
        "stored_width": first.width,
        "stored_height": first.height,
        "width": first.height if turned else first.width,
        "height": first.width if turned else first.height,
        "rotation": rotation,
        "rotate": 0,
        "mirrored": mirrored,
        "sample_aspect": 1 / aspect if turned else aspect,
    }


def colors_of(path: Path, stream: VideoStream, scan: Scan, first: av.VideoFrame, warnings: list[str]) -> dict[str, Any]:
    """The fields of `VideoInfo` on colour and fields; adds to `warnings`.

    Raises:
        VideoError: the colours cannot be read.
    """
    check_colors(path, first, stream.codec_context.codec_tag, warnings)
    tags = tags_of(first)
    for name, (number, before, after) in scan.changes.items():
        warnings.append(f"the {name} changes from {before} to {after} at frame {number}; all is written as it begins")
    if scan.mixed:
        tags = BT709_TV
        warnings.append("part of it is of another dynamic range or gamut than the rest; all outputs are BT.709")
    elif needs_mapping(tags):
        kind = f"high dynamic range ({_TRANSFERS[tags.transfer]})" if is_hdr(tags) else "wide gamut"
        warnings.append(
            f"{kind}: networks and pictures for looking at get it as BT.709; protected video stays so, in 8 bits"
        )
    return {
        "color_range": tags.range,
        "colorspace": tags.matrix,
        "primaries": tags.primaries,
        "transfer": tags.transfer,
        "declared_color_range": declared_range(first),
        "declared_colorspace": first.colorspace,
        "field_order": None if scan.first_interlaced is None else field_order_of(scan.first_interlaced),
    }


def streams_of(container: InputContainer, chosen: VideoStream) -> dict[str, Any]:
    """The fields of `VideoInfo` on the file and its streams."""
    return {
        "container": container.format.name,
        "stream": chosen.index,
        "codec": chosen.codec_context.codec.canonical_name,
        "audio": _audio(container),
        "other_streams": _other_streams(container, chosen),
    }


def _orientation(frame: av.VideoFrame, warnings: list[str]) -> tuple[int, bool]:
    """Clockwise rotation (degrees) and then left-right flip for showing, from the frame's display matrix."""
    try:
        data = frame.side_data["DISPLAYMATRIX"]  # type: ignore[typeddict-item]
    except KeyError:
        return 0, False
    a, b, _, c, d = (int(x) for x in np.frombuffer(bytes(data), np.int32)[:5])
    mirrored = a * d - b * c < 0
    if mirrored:
        # Row vectors: undoing the flip that comes last negates the x of every result, the first column.
        a = -a
        warnings.append("the file says that its picture is to be shown mirrored; it is read and written so")
    degrees = math.degrees(math.atan2(b, a))
    rotation = round(degrees / 90) * 90 % 360
    if abs(degrees - round(degrees / 90) * 90) > 1:
        warnings.append(f"the file says to turn its picture by {degrees:.0f} degrees; turned by {rotation}")
    return rotation, mirrored


def warnings_of_fields(info: VideoInfo, scan: Scan) -> list[str]:
    """What to know of an interlaced video."""
    if info.field_order is None:
        return []
    share = "" if scan.interlaced == len(scan.pts) else f" in {scan.interlaced} of {len(scan.pts)} frames"
    first = "top" if info.field_order == "tff" else "bottom"
    outputs = "all outputs too, as it is turned" if info.rotation else "protected video and overlay keep the fields"
    return [f"interlaced{share}, {first} field first: networks see both fields merged; {outputs}"]


def _audio(container: InputContainer) -> list[dict[str, Any]]:
    return [
        {
            "stream": stream.index,
            "codec": stream.codec_context.codec.canonical_name if stream.codec_context else None,
            "sample_rate": stream.codec_context.sample_rate if stream.codec_context else None,
            "channels": stream.codec_context.channels if stream.codec_context else None,
            "default": bool(stream.disposition & Disposition.default),
        }
        for stream in container.streams.audio
    ]


def _other_streams(container: InputContainer, chosen: VideoStream) -> list[str]:
    return [
        "attached picture" if stream.disposition & Disposition.attached_pic else stream.type
        for stream in container.streams
        if stream.index != chosen.index and stream.type != "audio"
    ]
