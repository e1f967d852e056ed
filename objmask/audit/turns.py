"""What is found in frames without anything to hide when they are turned: a picture may lie on its side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from objmask.files.documents import Count, Degrees, read_document, typed
from objmask.hidden.unhidden import ADVICE

SURE = 0.5
"""Score from which a find counts for a turn. Networks find something in many pictures that are not upright, but with
low scores: `benchmarks/turns.py` has what other scores come to."""
_MOST = 0.5
"""A turn is right when it finds something sure in at least this share of the frames more than there is as they are."""


@dataclass(frozen=True)
class Turn:
    """What is found at one turn.

    Attributes:
        degrees: clockwise, of the picture as it was shown.
        frames: in how many frames something is found that would be hidden.
        sure: in how many of them with a score of at least `SURE`.
        objects: how many are found in all frames together, by class.
    """

    degrees: Degrees
    frames: Count
    sure: Count
    objects: dict[str, Count]


@dataclass(frozen=True)
class Turns:
    """Frames of one video that were tried at all turns.

    Attributes:
        frames: how many; 0: none, because something is hidden in most frames of the video.
        rotate: degrees that the setting `rotate` turned the video by.
        turns: what each turn finds, the picture as it was first; none if no frame was tried.
    """

    frames: Count
    rotate: Degrees
    turns: tuple[Turn, ...]

    def __post_init__(self) -> None:
        tried = (0, 90, 180, 270) if self.frames else ()
        if tuple(turn.degrees for turn in self.turns) != tried:
            raise ValueError(f"turns: expected those by {tried} degrees")
        if any(not turn.sure <= turn.frames <= self.frames for turn in self.turns):
            raise ValueError("turns: expected no more sure frames than frames, and no more of these than were tried")

    @property
    def right(self) -> Turn | None:
        """The turn that clearly finds more than there is found as the picture is; None: there is none."""
        if not self.frames:
            return None
        as_it_is, *others = self.turns
        best = max(others, key=lambda turn: (turn.sure, turn.frames, sum(turn.objects.values())))
        return best if best.sure - as_it_is.sure >= _MOST * self.frames else None

    @property
    def rotate_to(self) -> int | None:
        """What the setting `rotate` should say of the video; None: what it says."""
        return (self.rotate + self.right.degrees) % 360 if self.right else None

    def advice(self, video: str) -> str:
        """What to do about a video in which nothing is hidden for long.

        Args:
            video: its name, as in the results.
        """
        if not self.frames:
            return ADVICE
        if self.right is None:
            return (
                f"{self.frames} of these frames were also tried turned by 90, 180 and 270 degrees, and no turn shows "
                "clearly more; look at it: does the model know what is in it?"
            )
        most_first = sorted(self.right.objects.items(), key=lambda one: (-one[1], one[0]))
        found = ", ".join(f"{count} x {name}" for name, count in most_first)
        return (
            f"turned by {self.right.degrees} degrees clockwise, {self.right.sure} of {self.frames} of these frames "
            f"show what is to be hidden ({found}): look at it, and set "
            f"rotate: {{{json.dumps(video, ensure_ascii=False)}: {self.rotate_to}}}"
        )

    def to_json(self) -> dict[str, Any]:
        """A document for `json.dump`."""
        return asdict(self)

    @classmethod
    def in_audit(cls, document: Mapping[str, Any]) -> Turns | None:
        """What an audit says of them; None: nothing.

        Raises:
            ValueError: it is damaged.
            KeyError: it is missing.
        """
        return None if document["turns"] is None else typed(document["turns"], cls)

    @classmethod
    def read(cls, path: Path) -> Turns:
        """Reads what `turns` wrote.

        Raises:
            DataError: the file is missing or not valid.
        """
        return read_document(path, cls, "run turns again")
