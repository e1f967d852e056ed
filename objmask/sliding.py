"""A look at the neighbours of each item of a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def sliding(items: Iterable[T], hold: int) -> Iterator[tuple[Sequence[T], int]]:
    """For each item: the items from `hold` before to `hold` after it, and where among them it is."""
    around: deque[T] = deque()
    here = 0
    source = iter(items)
    more = True
    while more or here < len(around):
        more = more and _append_next(source, around)
        if more and len(around) - here <= hold:
            continue  # not enough of what comes after is known yet
        if here < len(around):
            yield tuple(around), here
        if here == hold and around:
            around.popleft()
        else:
            here += 1


def _append_next(source: Iterator[T], around: deque[T]) -> bool:
    for item in source:
        around.append(item)
        return True
    return False
