import json

import numpy as np
import pytest
from builders import PALETTE

from objmask.detections.classes import Group, Palette, check_names
from objmask.errors import ConfigError

WHITE, RED, BLUE = (255, 255, 255), (255, 0, 0), (0, 0, 255)


def test_colours_and_indices_go_together():
    assert PALETTE.colours.tolist() == [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]]
    assert PALETTE.colours.dtype == np.uint8
    assert PALETTE.index_of == {"person": 1, "tv": 2, "laptop": 2, "cup": 3, "bottle": 3}


def test_hidden_is_what_is_sensitive_unless_its_group_says_otherwise():
    palette = Palette(
        (
            Group("person", ("person",), WHITE),
            Group("screen", ("tv", "laptop"), RED, False),
            Group("drink", ("cup",), BLUE, True),
        )
    )
    assert palette.hidden(["person", "tv", "toilet"]) == {"person", "toilet", "cup"}
    assert palette.hidden([]) == {"cup"}
    assert Palette(()).hidden(["person"]) == {"person"}


def test_no_groups_is_black_alone():
    assert Palette(()).colours.tolist() == [[0, 0, 0]]


def test_json_round_trip_with_names_from_everywhere():
    palette = Palette((Group('Tisch "A" {100%}\'', ("会議室", "coffee\ncup"), WHITE), Group("-x", ("b",), (40, 0, 0))))
    assert Palette.from_json(palette.to_json()) == palette
    assert "\n" not in palette.to_json()


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        ((Group("a", ("cup",), RED), Group("b", ("cup",), BLUE)), ["cup", "'a'", "'b'"]),
        ((Group("a", ("cup",), RED), Group("a", ("tv",), BLUE)), ["name"]),
        ((Group("background", ("cup",), RED),), ["background"]),
        ((Group("a", ("cup",), RED), Group("b", ("tv",), (216, 39, 0))), ["'a'", "'b'", "clash"]),
        ((Group("a", ("cup",), (39, 39, 39)),), ["'a'", "background"]),
        ((Group("a", ("cup",), (0, 300, 0)),), ["0..255"]),
        ((Group("a", ("cup",), (0, -50, 0)),), ["0..255"]),
        (tuple(Group(str(i), (), (i, 0, 0)) for i in range(255)), ["255", "254"]),
    ],
)
def test_groups_that_would_be_mixed_up_are_refused(groups, names):
    with pytest.raises(ConfigError) as caught:
        Palette(groups)
    assert all(name in str(caught.value) for name in names)


def test_colours_just_far_enough_apart_are_taken():
    assert len(Palette((Group("a", ("x",), (40, 0, 0)), Group("b", ("y",), (0, 0, 40)))).groups) == 2


def test_as_many_groups_as_a_byte_has_room_for():
    grid = [(r, g, b) for r in range(0, 256, 40) for g in range(0, 256, 40) for b in range(0, 256, 40)][1:255]
    palette = Palette(tuple(Group(f"g{i}", (f"o{i}",), colour) for i, colour in enumerate(grid)))
    assert palette.index_of["o253"] == 254


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "3",
        "null",
        '{"a": 1}',
        '{"a": {"objects": ["x"]}}',
        '{"a": {"objects": ["x"], "colour": [1], "sensitive": false}}',
        '{"a": {"objects": "person", "colour": [255, 0, 0], "sensitive": true}}',
        '{"a": {"objects": ["x"], "colour": [255.5, 0, 0], "sensitive": true}}',
        '{"a": {"objects": ["x"], "colour": [256, 0, 0], "sensitive": true}}',
        '{"a": {"objects": ["x"], "colour": "red", "sensitive": true}}',
        '{"a": {"objects": [["x"]], "colour": [255, 0, 0], "sensitive": true}}',
    ],
)
def test_json_that_is_no_palette_is_one_line(text):
    with pytest.raises(ConfigError, match=r"^groups") as caught:
        Palette.from_json(text)
    assert "\n" not in str(caught.value)


def test_from_config_keeps_the_order_of_groups():
    groups = json.loads(PALETTE.to_json())
    back = Palette.from_config(dict(reversed(groups.items()))).groups
    assert [(group.name, group.objects) for group in back] == [(g.name, g.objects) for g in PALETTE.groups[::-1]]


def test_an_unknown_object_gets_the_nearest_name_or_where_to_look():
    check_names([], [], "groups")
    check_names(["cup"], ["cup", "tv"], "groups")
    with pytest.raises(ConfigError, match=r"privacy: unknown object 'labtop'; did you mean 'laptop'\?"):
        check_names(["cup", "labtop"], ["cup", "laptop"], "privacy")
    with pytest.raises(ConfigError, match="objmask models"):
        check_names(["zzz"], ["cup"], "groups")
