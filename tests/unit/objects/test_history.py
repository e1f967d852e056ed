"""What a track is, and how sure the network was of it around each frame."""

from __future__ import annotations

import numpy as np
import pytest

from objmask.objects.history import LIKE_SIZE, History

TIMES_S = np.arange(100) / 10


def history(*entries: tuple[int, str, float], area: float = 0.1) -> History:
    made = History()
    for entry in entries:
        made.add(*entry, area)
    return made


def test_the_class_is_what_the_scores_add_up_to():
    assert history((0, "tv", 0.9), (1, "laptop", 0.5), (2, "laptop", 0.5)).name == "laptop"
    assert history((0, "tv", 0.9), (1, "laptop", 0.4), (2, "laptop", 0.4)).name == "tv"


def test_of_equal_classes_it_is_the_first_by_name_whatever_came_first():
    assert history((0, "tv", 0.5), (1, "cup", 0.5)).name == "cup"
    assert history((0, "cup", 0.5), (1, "tv", 0.5)).name == "cup"


@pytest.mark.parametrize(
    ("row", "expected"),
    [(10, 0.2), (14, 0.2), (15, 0.9), (20, 0.9), (25, 0.9), (26, 0.3), (30, 0.3)],
)
def test_a_weak_detection_counts_as_the_best_within_memory(row, expected):
    seen = history((10, "cup", 0.2), (12, "cup", 0.1), (20, "cup", 0.9), (30, "cup", 0.3))
    assert seen.score_at(row, 0.1, TIMES_S, 0.5) == pytest.approx(expected)


def test_beyond_memory_the_better_neighbour_counts():
    seen = history((10, "cup", 0.2), (60, "cup", 0.7))
    assert seen.score_at(35, 0.1, TIMES_S, 0.5) == pytest.approx(0.7)
    assert seen.score_at(0, 0.1, TIMES_S, 0.5) == pytest.approx(0.2)
    assert seen.score_at(99, 0.1, TIMES_S, 0.5) == pytest.approx(0.7)


def test_without_memory_a_detection_counts_as_it_is():
    seen = history((10, "cup", 0.2), (11, "cup", 0.9))
    assert seen.score_at(10, 0.1, TIMES_S, 0.0) == pytest.approx(0.2)


def test_a_score_of_something_much_smaller_does_not_count():
    seen = History()
    for row, score, area in ((10, 0.9, 0.1), (12, 0.2, 0.1 / LIKE_SIZE - 1e-6), (14, 0.1, 0.5)):
        seen.add(row, "person", score, area)
    assert seen.score_at(12, 0.1 / LIKE_SIZE - 1e-6, TIMES_S, 0.5) == pytest.approx(0.9)
    assert seen.score_at(14, 0.5, TIMES_S, 0.5) == pytest.approx(0.1)
    assert seen.score_at(12, 0.01, TIMES_S, 0.5) == pytest.approx(0.9)  # one of something larger does


def test_where_nothing_of_its_size_was_found_near_the_least_counts():
    """A carried mask may be larger than all that was found."""
    seen = History()
    seen.add(10, "person", 0.9, 0.1)
    seen.add(12, "person", 0.4, 0.1)
    assert seen.score_at(11, 0.9, TIMES_S, 0.5) == pytest.approx(0.4)
    assert seen.score_at(50, 0.9, TIMES_S, 0.5) == pytest.approx(0.4)
