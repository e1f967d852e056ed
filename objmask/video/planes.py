"""Pictures as arrays: decoded frames to upright 4:2:0 planes or RGB, and back for an encoder."""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt

from objmask.video.info import ColorTags, VideoInfo

Array = npt.NDArray[np.uint8]

SUPPORTED_MATRICES = frozenset({1, 4, 5, 6, 7, 9})
"""AVColorSpace numbers that conversion to and from RGB knows."""
_EXACT_FORMATS = frozenset({"yuv420p", "yuvj420p"})
_BT601_IN_SWSCALE = 5
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


def is_rgb(frame: av.VideoFrame) -> bool:
    """Whether the samples, or the palette that they point into, are RGB."""
    return frame.format.is_rgb or frame.format.has_palette


def to_planes(frame: av.VideoFrame, info: VideoInfo) -> Planes:
    """Upright planes in the source's range and matrix; exactly the decoder's values when it is 8-bit 4:2:0."""
    frame = _with_chroma(frame)
    if frame.format.name not in _EXACT_FORMATS:
        used = _swscale_tags(info.colors)
        source = (used[0], _RANGES["pc"]) if is_rgb(frame) else used
        frame = frame.reformat(
            format="yuv420p",
            src_colorspace=source[0],
            src_color_range=source[1],
            dst_colorspace=used[0],
            dst_color_range=used[1],
        )
    return Planes(*(_upright(_view(frame, i), info) for i in range(3)))


def to_rgb(frame: av.VideoFrame, info: VideoInfo) -> Array:
    """Upright RGB, uint8 (h, w, 3), by the matrix and range that are used for the source."""
    if is_rgb(frame):
        rgb = frame.reformat(format="rgb24")
    else:
        matrix, color_range = _swscale_tags(info.colors)
        rgb = _with_chroma(frame).reformat(
            format="rgb24", src_colorspace=matrix, src_color_range=color_range, dst_color_range=_RANGES["pc"]
        )
    return _upright(_view(rgb, 0, samples=3), info)


def from_planes(planes: Planes) -> av.VideoFrame:
    """A frame for an encoder; odd sizes grow by one repeated row or column, as 4:2:0 coding needs even ones."""
    h, w = planes.y.shape
    frame = av.VideoFrame(w + w % 2, h + h % 2, "yuv420p")
    for i, plane in enumerate((planes.y, planes.u, planes.v)):
        target = _view(frame, i)
        target[: plane.shape[0], : plane.shape[1]] = plane
        target[plane.shape[0] :, : plane.shape[1]] = plane[-1:]
        target[:, plane.shape[1] :] = target[:, plane.shape[1] - 1 : plane.shape[1]]
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
    """Gives 8-bit grey pictures grey chroma; FFmpeg's scaler would take their luma for full range whatever the tags."""
    if frame.format.name != "gray":
        return frame
    colored = av.VideoFrame(frame.width, frame.height, "yuv420p")
    _view(colored, 0)[:] = _view(frame, 0)
    for index in (1, 2):
        _view(colored, index)[:] = 128
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
