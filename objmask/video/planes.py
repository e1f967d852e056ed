"""Pictures as arrays: decoded frames to upright 4:2:0 planes or RGB, and back for an encoder."""

from __future__ import annotations

from dataclasses import dataclass

import av
import cv2
import numpy as np
import numpy.typing as npt

from objmask.video.color import is_rgb, tags_of
from objmask.video.fields import merged
from objmask.video.info import ColorTags, VideoInfo
from objmask.video.tone import kind_of, needs_mapping, to_standard, viewed

Array = npt.NDArray[np.uint8]

_EXACT_FORMATS = frozenset({"yuv420p", "yuvj420p"})
_GREY = {
    **{f"gray{bits}be": f"gray{bits}le" for bits in (9, 10, 12, 14, 16)},
    **{"ya8": "gray", "ya16le": "gray16le", "ya16be": "gray16le"},
}
"""What grey formats become, by moving bytes, before they are looked at."""
_BT601_IN_SWSCALE = 5
_WHITE_IN_SWSCALE = 65279
"""What FFmpeg's scaler makes of white when it turns YUV into 16-bit RGB: 255/256 of the range."""
_RANGES = {"tv": 1, "pc": 2}


@dataclass(frozen=True)
class Planes:
    """A picture in 8-bit 4:2:0, as shown.

    Attributes:
        y: (h, w) uint8 luma.
        u, v: ((h + 1) // 2, (w + 1) // 2) uint8 chroma.

    Raises:
        ValueError: a shape or dtype is not as above.
    """

    y: Array
    u: Array
    v: Array

    def __post_init__(self) -> None:
        h, w = self.y.shape
        chroma = ((h + 1) // 2, (w + 1) // 2)
        for name, plane, shape in (("y", self.y, (h, w)), ("u", self.u, chroma), ("v", self.v, chroma)):
            if plane.shape != shape or plane.dtype != np.uint8:
                raise ValueError(f"{name}: expected uint8 {shape}, got {plane.dtype} {plane.shape}")


def to_planes(frame: av.VideoFrame, info: VideoInfo) -> Planes:
    """Upright planes in the video's range, matrix and transfer; exactly the decoder's values when it is 8-bit 4:2:0.

    Planes of an interlaced picture hold its two fields, unless it is turned.
    """
    tags = tags_of(frame, info.colors)
    if kind_of(tags) != kind_of(info.colors):
        return rgb_to_planes(to_rgb(frame, info), info.colors)
    frame = _with_chroma(frame)
    to = _swscale_tags(info.colors)
    source = (to[0], _RANGES["pc"]) if is_rgb(frame) else _swscale_tags(tags)
    if frame.format.name not in _EXACT_FORMATS or source != to:
        frame = _converted(frame, "yuv420p", source, to)
    planes = [_view(frame, i) for i in range(3)]
    if info.rotation and frame.interlaced_frame:
        planes = [merged(plane) for plane in planes]
    return Planes(*(_upright(plane, info) for plane in planes))


def to_viewed_planes(frame: av.VideoFrame, info: VideoInfo) -> Planes:
    """As `to_planes`, but what a BT.709 screen would show wrongly as BT.709: in the tags `viewed(info.colors)`."""
    if needs_mapping(info.colors):
        return rgb_to_planes(to_rgb(frame, info), viewed(info.colors))
    return to_planes(frame, info)


def to_rgb(frame: av.VideoFrame, info: VideoInfo, enough: tuple[int, int] | None = None) -> Array:
    """Upright RGB, uint8 (h, w, 3), as a BT.709 screen shows it: by the picture's tags, toned down, fields merged.

    Args:
        frame: as decoded.
        info: of the video.
        enough: width and height, upright; a picture that is slow to map to BT.709 may be scaled down to it before.
    """
    turned = enough[::-1] if enough and info.rotation in (90, 270) else enough
    return _upright(as_seen(frame, tags_of(frame, info.colors), turned), info)


def as_seen(frame: av.VideoFrame, tags: ColorTags, enough: tuple[int, int] | None = None) -> Array:
    """As `to_rgb`, in the stored orientation.

    Args:
        frame: as decoded.
        tags: how it is to be read.
        enough: as for `to_rgb`, stored.
    """
    source = (_swscale_tags(tags)[0], _RANGES["pc"]) if is_rgb(frame) else _swscale_tags(tags)
    full = (source[0], _RANGES["pc"])
    if not needs_mapping(tags):
        rgb = _view(_converted(_with_chroma(frame), "rgb24", source, full), 0, samples=3)
        return merged(rgb) if frame.interlaced_frame else rgb
    deep = _view(_converted(_with_chroma(frame), "rgb48le", source, full), 0, samples=6).view("<u2")
    deep = merged(deep) if frame.interlaced_frame else deep
    if enough and enough[0] <= frame.width and enough[1] <= frame.height:
        deep = cv2.resize(deep, enough, interpolation=cv2.INTER_AREA).astype(np.uint16, copy=False)
    return to_standard(deep, tags, 65535 if is_rgb(frame) else _WHITE_IN_SWSCALE)


def rgb_to_planes(rgb: Array, colors: ColorTags) -> Planes:
    """4:2:0 planes of RGB, uint8 (h, w, 3), in the range and matrix of `colors`."""
    h, w = rgb.shape[:2]
    frame = from_rgb(rgb, "yuv420p", colors)
    return Planes(
        _view(frame, 0)[:h, :w].copy(), *(_view(frame, i)[: (h + 1) // 2, : (w + 1) // 2].copy() for i in (1, 2))
    )


def _converted(frame: av.VideoFrame, pix_fmt: str, source: tuple[int, int], target: tuple[int, int]) -> av.VideoFrame:
    """In another format, by matrix and range in swscale's numbers; each field by itself when it is interlaced."""
    return _relabelled(frame, source[1]).reformat(
        format=pix_fmt,
        src_colorspace=source[0],
        src_color_range=source[1],
        dst_colorspace=target[0],
        dst_color_range=target[1],
    )


def _relabelled(frame: av.VideoFrame, color_range: int) -> av.VideoFrame:
    """The same samples in a format that does not claim full range when they are of narrow range."""
    if not frame.format.name.startswith("yuvj") or color_range == _RANGES["pc"]:
        return frame
    plain = av.VideoFrame(frame.width, frame.height, frame.format.name.replace("yuvj", "yuv"))
    for index in range(3):
        _view(plain, index)[:] = _view(frame, index)
    return plain


def from_planes(planes: Planes, lines: int = 2) -> av.VideoFrame:
    """A frame for an encoder; odd sizes grow by one repeated row or column, as 4:2:0 coding needs even ones.

    Args:
        planes: the picture.
        lines: the height becomes a multiple of it: 4 for an interlaced picture, whose fields are repeated each.
    """
    h, w = planes.y.shape
    frame = av.VideoFrame(w + w % 2, -(-h // lines) * lines, "yuv420p")
    for i, plane in enumerate((planes.y, planes.u, planes.v)):
        target = _view(frame, i)
        target[: plane.shape[0], : plane.shape[1]] = plane
        target[:, plane.shape[1] :] = target[:, plane.shape[1] - 1 : plane.shape[1]]
        for row in range(plane.shape[0], target.shape[0]):
            target[row] = target[max(0, row - lines // 2)]
    return frame


def from_rgb(rgb: Array, pix_fmt: str, colors: ColorTags) -> av.VideoFrame:
    """A frame for an encoder from RGB, uint8 (h, w, 3), by the tags of `colors`; odd sizes grow as above."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"rgb: expected uint8 (h, w, 3), got {rgb.dtype} {rgb.shape}")
    if pix_fmt != "yuv420p":
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24").reformat(format=pix_fmt)
    h, w = rgb.shape[:2]
    if h % 2 or w % 2:
        rgb = np.pad(rgb, ((0, h % 2), (0, w % 2), (0, 0)), mode="edge")
    matrix, color_range = _swscale_tags(colors)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24").reformat(
        format=pix_fmt, src_color_range=_RANGES["pc"], dst_colorspace=matrix, dst_color_range=color_range
    )


def _swscale_tags(colors: ColorTags) -> tuple[int, int]:
    """Matrix and range in the numbers of FFmpeg's scaler, where both variants of BT.601 are one."""
    return (_BT601_IN_SWSCALE if colors.matrix in (5, 6) else colors.matrix), _RANGES[colors.range]


def _with_chroma(frame: av.VideoFrame) -> av.VideoFrame:
    """Gives grey pictures grey chroma; FFmpeg's scaler would take their luma for full range whatever the tags."""
    name = _GREY.get(frame.format.name, frame.format.name)
    if not name.startswith("gray") or name.startswith("grayf"):
        return frame
    grey = frame.reformat(format=name)
    bits = grey.format.components[0].bits
    colored = av.VideoFrame(frame.width, frame.height, "yuv420p" if bits == 8 else f"yuv420p{bits}le")
    samples = 1 if bits == 8 else 2
    _view(colored, 0, samples)[:] = _view(grey, 0, samples)
    for index in (1, 2):
        chroma = _view(colored, index, samples)
        chroma.view("u1" if bits == 8 else "<u2")[:] = 1 << (bits - 1)
    return colored


def _view(frame: av.VideoFrame, index: int, samples: int = 1) -> Array:
    """The plane's own memory as (h, w) or (h, w, samples), without the padding at the ends of rows."""
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.height * plane.line_size].reshape(
        plane.height, plane.line_size
    )
    view: Array = rows[:, : plane.width * samples]
    return view if samples == 1 else view.reshape(plane.height, plane.width, samples)


def _upright(stored: Array, info: VideoInfo) -> Array:
    turned = np.rot90(stored, -info.rotation // 90)
    return np.array(turned[:, ::-1] if info.mirrored else turned, order="C")
