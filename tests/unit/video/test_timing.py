from fractions import Fraction

import pytest

from objmask.video.timing import choose_rule, first_time, nominal_step, retime

N = None


def times(stored, step=10):
    items = [(p, None) for p in stored]
    return [pts for pts, _ in retime(items, choose_rule(stored), step, first_time(stored, step))]


@pytest.mark.parametrize(
    ("stored", "rule", "expected"),
    [
        ([5, 15, 16, 90], "kept", [5, 15, 16, 90]),
        ([-20, -10, 0], "kept", [-20, -10, 0]),
        ([0], "kept", [0]),
        ([], "kept", []),
        ([0, 30, 10, 20, 60, 40, 50], "sorted", [0, 10, 20, 30, 40, 50, 60]),
        ([0, N, 20], "repaired", [0, 10, 20]),
        ([N, N, N], "repaired", [0, 10, 20]),
        # What FFmpeg says of H.264 in Matroska whose first blocks lie before zero.
        ([N, N, 5, 15], "repaired", [-15, -5, 5, 15]),
        ([N, 100, 110], "repaired", [90, 100, 110]),
        ([7, 17, 17, 27], "repaired", [7, 17, 18, 27]),
        ([0, 10, 9, 20, 20], "repaired", [0, 10, 11, 20, 21]),
        # The clock restarts at the third frame; everything later moves with it.
        ([1000, 1010, 0, 10, 10, 30], "repaired", [1000, 1010, 1020, 1030, 1031, 1050]),
    ],
)
def test_rule_and_times(stored, rule, expected):
    assert choose_rule(stored) == rule
    assert times(stored) == expected


def test_reordering_further_than_any_codec_does_is_a_restarted_clock():
    near = [*range(100, 116), 0, *range(200, 210)]
    assert choose_rule(near) == "sorted"
    assert times(near) == sorted(near)
    far = [*range(100, 117), 0, *range(200, 210)]
    assert choose_rule(far) == "repaired"
    assert times(far)[17] == 116 + 10


def test_items_stay_in_order_when_times_are_sorted():
    stored = [0, 30, 10, 20]
    assert [item for _, item in retime(zip(stored, "abcd", strict=True), "sorted", 10, 0)] == list("abcd")


@pytest.mark.parametrize(("rule", "stored"), [("kept", [1, 1]), ("kept", [1, N]), ("sorted", [1, 1])])
def test_times_that_do_not_fit_the_rule_are_refused(rule, stored):
    with pytest.raises(ValueError, match=r"timestamp"):
        list(retime([(p, None) for p in stored], rule, 10, 0))


def test_nominal_step():
    assert nominal_step(Fraction(30000, 1001), Fraction(1, 30000)) == 1001
    assert nominal_step(Fraction(1000), Fraction(1, 25)) == 1
