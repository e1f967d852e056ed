"""Words that can be read in protected video as in its source: where they are and how long, never what they say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import WHOLE_BOX, Detections
from objmask.detections.boxes import iou_of_two
from objmask.errors import DataError
from objmask.files.documents import Count, Sha256, Share, Size, read_document
from objmask.models.coco import TEXT

T = TypeVar("T")
_ROUNDING_S = 1e-6
"""Sums of steps are exact to this."""
FORMAT = 1
_LEAST_LETTERS = 3
"""Letters and digits in a row that both must have."""
_SAME_PLACE = 0.3
"""Intersection over union of the boxes of words from which they are at one place."""
_ALIKE = 0.6
"""Two texts are one that was read twice from this share of equal letters and digits on (2 x equal / all)."""


@dataclass(frozen=True)
class Word:
    """One or several words in a line.

    Attributes:
        box: normalised `(ymin, xmin, ymax, xmax)`, 0..1.
        score: of the reading, 0..1.
        length: letters and digits that can be read.
    """

    box: tuple[Share, Share, Share, Share]
    score: Share
    length: Size


@dataclass(frozen=True)
class ReadFrame:
    """A frame that was read.

    Attributes:
        frame: its number in the source.
        lines: how many lines can be read in the source.
        words: where what can be read in the source can also be read in the protected video.
    """

    frame: Count
    lines: Count
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Words:
    """What `read` writes of a protected video.

    Attributes:
        format: `FORMAT`.
        protected_sha256: of the video that was read.
        reader: what read it.
        frames: that were read, in order.
    """

    format: int
    protected_sha256: Sha256
    reader: str
    frames: tuple[ReadFrame, ...]

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError("format: of another version of objmask")
        numbers = [one.frame for one in self.frames]
        if sorted(set(numbers)) != numbers:
            raise ValueError("frames: not in order")

    @classmethod
    def read(cls, path: Path) -> Words:
        """Reads the file.

        Raises:
            DataError: it is missing or damaged.
        """
        return read_document(path, cls, "run read again")

    def by_frame(self, numbers: npt.NDArray[np.int64]) -> Iterator[FrameWords]:
        """For each frame what was read in it, or in the one next to it that was read; of two the earlier one.

        Args:
            numbers: of the frames, rising.

        Raises:
            DataError: other frames were read.
        """
        read = np.array([one.frame for one in self.frames])
        if not np.isin(read, numbers).all() or len(read) < min(1, len(numbers)):
            raise DataError("words were read in other frames than the video has; run read again")
        for number in numbers.tolist():
            near = self.frames[int(np.argmin(np.abs(read - number)))]
            yield FrameWords(
                Detections(
                    np.array([word.score for word in near.words], np.float32),
                    (TEXT,) * len(near.words),
                    np.array([word.box for word in near.words], np.float32).reshape(-1, 4),
                    (WHOLE_BOX,) * len(near.words),
                    track_ids=tuple(range(len(near.words))),
                ),
                tuple(word.length for word in near.words),
                near.lines,
                near.frame == number,
            )


@dataclass(frozen=True)
class FrameWords:
    """Words that were read in a frame, or in one near it.

    Attributes:
        found: where they are; their `track_ids` are indices of `lengths`.
        lengths: letters and digits of each.
        lines: how many lines can be read in the source.
        here: it is this frame that was read.
    """

    found: Detections
    lengths: tuple[int, ...]
    lines: int
    here: bool


NOTHING_READ = FrameWords(Detections.empty(), (), 0, here=False)


def is_word(text: str) -> bool:
    """Whether a text has enough letters and digits."""
    return len(_plain(text)) >= _LEAST_LETTERS


def letters_in_common(one: str, other: str) -> int:
    """How many letters and digits of two texts are the same, when they are one text that was read twice; else 0.

    Case, spaces, punctuation and the forms of a character do not count.
    """
    a, b = map(_plain, (one, other))
    compared = SequenceMatcher(None, a, b, autojunk=False)
    longest = compared.find_longest_match().size
    if longest < _LEAST_LETTERS or compared.ratio() < _ALIKE:
        return 0
    return sum(block.size for block in compared.get_matching_blocks())


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def apart(words: Iterable[Word]) -> tuple[Word, ...]:
    """Of words at one place the longest, longest first."""
    kept: list[Word] = []
    for word in sorted(words, key=lambda one: (-one.length, one.box)):
        if all(iou_of_two(word.box, other.box) < _SAME_PLACE for other in kept):
            kept.append(word)
    return tuple(kept)


def every(items: Iterable[tuple[float, T]], step_s: float) -> Iterator[T]:
    """The first item, then one each time that a step has passed, and the last one.

    Args:
        items: each with its time, seconds, rising.
        step_s: seconds.
    """
    due, left = -np.inf, None
    for time_s, item in items:
        left = (item,)
        if time_s >= due - _ROUNDING_S:
            yield item
            due, left = time_s + step_s, None
    if left is not None:
        yield left[0]


def box_of(corners: npt.NDArray[Any], height: int, width: int) -> tuple[float, float, float, float]:
    """The box around corners (x, y; pixels), normalised and rounded, within the picture and at least a pixel a side."""
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), (left + 1, top + 1), (width, height))
    ymin, xmin, ymax, xmax = (
        round(float(side / of), 6) for side, of in ((top, height), (left, width), (bottom, height), (right, width))
    )
    return ymin, xmin, ymax, xmax
