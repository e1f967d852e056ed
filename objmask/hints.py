"""What somebody may have meant who wrote a name that is none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CLOSE = 0.4


def nearest(name: str, known: Iterable[str], closeness: float = _CLOSE) -> str | None:
    """The known name that is most like `name`, in any case.

    Args:
        name: as it was written.
        known: what there is.
        closeness: 0..1, from which on two names are alike.
    """
    by_lower = {one.lower(): one for one in sorted(known)}
    near = difflib.get_close_matches(name.strip().lower(), by_lower, 1, cutoff=closeness)
    return by_lower[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str], closeness: float = _CLOSE) -> str:
    """A question with the known name that is most like `name`; empty when none is."""
    near = nearest(name, known, closeness)
    return f"did you mean '{near}'?" if near else ""
