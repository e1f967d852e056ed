"""Each item comes with its neighbours, and no others are held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objmask.streams.neighbours import beside, sliding


@pytest.mark.parametrize("reach", range(4))
@pytest.mark.parametrize("items", range(9))
def test_every_item_gets_those_beside_it(items: int, reach: int) -> None:
    expected = [(tuple(range(max(0, i - reach), min(items, i + reach + 1))), min(i, reach)) for i in range(items)]
    assert list(sliding(range(items), beside(reach))) == expected


@st.composite
def any_spans(draw: st.DrawFn) -> list[tuple[int, int]]:
    count = draw(st.integers(0, 30))
    first, stop = (sorted(draw(st.lists(st.integers(0, count), min_size=count, max_size=count))) for _ in range(2))
    return [(min(a, i), max(b, i + 1)) for i, (a, b) in enumerate(zip(first, stop, strict=True))]


@given(any_spans())
def test_every_item_gets_what_its_span_says(spans: list[tuple[int, int]]) -> None:
    read = 0

    def items() -> Iterator[int]:
        nonlocal read
        for read in range(1, len(spans) + 1):
            yield read - 1

    for number, (around, here) in enumerate(sliding(items(), spans)):
        assert around == tuple(range(*spans[number]))
        assert around[here] == number
        assert read == spans[number][1]


def test_more_items_than_places_come_to_light() -> None:
    with pytest.raises(ValueError, match="more items"):
        list(sliding(range(3), [(0, 1), (1, 2)]))
