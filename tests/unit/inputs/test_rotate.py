"""Which videos the setting `rotate` turns, and what is wrong with one that turns none."""

from __future__ import annotations

import unicodedata

import pytest

from objmask.errors import ConfigError
from objmask.inputs.rotate import rotations

NAMES = ["desk/one", "desk/two", "meeting/desk/three", "a[b]", "schön"]


def test_one_number_turns_all():
    assert rotations(90, NAMES) == dict.fromkeys(NAMES, 90)
    assert rotations(0, NAMES) == {}


@pytest.mark.parametrize(
    ("rotate", "turned"),
    [
        ({}, {}),
        ({"desk/one": 270}, {"desk/one": 270}),
        ({"desk/*": 180}, {"desk/one": 180, "desk/two": 180}),
        ({"*desk*": 180}, {"desk/one": 180, "desk/two": 180, "meeting/desk/three": 180}),
        ({"desk/t?o": 90, "*/one": 180}, {"desk/two": 90, "desk/one": 180}),
        # A video's own name counts before patterns, wherever it stands.
        ({"desk/*": 180, "desk/one": 90}, {"desk/one": 90, "desk/two": 180}),
        ({"desk/one": 0, "desk/*": 180}, {"desk/two": 180}),
        # And is no pattern.
        ({"a[b]": 90}, {"a[b]": 90}),
        ({unicodedata.normalize("NFD", "schön"): 90}, {"schön": 90}),
        ({"desk/*": 90, "*/two": 90}, {"desk/one": 90, "desk/two": 90}),
        ({"desk/one": 90.0}, {"desk/one": 90}),
    ],
)
def test_names_and_patterns(rotate, turned):
    found = rotations(rotate, NAMES)
    assert found == turned
    assert {type(degrees) for degrees in found.values()} <= {int}


@pytest.mark.parametrize(
    ("rotate", "said"),
    [
        (
            {"dsk/one": 90},
            "'dsk/one' is the name of no video, and no pattern that one matches; did you mean 'desk/one'?",
        ),
        ({"desk/one.mp4": 90}, "did you mean 'desk/one'?"),
        ({"*.mov": 90}, "names are paths below the input folder, without suffix"),
        (
            {"desk/*": 90, "*/two": 180},
            "of 'desk/two', 'desk/*' says 90 and '*/two' says 180; write the video's own name",
        ),
    ],
)
def test_what_turns_nothing_or_contradicts_itself_is_refused(rotate, said):
    with pytest.raises(ConfigError) as caught:
        rotations(rotate, NAMES)
    assert str(caught.value).startswith("rotate: ")
    assert said in str(caught.value)
    assert len(caught.value.lines) == 1


def test_each_mistake_is_a_line():
    with pytest.raises(ConfigError) as caught:
        rotations({"x": 90, "y": 90, "desk/one": 90}, NAMES)
    assert [line[:11] for line in caught.value.lines] == ["rotate: 'x'", "rotate: 'y'"]
