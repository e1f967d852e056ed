"""Waiting for what must come, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

AT_MOST_S = 1800.0
"""Where a limit has to be. No verdict: what takes longer hangs, and a hang is to end some day."""
_LOOK_S = 0.01
_T = TypeVar("_T")


class HangError(Exception):
    """What a test waits for never came."""


def until(holds: Callable[[], _T]) -> _T:
    """Waits until something is true, and gives that.

    Raises:
        HangError: it never is.
    """
    end = time.monotonic() + AT_MOST_S
    while not (found := holds()):
        if time.monotonic() > end:
            raise HangError(f"not within {AT_MOST_S} s")
        time.sleep(_LOOK_S)
    return found
