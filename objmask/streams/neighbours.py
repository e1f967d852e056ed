"""A look at the neighbours of each item of a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import TypeVar

T = TypeVar("T")
Spans = Iterable[tuple[int, int]]
"""Of each item the numbers of the first one that is near it, and of the one after the last; neither ever falls."""


def sliding(items: Iterable[T], spans: Spans) -> Iterator[tuple[Sequence[T], int]]:
    """For each item: the items that are near it, and where among them it is. Holds no others in memory.

    Args:
        items: as many as there are spans, or fewer.
        spans: each with its own item in it.

    Raises:
        ValueError: there are more items than spans.
    """
    around: deque[T] = deque()
    source, begin = iter(items), 0
    for number, (first, stop) in enumerate(spans):
        while begin + len(around) < stop and _append_next(source, around):
            pass
        while begin < first and around:
            around.popleft()
            begin += 1
        if number >= begin + len(around):
            return
        yield tuple(around), number - begin
    # One look further: what is wrong with the end of a stream comes to light there.
    if _append_next(source, around):
        raise ValueError("more items than places")


def beside(reach: int) -> Spans:
    """For any number of items: those up to `reach` before and after each."""
    return ((number - reach, number + reach + 1) for number in count())


def _append_next(source: Iterator[T], around: deque[T]) -> bool:
    for item in source:
        around.append(item)
        return True
    return False
