"""The two fields of an interlaced picture: which was seen first, both as one picture, and marking what is written."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar, cast

import av
import av.filter
import cv2
import numpy as np
import numpy.typing as npt

from objmask.video.info import FieldOrder

Sample = TypeVar("Sample", np.uint8, np.uint16)
_TICK = Fraction(1, 25)
"""Filters want a unit of time; nothing is made of it."""


def field_order_of(frame: av.VideoFrame) -> FieldOrder:
    """Of an interlaced picture. PyAV does not tell, but a filter of FFmpeg can be asked."""
    graph = _graph(frame, "select", "e='eq(interlace_type,TOPFIRST)'")
    graph.push(frame)
    try:
        graph.pull()
    except (av.BlockingIOError, av.EOFError):
        return "bff"
    return "tff"


class Marker:
    """Marks pictures of one size and format as interlaced, for an encoder."""

    def __init__(self, order: FieldOrder) -> None:
        self._order = order
        self._graph: av.filter.Graph | None = None

    def mark(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The same picture, marked; times are to be set afterwards."""
        frame.pts, frame.time_base = 0, _TICK
        if self._graph is None:
            self._graph = _graph(frame, "setfield", f"mode={self._order}")
        self._graph.push(frame)
        return cast(av.VideoFrame, self._graph.pull())


def merged(woven: npt.NDArray[Sample]) -> npt.NDArray[Sample]:
    """An interlaced picture, (h, w) or (h, w, 3), without combs: every line with a quarter of both neighbours.

    Both fields stay in it, so that an object that moved between them is seen at both of its places, which are what has
    to be hidden. It depends on no other picture, so a video may be cut anywhere.
    """
    if woven.shape[0] < 2:
        return woven
    weights = np.array([0.25, 0.5, 0.25])
    return cv2.sepFilter2D(woven, -1, np.ones(1), weights).astype(woven.dtype, copy=False)


def _graph(frame: av.VideoFrame, name: str, arguments: str) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or _TICK
    )
    graph.link_nodes(source, graph.add(name, arguments), graph.add("buffersink")).configure()
    return graph
