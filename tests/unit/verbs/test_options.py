"""Options that are settings take what the settings take."""

from __future__ import annotations

import argparse
import math

import pytest

from objmask.config.json_schema import the_schema
from objmask.verbs.options import add_setting

SECTIONS = {name: part["properties"] for name, part in the_schema()["properties"].items() if "properties" in part}
LEAVES = {f"{section}.{key}": part for section, parts in SECTIONS.items() for key, part in parts.items()}


def kinds(part):
    return [part["type"]] if isinstance(part["type"], str) else part["type"]


NUMBERS = {
    key: part
    for key, part in LEAVES.items()
    if not {"integer", "number"}.isdisjoint(kinds(part) if "type" in part else ()) and "string" not in kinds(part)
    if "array" not in kinds(part)
}
WORDS = {key: part for key, part in LEAVES.items() if "enum" in part}


def given(key, *texts):
    """What a parser with the option makes of its text; without one: the default."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_setting(parser, key)
    name = key.rpartition(".")[2]
    return getattr(parser.parse_args([f"--{name.replace('_', '-')}={text}" for text in texts]), name)


def refused(key, text):
    with pytest.raises(argparse.ArgumentError) as error:
        given(key, text)
    return str(error.value)


def test_there_are_some_of_each_kind():
    assert len(NUMBERS) > 15
    assert len(WORDS) > 8


@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_is_within_its_bounds(key):
    part = NUMBERS[key]
    assert given(key) == part["default"]
    step = 1 if "integer" in kinds(part) else 1e-6
    low, high = part.get("minimum"), part.get("maximum")
    for bound, beyond in ((low, -step), (high, step)):
        if bound is not None:
            assert given(key, f"{bound}") == bound
            assert f"{bound:g}" in refused(key, f"{bound + beyond}")
    for name in ("exclusiveMinimum", "exclusiveMaximum"):
        if name in part:
            assert f"{part[name]:g}" in refused(key, f"{part[name]}")
    for text in ("nan", "inf", "many"):
        assert text in refused(key, text)


@pytest.mark.parametrize("key", WORDS)
def test_a_word_is_one_of_those_that_there_are(key):
    part = WORDS[key]
    assert given(key) == part["default"]
    assert [given(key, word) for word in part["enum"]] == part["enum"]
    assert part["enum"][-1] in refused(key, "nonsense")


def test_a_number_or_a_word():
    assert given("detect.every", "adaptive") == "adaptive"
    assert given("detect.every", "7") == 7
    assert "at most 300" in refused("detect.every", "301")
    refused("detect.every", "adaptively")


@pytest.mark.parametrize(("key", "option"), [("tracks.flow", "--no-flow"), ("masks.lossless", "--lossless")])
def test_a_switch_is_named_by_what_it_changes(key, option):
    parser = argparse.ArgumentParser()
    add_setting(parser, key)
    (before,), (after,) = (vars(parser.parse_args(line)).values() for line in ([], [option]))
    assert (before, after) == (False, True)


def test_a_value_that_is_none_in_the_settings_is_none_here():
    assert given("detect.batch") is None
    assert math.isclose(given("window.end_s", "1.5"), 1.5)
