"""The source video with masks, outlines, names, scores and a legend drawn over it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.classes import Palette
from objmask.detections.masks import Patch, union
from objmask.detections.runs import decode
from objmask.painted.objects import PaintedObject, labels_of
from objmask.render.colours import to_yuv
from objmask.video.info import VideoInfo
from objmask.video.planes import Planes
from objmask.video.tone import viewed

_OPACITY_256 = 110
"""Share of the group's colour in a painted pixel, of 256."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Overlay:
    """Draws into the planes. Pixels without an object keep their values.

    For a source with high dynamic range or wide gamut it uses BT.709. So groups have their colours on every screen, and
    the overlay shows what the networks saw.

    Args:
        palette: groups and colours.
        info: facts about the video.
    """

    viewed = True

    def __init__(self, palette: Palette, info: VideoInfo) -> None:
        self._palette, self._info = palette, info
        colors = viewed(info.colors)
        self._levels = to_yuv(palette.colours, colors)
        grey = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
        self._black, self._white = (int(level) for level in to_yuv(grey, colors)[:, 0])
        self._text_scale = max(0.35, info.height / 1200)
        self._line_px = max(1, round(info.height / 360))

    def render(self, picture: Planes, decided: Sequence[PaintedObject]) -> Planes:
        """The picture with the objects and the legend drawn over it."""
        height, width = self._info.height, self._info.width
        labels = labels_of(decided, self._palette, height, width)
        planes = (
            _blend(picture.y, labels, self._levels[:, 0]),
            _blend(picture.u, labels[::2, ::2], self._levels[:, 1]),
            _blend(picture.v, labels[::2, ::2], self._levels[:, 2]),
        )
        # The surest is drawn last, so that it lies on top.
        shown = [
            (one, union([decode(counts, height, width) for counts in (one.visible, one.covered) if counts]))
            for one in reversed(decided)
            if one.shown
        ]
        for one, patch in shown:
            self._outline(planes, self._palette.index_of[one.name], patch, dashed=one.carried != 0)
        for one, patch in shown:
            text = f"{one.name} {one.score:.2f}"
            self._caption(planes, self._palette.index_of[one.name], text, patch.left, patch.top)
        self._legend(planes, sorted({self._palette.index_of[one.name] for one, _ in shown}))
        return Planes(*planes)

    def _outline(self, planes: Sequence[npt.NDArray[np.uint8]], group: int, patch: Patch, *, dashed: bool) -> None:
        padded = np.pad(patch.mask.astype(np.uint8), 1)
        contours, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        offset = np.array([patch.left - 1, patch.top - 1], np.int32)
        lines = [contour + offset for contour in contours]
        if dashed:
            # Dashed: what was carried here is less sure than what was found here.
            dash = 6 * self._line_px
            lines = [line[k : k + dash] for line in lines for k in range(0, len(line), 2 * dash)]
        levels = self._levels[group].tolist()
        cv2.polylines(planes[0], lines, not dashed, levels[0], self._line_px)
        halves = [line // 2 for line in lines]
        for plane, level in zip(planes[1:], levels[1:], strict=True):
            cv2.polylines(plane, halves, not dashed, level, max(1, self._line_px // 2))

    def _caption(self, planes: Sequence[npt.NDArray[np.uint8]], group: int, text: str, left: int, top: int) -> None:
        (width, height), below = cv2.getTextSize(text, _FONT, self._text_scale, 1)
        left = max(0, min(left, self._info.width - width - 4))
        top = max(0, top - height - below - 4)
        self._fill(planes, group, left, top, width + 4, height + below + 4)
        light = self._levels[group, 0] > 128
        place = (left + 2, top + height + 2)
        cv2.putText(
            planes[0], text, place, _FONT, self._text_scale, self._black if light else self._white, 1, cv2.LINE_AA
        )

    def _legend(self, planes: Sequence[npt.NDArray[np.uint8]], groups: Sequence[int]) -> None:
        left = 4
        for group in groups:
            name = self._palette.groups[group - 1].name
            (width, _), _ = cv2.getTextSize(name, _FONT, self._text_scale, 1)
            top = self._info.height - 4
            self._caption(planes, group, name, left, top)
            left += width + 10

    def _fill(
        self, planes: Sequence[npt.NDArray[np.uint8]], group: int, left: int, top: int, width: int, height: int
    ) -> None:
        for plane, level, step in zip(planes, self._levels[group], (1, 2, 2), strict=True):
            plane[top // step : -(-(top + height) // step), left // step : -(-(left + width) // step)] = level


def _blend(
    plane: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], levels: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """The plane with its labelled pixels drawn towards their group's level."""
    painted = labels > 0
    out = plane.copy()
    colour = levels[labels[painted]].astype(np.uint16)
    out[painted] = (plane[painted] * np.uint16(256 - _OPACITY_256) + colour * np.uint16(_OPACITY_256)) >> 8
    return out
