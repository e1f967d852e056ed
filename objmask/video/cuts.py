"""Where a scene ends and another begins at once: what was seen before such a cut says nothing of what is after it.

Only clear cuts count. One that is taken for none has places hidden a little too long; one that is none would end
hiding, and following, too soon.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import av
import cv2
import numpy as np
import numpy.typing as npt

STEADY_S = 0.3
"""On both sides of a cut the picture goes on for so long (or to the video's end) without another jump, seconds: what
comes back sooner is a flash, a hand before the lens, or a picture that stood still for a moment."""
_STEADY_FRAMES = 5
"""And for so many frames, so that at low rates a moving camera is no row of cuts."""
_LEAST_FRAMES, _MOST_FRAMES = 3, 150
"""At either end of a video fewer will do; of very high rates no more are held in memory."""
_ON_END = 0.55
"""Frames on end are at least so alike."""
_UNLIKE, _LEVELS = 0.5, 0.2
"""Frames of two scenes are less alike than the first, and their levels differ by more than the second."""
_VERY_UNLIKE = 0.3
"""Or they are less alike than this, whatever their levels."""
_SAME = 0.8
"""So alike without being moved, two frames need no closer look."""
_WIDTH, _HEIGHT = 64, 36
_ROWS = 2 * _HEIGHT
_MIDDLE = (slice(7, -7), slice(12, -12))
"""Of two small pictures the middle of one is looked for in all of the other: what moved by a fifth of it is found."""
_DETAIL = (13, 13)
"""What is coarser is left out of the comparison: light and shade are alike in any two rooms. Pixels."""
_WEAK = 8.0
"""Detail that is weaker than so many levels stays weak: it may be noise."""
_PLAIN = 1.0
"""A small picture that varies less says nothing, standard deviation in levels."""
_COMPARED = 5
_LEVEL_BINS = 32
_NOMINAL_S = 1 / 30
Small = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Look:
    """One frame.

    Attributes:
        time_s: seconds, increasing.
        detail: (h, w) float32, the small picture without what is coarse in it, about as strong everywhere.
        middle: what is compared with others in their places: zero mean and unit length; None: it is plain.
        small: (h, w) uint8.
        alike: how much it is like the frame before, -1..1.
    """

    time_s: float
    detail: Small
    middle: Small | None
    small: npt.NDArray[np.uint8]
    alike: float


class CutFinder:
    """Finds the cuts of a video whose frames it is shown one after the other; holds small pictures of some.

    Attributes:
        cuts: numbers of the frames that begin a new scene, rising.
    """

    def __init__(self) -> None:
        self.cuts: list[int] = []
        self._looks: deque[_Look] = deque()
        self._first = 0
        self._waiting: deque[int] = deque()
        """Frames that are unlike the one before, and for which not enough of what comes after is known yet."""

    def see(self, small: npt.NDArray[np.uint8], time_s: float | None) -> None:
        """The next frame.

        Args:
            small: what `thumbnail` gave.
            time_s: when it is shown, seconds; None: not known.
        """
        before = self._looks[-1] if self._looks else None
        if before is not None and (time_s is None or time_s <= before.time_s):
            time_s = before.time_s + _NOMINAL_S
        look = _look(small, time_s or 0.0, before)
        if look.alike < _UNLIKE:
            self._waiting.append(self._stop)
        self._looks.append(look)
        while self._waiting and self._is_known_after(self._waiting[0]):
            self._judge(self._waiting.popleft())
        while len(self._looks) > 2 * _MOST_FRAMES or self._is_over(self._looks[0]):
            self._looks.popleft()
            self._first += 1

    def end(self) -> list[int]:
        """All cuts, when there are no more frames."""
        while self._waiting:
            self._judge(self._waiting.popleft())
        return self.cuts

    @property
    def _stop(self) -> int:
        return self._first + len(self._looks)

    def _at(self, number: int) -> _Look:
        return self._looks[number - self._first]

    def _is_over(self, look: _Look) -> bool:
        """Whether a frame is too long ago to be on a side of a cut that is not decided yet."""
        oldest = self._waiting[0] if self._waiting else self._stop
        return oldest - self._first > _STEADY_FRAMES and look.time_s <= self._at(oldest - 1).time_s - STEADY_S

    def _is_known_after(self, number: int) -> bool:
        after = self._stop - number
        long_ago = self._looks[-1].time_s >= self._at(number).time_s + STEADY_S
        return after >= _MOST_FRAMES or (after >= _STEADY_FRAMES and long_ago)

    def _judge(self, number: int) -> None:
        before = self._side(range(number - 1, self._first - 1, -1))
        after = self._side(range(number, self._stop))
        # The jump itself is that of the first frame after it; what goes before is compared with its own neighbours.
        if min(len(before), len(after)) < _LEAST_FRAMES:
            return
        steady = min(look.alike for look in (*before[:-1], *after[1:]))
        if steady >= _ON_END and _is_other_scene(before, after):
            self.cuts.append(number)

    def _side(self, numbers: Sequence[int]) -> list[_Look]:
        """Frames on one side of a cut, from it on outwards."""
        side: list[_Look] = []
        for number in numbers[:_MOST_FRAMES]:
            look = self._at(number)
            if len(side) >= _STEADY_FRAMES and abs(look.time_s - side[0].time_s) >= STEADY_S:
                break
            side.append(look)
        return side


def thumbnail(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """A small grey picture of a decoded frame, as stored; a black one of a format that cannot be read so."""
    name, (luma, *_) = frame.format.name, frame.format.components
    try:
        if not name.startswith(("yuv4", "yuvj4", "nv1", "nv2")) or luma.bits != 8:
            frame = frame.reformat(format="gray")
    except (av.FFmpegError, ValueError):
        return np.zeros((_HEIGHT, _WIDTH), np.uint8)
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.height * plane.line_size]
    # Rows between are passed over: that is most of the work, and detail so fine does not come into it.
    some = rows.reshape(plane.height, plane.line_size)[:: max(1, plane.height // _ROWS), : plane.width]
    return cv2.resize(some, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _is_other_scene(before: Sequence[_Look], after: Sequence[_Look]) -> bool:
    pairs = [(a, b) for a in _some(before) for b in _some(after)]
    alike = max(_alike(a, b) for a, b in pairs)
    if alike < _VERY_UNLIKE:
        return True
    apart = min(float(np.abs(_levels(a.small) - _levels(b.small)).sum()) / 2 for a, b in pairs)
    return alike < _UNLIKE and apart > _LEVELS


def _some(side: Sequence[_Look]) -> list[_Look]:
    rows = np.linspace(0, len(side) - 1, min(_COMPARED, len(side)))
    return [side[round(float(row))] for row in rows]


def _look(small: npt.NDArray[np.uint8], time_s: float, before: _Look | None) -> _Look:
    detail = small.astype(np.float32)
    detail -= cv2.blur(detail, _DETAIL)
    plain = bool(detail[_MIDDLE].std() < _PLAIN)
    # What is strong here and weak there counts alike, so that glare or a lamp is not all that is compared.
    detail /= np.sqrt(cv2.blur(detail * detail, _DETAIL)) + _WEAK
    middle = detail[_MIDDLE] - detail[_MIDDLE].mean()
    look = _Look(time_s, detail, None if plain else middle / np.linalg.norm(middle), small, 1.0)
    return look if before is None else replace(look, alike=_alike(before, look))


def _alike(a: _Look, b: _Look) -> float:
    """Correlation of two small pictures, -1..1, in the best place: what moves, or is lit otherwise, stays alike."""
    # A plain picture is like every other: it is no evidence of another scene.
    if a.middle is None or b.middle is None:
        return 1.0
    here = float(np.vdot(a.middle, b.middle))
    if here >= _SAME:
        return here
    moved = (cv2.matchTemplate(x.detail, y.detail[_MIDDLE], cv2.TM_CCOEFF_NORMED) for x, y in ((a, b), (b, a)))
    return max(float(place[np.isfinite(place)].max(initial=here)) for place in moved)


def _levels(small: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Shares of a picture by brightness, each shared with the neighbours: a slight change is a slight difference."""
    counts = np.bincount(small.ravel() // (256 // _LEVEL_BINS), minlength=_LEVEL_BINS)
    return np.convolve(counts, [0.25, 0.5, 0.25], "same") / small.size
