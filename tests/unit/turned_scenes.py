"""Rendered scenes whose picture lies on its side or head, without a tag that says so."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def write_turned(source: Path, out: Path, degrees: int) -> Path:
    """Writes a video again, its picture turned clockwise by so many degrees; times are regular."""
    with av.open(str(source)) as given, av.open(str(out), "w") as made:
        stream = None
        for i, frame in enumerate(given.decode(video=0)):
            picture = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), -degrees // 90))
            if stream is None:
                stream = made.add_stream("ffv1", 10)  # the same bytes each time
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            turned = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            turned.pts, turned.time_base = i, Fraction(1, 10)
            made.mux(stream.encode(turned))
        made.mux(stream.encode(None))
    return out
