"""The motion of the picture from each frame to the next: dense optical flow on a small grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from objmask.video.info import VideoInfo

GRID_SIDE = 480
"""Longer side of the grid on which pictures are compared and masks carried, pixels."""
Field = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Motion:
    """The motion between a frame and the previous one, in pixels of the grid.

    Attributes:
        back: (h, w, 2) float32, (x, y) from each pixel of the later frame to where it was in the earlier one.
        forth: (h, w, 2) float32, (x, y) from each pixel of the earlier frame to where it is in the later one.
    """

    back: Field
    forth: Field


def grid_size(info: VideoInfo, side: int = GRID_SIDE) -> tuple[int, int]:
    """Height and width of a grid whose longer side is `side`, or that of the video if it is smaller."""
    scale = min(1.0, side / max(info.width, info.height))
    return max(2, round(info.height * scale)), max(2, round(info.width * scale))


def motions(lumas: Iterable[npt.NDArray[np.uint8]], size: tuple[int, int]) -> Iterator[Motion | None]:
    """Yields the motion before each frame; None for the first frame.

    The method is dense inverse search (Kroeger et al., ECCV 2016) of OpenCV.

    Args:
        lumas: (h, w) uint8 of each frame.
        size: height and width of the grid.
    """
    # Its threads share the picture out, and each part starts on its own: one thread, one result.
    cv2.setNumThreads(1)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    # The search needs some pixels to work with.
    height, width = (max(side, 32) for side in size)
    before = None
    for luma in lumas:
        small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
        if before is None:
            yield None
        else:
            back = search.calc(small, before, np.zeros((height, width, 2), np.float32))
            forth = search.calc(before, small, np.zeros((height, width, 2), np.float32))
            yield Motion(*(_on_grid(flow, size) for flow in (back, forth)))
        before = small


def _on_grid(flow: npt.NDArray[np.generic], size: tuple[int, int]) -> Field:
    height, width = flow.shape[:2]
    if (height, width) == size:
        return flow.astype(np.float32, copy=False)
    resized = cv2.resize(flow.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return (resized * np.array([size[1] / width, size[0] / height], np.float32)).astype(np.float32)
