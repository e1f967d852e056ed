"""Which frames the network sees: every n-th, or more where the picture moves; always a scene's first and last one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from objmask.objects.motion import Motion, grid_size, motions
from objmask.video.info import VideoInfo
from objmask.video.planes import Array
from objmask.video.reader import Frame, Window, read_frames
from objmask.video.source import OnTruncated

BLOCK = 30
"""Frames whose number is a multiple of this are always seen, so what is seen does not depend on how a video is cut."""
LONGEST = 10
"""At most so many frames from one that is seen to the next."""
MOVED = 0.02
"""The next one is due when much of the picture has moved by this share of its longer side."""
CHANGED = 0.08
"""Or when so much of the picture cannot be explained by motion: something has come into view."""
_GRID_SIDE = 240
_MUCH = 0.75
_UNEXPLAINED = 24
"""Levels of luma by which a pixel differs from where it came from."""
Every = int | str


def read_with_keys(
    video: Path,
    info: VideoInfo,
    every: Every,
    *,
    start: int = 0,
    stop: int | None = None,
    window: Window = (None, None),
    on_truncated: OnTruncated = "fail",
) -> Iterator[tuple[Frame, bool]]:
    """Yields the frames of a chunk, and whether the network is to see each; the same however a video is cut.

    The first and the last frame of the window (or the video), and of each scene, are always seen: beyond them there is
    nothing to carry masks from.

    Args:
        video: the file.
        info: what `probe` said of it.
        every: frames whose number is a multiple of this; or `adaptive`.
        start: number of the first frame.
        stop: number after the last frame, None = to the end.
        window: seconds [from, to).
        on_truncated: as for `read_frames`.

    Raises:
        VideoError: the video cannot be read.
    """
    # One frame more at either side tells whether the window goes on there. What is seen in a block is decided from its
    # beginning on.
    first = max(start - 1, 0) if isinstance(every, int) else start - start % BLOCK
    beyond = None if stop is None else stop + 1
    frames = read_frames(video, info, start=first, stop=beyond, window=window, on_truncated=on_truncated)
    keyed = (
        ((frame, frame.number % every == 0) for frame in frames) if isinstance(every, int) else _adaptive(frames, info)
    )
    sides = {number for cut in info.cuts for number in (cut - 1, cut)}
    begins, one = True, next(keyed, None)
    while one is not None:
        (frame, seen), following = one, next(keyed, None)
        if frame.number >= start and frame.number + 1 != beyond:
            yield frame, seen or begins or following is None or frame.number in sides
        begins, one = False, following


def _adaptive(frames: Iterable[Frame], info: VideoInfo) -> Iterator[tuple[Frame, bool]]:
    waiting: deque[tuple[Frame, Array]] = deque()

    def lumas() -> Iterator[Array]:
        for frame in frames:
            waiting.append((frame, frame.planes().y))
            yield waiting[-1][1]

    since, moved, before = 0, 0.0, None
    for motion in motions(lumas(), size := grid_size(info, _GRID_SIDE)):
        frame, luma = waiting.popleft()
        small = cv2.resize(luma, (size[1], size[0]), interpolation=cv2.INTER_AREA).astype(np.uint8)
        since += 1
        seen = motion is None or frame.number % BLOCK == 0 or since == LONGEST
        if motion is not None and before is not None:
            moved += _step(motion) / max(size)
            seen = seen or moved >= MOVED or _changed(motion, before, small) >= CHANGED
        if seen:
            since, moved = 0, 0.0
        before = small
        yield frame, seen


def _step(motion: Motion) -> float:
    """By how many pixels much of the picture moved."""
    return float(np.quantile(np.hypot(motion.back[..., 0], motion.back[..., 1]), _MUCH))


def _changed(motion: Motion, before: Array, now: Array) -> float:
    """Share of the picture that did not come from where the motion says."""
    height, width = now.shape
    x = motion.back[..., 0] + np.arange(width, dtype=np.float32)
    y = motion.back[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    came = cv2.remap(before, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(np.count_nonzero(cv2.absdiff(came, now) > _UNEXPLAINED) / now.size)
