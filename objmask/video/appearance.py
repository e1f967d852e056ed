"""What a file says of how its pictures are to be shown, and of its other streams."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from objmask.video.info import ColorRange, matrix_for
from objmask.video.planes import SUPPORTED_MATRICES, is_rgb

_UNTAGGED_MATRICES = frozenset({0, 2, 3})


def shape_of(first: av.VideoFrame, stream: VideoStream, warnings: list[str]) -> dict[str, Any]:
    """The fields of `VideoInfo` on size, orientation and samples; adds to `warnings`."""
    rotation, mirrored = _orientation(first, warnings)
    turned = rotation in (90, 270)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return {
        "pix_fmt": first.format.name,
        "bits": first.format.components[0].bits,
        "stored_width": first.width,
        "stored_height": first.height,
        "width": first.height if turned else first.width,
        "height": first.width if turned else first.height,
        "rotation": rotation,
        "mirrored": mirrored,
        "sample_aspect": 1 / aspect if turned else aspect,
    }


def colors_of(first: av.VideoFrame, warnings: list[str]) -> dict[str, Any]:
    """The fields of `VideoInfo` on colour; adds to `warnings`."""
    declared = _declared_range(first)
    return {
        # RGB pictures are of full range, but become planes of the range that players expect.
        "color_range": "pc" if declared == "pc" and not is_rgb(first) else "tv",
        "colorspace": _matrix(first, warnings),
        "primaries": first.color_primaries,
        "transfer": first.color_trc,
        "declared_color_range": declared,
        "declared_colorspace": first.colorspace,
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


def _matrix(frame: av.VideoFrame, warnings: list[str]) -> int:
    if frame.colorspace in SUPPORTED_MATRICES:
        return frame.colorspace
    used = matrix_for(frame.height)
    if frame.colorspace not in _UNTAGGED_MATRICES:
        warnings.append(f"colour matrix {frame.colorspace} is not supported; read as {used}, colours may be off")
    return used


def _declared_range(frame: av.VideoFrame) -> ColorRange | None:
    if frame.format.name.startswith("yuvj"):
        return "pc"
    ranges: dict[int, ColorRange] = {1: "tv", 2: "pc"}
    return ranges.get(frame.color_range)


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
