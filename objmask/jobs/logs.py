"""What jobs say in their logs of how they failed, and how that is read back."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

UNUSABLE = logging.ERROR + 5
"""Level of a verb's last words when the video itself is at fault: with the same bytes and settings it fails again."""
logging.addLevelName(UNUSABLE, "UNUSABLE")
_LAST_WORDS = re.compile(r"^\S+ \S+ (ERROR|UNUSABLE) (.*)", re.M)
"""Messages are one line each, so no name of a file can look like a line of its own."""


@dataclass(frozen=True)
class LastWords:
    """How a job failed.

    Attributes:
        text: one line; names the file and says what to do.
        unusable: the video is at fault.
    """

    text: str
    unusable: bool


def last_words(logs: Iterable[Path], since: float) -> LastWords | None:
    """What failed jobs said, that a video is unusable before anything else; None: they ended without a word.

    Args:
        logs: their files; need not exist.
        since: s, as `time.time`; what was written before is of an earlier run.
    """
    said = [words for log in logs if (words := _of(log, since))]
    return next((words for words in said if words.unusable), said[0] if said else None)


def _of(log: Path, since: float) -> LastWords | None:
    try:
        if log.stat().st_mtime < since:
            return None
        found = _LAST_WORDS.findall(log.read_text("utf-8", "replace"))
    except OSError:
        return None
    return LastWords(found[-1][1], found[-1][0] == "UNUSABLE") if found else None
