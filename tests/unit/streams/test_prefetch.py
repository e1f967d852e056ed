import threading
import time

import pytest
from patience import AT_MOST_S, until

from objmask.streams.prefetch import prefetch


def counted(items, made):
    try:
        for item in items:
            made.append(item)
            yield item
    finally:
        made.append("closed")


@pytest.mark.parametrize("count", [0, 1, 4, 5, 1000])
@pytest.mark.parametrize("depth", [1, 4])
def test_everything_comes_in_order(count, depth):
    assert list(prefetch(range(count), depth)) == list(range(count))


def test_none_and_exceptions_are_items_like_others():
    items = [None, ValueError("an item"), StopIteration(), False]
    assert list(prefetch(items)) == items


def test_an_error_comes_after_what_came_before_it():
    def broken():
        yield 1
        yield 2
        raise OSError("disk gone")

    seen = []
    with pytest.raises(OSError, match="disk gone"):
        seen.extend(prefetch(broken()))
    assert seen == [1, 2]


def test_what_is_not_iterable_is_an_error_and_no_hang():
    with pytest.raises(TypeError):
        list(prefetch(3))


def test_it_works_ahead_and_no_further_than_asked():
    made = []
    items = prefetch(counted(range(100), made), 3)
    assert next(items) == 0
    until(lambda: len(made) >= 4)
    time.sleep(0.05)
    # One is out, three wait, and at most one more is in the maker's hands.
    assert 4 <= len(made) <= 5
    items.close()


def test_stopping_early_closes_the_source_and_ends_the_thread():
    made, before = [], threading.active_count()
    for item in prefetch(counted(range(10**9), made), 2):
        if item == 5:
            break
    del item
    until(lambda: threading.active_count() == before)
    assert made[-1] == "closed"


def test_stages_can_follow_each_other():
    assert list(prefetch((x * 2 for x in prefetch(iter(range(50)), 2)), 2)) == list(range(0, 100, 2))


def test_an_error_passes_through_all_stages():
    def broken():
        yield 1
        raise ValueError("first stage")

    with pytest.raises(ValueError, match="first stage"):
        list(prefetch(x for x in prefetch(broken())))


def test_never_asked_never_started():
    made = []
    prefetch(counted(range(3), made)).close()
    assert made == []


def test_a_frame_s_time_is_not_paid_twice():
    """The next one is made while one is worked on: each waits for the other to be there."""
    meet = threading.Barrier(2, timeout=AT_MOST_S)

    def made():
        for i in range(6):
            if i:
                meet.wait()
            yield i

    for i in prefetch(made()):
        if i < 5:
            meet.wait()
