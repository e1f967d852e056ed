"""Which tags a decoded picture is to be read by."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from pathlib import Path

import av
from av.video.reformatter import ColorPrimaries, ColorTrc

from objmask.errors import VideoError
from objmask.video.info import ColorRange, ColorTags, matrix_for
from objmask.video.tone import BT2020, is_hdr

SUPPORTED_MATRICES = frozenset({1, 4, 5, 6, 7, 9})
"""AVColorSpace numbers that conversion to and from RGB knows."""
_UNSAID = frozenset({0, 2, 3})
"""Reserved or unknown; as a matrix, 0 says that the picture is RGB."""
_NEAR_MATRICES = {10: "BT.2020 with constant luminance", 12: "derived from primaries", 13: "derived from primaries"}
"""What a matrix of the same primaries shows with colours that are a little off."""
_OTHER_MATRICES = {8: "YCgCo", 11: "Y'D'zD'x", 14: "ICtCp", 15: "IPT-C2", 16: "YCgCo-Re", 17: "YCgCo-Ro"}
_OTHER_TRANSFERS = {8: "linear light", 9: "logarithmic", 10: "logarithmic", 17: "SMPTE 428 (cinema)"}
_RANGES = {"tv": "narrow", "pc": "full"}
_MATRICES = {1: "BT.709", 4: "FCC", 5: "BT.601", 6: "BT.601", 7: "SMPTE 240M", 9: "BT.2020"}
_DOLBY_VISION = frozenset({"dvh1", "dvhe", "dav1"})
"""Four letters of streams that only a Dolby Vision player shows rightly, unless they are tagged as PQ or HLG, too."""
_DEEP = 10
"""Bits from which a picture whose file says nothing of its transfer may well be of high dynamic range."""


def is_rgb(frame: av.VideoFrame) -> bool:
    """Whether the samples, or the palette that they point into, are RGB."""
    return frame.format.is_rgb or frame.format.has_palette


def declared_range(frame: av.VideoFrame) -> ColorRange | None:
    """Of the picture's samples, None when it does not say."""
    ranges: dict[int, ColorRange] = {1: "tv", 2: "pc"}
    # FFmpeg's decoder goes on with a format of full range when the stream has become one of narrow range.
    return ranges.get(frame.color_range, "pc" if frame.format.name.startswith("yuvj") else None)


def tags_of(frame: av.VideoFrame, otherwise: ColorTags | None = None) -> ColorTags:
    """How a picture is to be read; an RGB picture, as the planes that are made of it.

    Args:
        frame: as decoded.
        otherwise: what holds where the picture does not say. None: as players do, narrow range and, from 720 lines up,
            BT.709, else BT.601; BT.2020 for high dynamic range or BT.2020's primaries.
    """
    primaries, transfer = frame.color_primaries, frame.color_trc
    if otherwise is not None:
        primaries = otherwise.primaries if primaries in _UNSAID else primaries
        transfer = otherwise.transfer if transfer in _UNSAID else transfer
    # RGB pictures are of full range, but become planes of the range that players expect.
    found = None if is_rgb(frame) else declared_range(frame)
    tags = ColorTags(found or (otherwise.range if otherwise else "tv"), frame.colorspace, primaries, transfer)
    if frame.colorspace in SUPPORTED_MATRICES:
        return tags
    if otherwise is not None and frame.colorspace in _UNSAID:
        return replace(tags, matrix=otherwise.matrix)
    return replace(tags, matrix=BT2020 if is_hdr(tags) or primaries == BT2020 else matrix_for(frame.height))


def looks_of(frame: av.VideoFrame, first: ColorTags) -> dict[str, str]:
    """What decides how a picture is read, in words; `first`: of the video's first picture."""
    tags = tags_of(frame, first)
    return {
        "pixel format": frame.format.name,
        "colour range": _RANGES[tags.range],
        "colour matrix": _OTHER_MATRICES.get(frame.colorspace, _MATRICES[tags.matrix]),
        "primaries": _name(ColorPrimaries, tags.primaries),
        "transfer": _name(ColorTrc, tags.transfer),
    }


def _name(known: type[IntEnum], number: int) -> str:
    return known(number).name if number in known.__members__.values() else str(number)


def check_colors(path: Path, frame: av.VideoFrame, codec_tag: str, warnings: list[str]) -> None:
    """Adds to `warnings` what of a picture's colours has to be guessed.

    Raises:
        VideoError: its colours would be quite other ones.
    """
    matrix, transfer = frame.colorspace, frame.color_trc
    if matrix not in SUPPORTED_MATRICES | _UNSAID and matrix not in _NEAR_MATRICES:
        name = _OTHER_MATRICES.get(matrix, f"number {matrix}")
        raise VideoError(f"{path}: its colours are encoded as {name}, which cannot be read; convert it to BT.709")
    if codec_tag in _DOLBY_VISION and transfer in _UNSAID:
        raise VideoError(
            f"{path}: Dolby Vision without a picture for other players cannot be read; convert it to BT.709"
        )
    if matrix in _NEAR_MATRICES:
        used = tags_of(frame).matrix
        warnings.append(f"colour matrix {_NEAR_MATRICES[matrix]} is read as {used}: colours may be a little off")
    if transfer in _OTHER_TRANSFERS:
        warnings.append(f"transfer {_OTHER_TRANSFERS[transfer]} is not converted: pictures may look too dark or light")
    if any(component.is_alpha for component in frame.format.components):
        warnings.append("its transparency is left out: what lies under it is seen and shown")
    bits, colours = frame.format.components[0].bits, len(frame.format.components) > 2 and not is_rgb(frame)
    if transfer in _UNSAID and bits >= _DEEP and colours:
        warnings.append(
            f"{bits} bits and no word on the transfer: taken for standard dynamic range; "
            "if its pictures look grey and flat, convert it to BT.709"
        )
