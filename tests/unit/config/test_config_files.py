"""Configurations as people write and break them: read as they were typed, or refused in one line a mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from objmask.config.command_line import mistakes_of_command_line, read_config
from objmask.config.config import complete
from objmask.config.files import read_settings
from objmask.config.schema import only_texts, typed
from objmask.errors import ConfigError

BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}}}\n" for n in range(1, 40))
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40))


def from_file(tmp_path: Path, text: str | bytes, name: str = "c.yaml") -> dict[str, Any]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return typed(read_settings(path))


def from_arguments(*entries: str) -> dict[str, Any]:
    """As Snakemake calls it, which gives nothing of what was typed."""
    given = dict.fromkeys((entry.partition("=")[0] for entry in entries), 1)
    return typed(read_config([], given, ["-n", "--config", *entries, "--cores", "1"], only_texts()))


NAMES = (
    "2024_05_01",
    "007",
    "1e3",
    "yes",
    "2024-05-01",
    "0x1f",
    "1:30",
    ".inf",
    "a: b",
    "x #y",
    "#1",
    "{video} x",
    "*x",
    " a",
)
NAMES = (
    *NAMES,
    "[x",
    "{a: b}",
    "[a]",
    "%s",
    "@x",
    "`x`",
    "it's $(x)",
    'a"b',
    "-",
    "~/x",
    "!x",
    "&x",
    "1_000",
    "9" * 5000,
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["videos", "model", "mirror", "corrections"])
def test_a_text_on_the_command_line_is_what_was_typed(key, name):
    assert from_arguments(f"{key}={name}") == {key: name}


@pytest.mark.parametrize("name", ["2024_05_01", "007", "1e3", "yes", "2024-05-01", "0x1f", "1:30", "9" * 300])
def test_a_word_in_a_file_is_what_was_written(tmp_path, name):
    assert from_file(tmp_path, f"videos: {name}\nmodels: [{name}]\n") == {"videos": name, "models": [name]}
    groups = from_file(tmp_path, f"groups: {{{name}: {{objects: [{name}], colour: teal}}}}")["groups"]
    assert groups == {name: {"objects": [name], "colour": "teal"}}
    assert from_file(tmp_path, f"clips: {{split: {{test_subjects: [{name}]}}}}")["clips"]["split"] == {
        "test_subjects": [name]
    }


def test_numbers_and_words_to_choose_from_are_what_the_schema_says():
    given = from_arguments(
        *("detect={every: 5, floor: 1e-1}", "tracks={enabled: no}", "outputs=masks, coverage", "device=cpu "),
        *("privacy={zones: [[[0, 0], [1, 0], [1, 0.5]]]}", "window={start_s: null, end_s: 2}", "mirror=null"),
    )
    assert given == {
        "detect": {"every": 5, "floor": 0.1},
        "tracks": {"enabled": False},
        "outputs": "masks, coverage",
        "device": "cpu",
        "privacy": {"zones": [[[0, 0], [1, 0], [1, 0.5]]]},
        "window": {"start_s": None, "end_s": 2},
        "mirror": None,
    }
    assert from_arguments("detect={every: adaptive}") == {"detect": {"every": "adaptive"}}
    assert from_arguments("videos=") == {"videos": None}


@pytest.mark.parametrize("number", ["010", "'010'", "-0_7", "00", "16:9", "1:30.5"])
def test_numbers_that_people_read_otherwise_are_no_numbers(tmp_path, number):
    """YAML takes them for numbers to the base of 8 and of 60."""
    for given in (
        from_file(tmp_path, f"videos: v\nmodel: demo\nwindow: {{end_s: {number}}}"),
        from_arguments("videos=v", "model=demo", f"window={{end_s: {number}}}"),
    ):
        with pytest.raises(ConfigError) as caught:
            complete(given)
        (line,) = caught.value.lines
        written = number.strip("'")
        assert f"window.end_s: '{written}' is not of type 'number'" in line


@pytest.mark.parametrize("text", ["", "# 0.5", "  "])
def test_a_text_with_nothing_in_it_is_no_default(tmp_path, text):
    with pytest.raises(ConfigError, match=r"detect\.floor: "):
        complete(from_file(tmp_path, f"videos: v\nmodel: demo\ndetect: {{floor: '{text}'}}"))


def test_what_looks_like_a_comment_is_a_text_on_the_command_line():
    assert from_arguments("device=#x", "outputs=# masks", "detect= ") == {
        "device": "#x",
        "outputs": "# masks",
        "detect": None,
    }


def test_single_values_add_to_those_of_files(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("videos: a\nprivacy: {style: blur, strength: 3}\n")
    argv = ["--config", "privacy={style: solid}"]
    config = read_config([path], {"privacy": {"style": "solid"}}, argv, only_texts())
    assert typed(config) == {"videos": "a", "privacy": {"style": "solid", "strength": 3}}


@pytest.mark.parametrize(
    ("colour", "levels"), [("'#8b4513'", [139, 69, 19]), ("teal", [0, 128, 128]), ("'#f00'", [255, 0, 0])]
)
def test_colours_by_name(tmp_path, colour, levels):
    given = from_file(tmp_path, f"videos: v\nmodel: demo\ngroups: {{a: {{objects: [cup], colour: {colour}}}}}\n")
    assert complete(given)["groups"]["a"]["colour"] == levels


@pytest.mark.parametrize("colour", ["tael", "#12", "#11223344", "hsv(", "", "2024"])
def test_what_is_no_colour(colour):
    groups = {"a": {"objects": ["cup"], "colour": colour}, "b": {"objects": ["tv"], "colour": "nocolour"}}
    with pytest.raises(ConfigError) as caught:
        complete({"videos": "v", "model": "demo", "groups": groups})
    assert len(caught.value.lines) == 2
    assert caught.value.lines[0].startswith(f"groups.a.colour: no colour '{colour}'; ")


def test_all_mistakes_are_listed_in_an_order_that_stays():
    given = {"privacy": {"stlye": "blur", "strength": 9}, "detectt": 1, "detect": {"every": 0.5}, "device": "cuda"}
    found = []
    for one in (given, dict(reversed(given.items()))):
        with pytest.raises(ConfigError) as caught:
            complete(one)
        found.append(caught.value.lines)
    assert found[0] == found[1]
    assert len(found[0]) == 7
    for part in (
        "'privacy.stlye'; did you mean 'style'?",
        "'detectt'",
        "videos is missing",
        "models is missing",
        ": device: ",
    ):
        assert sum(part in line for line in found[0]) == 1, part


def test_so_are_those_of_values_that_contradict_each_other():
    given = {"detect": {"floor": 0.5, "every": 2}, "tracks": {"enabled": False}, "window": {"start_s": 3, "end_s": 2}}
    with pytest.raises(ConfigError) as caught:
        complete({"videos": "v", "model": "demo", **given})
    assert len(caught.value.lines) == 4


BROKEN = {
    "binary": (bytes(range(256)) * 9, "UTF-8"),
    "Latin-1": ("videos: Küche".encode("latin-1"), "UTF-8"),
    "UTF-16": ("videos: a".encode("utf-16"), "UTF-8"),
    "NUL": ("videos: a\0b", "not YAML"),
    "deep": ("videos: " + "[" * 3000 + "]" * 3000, "nested"),
    "deep sections": ("".join(f"{' ' * n}a:\n" for n in range(3000)), "nested"),
    "101 levels": ('{"videos": ' + "[" * 100 + "1" + "]" * 100 + "}", "nested"),
    "deep JSON": ('{"videos": ' + "[" * 3000 + "]" * 3000 + "}", "nested"),
    "very deep JSON": ('{"videos": ' + "[" * 200_000 + "]" * 200_000 + "}", "nested"),
    "in itself": ("videos: &a [*a]", "itself"),
    "a section in itself": ("videos: a\ngroups: &a {b: *a}", "itself"),
    "merged with itself": ("videos: a\ngroups: &a {<<: *a}", "itself"),
    "aliases of aliases": (BOMB, "aliases"),
    "merged aliases": (MERGED, "aliases"),
    "unknown alias": ("videos: *a", "undefined alias"),
    "twice": ("videos: a\nmodel: m\nvideos: b", "line 3: 'videos' is there twice"),
    "twice in a section": ("privacy:\n  style: blur\n  style: solid", "line 3: 'style' is there twice"),
    "twice in JSON": ('{"videos": "a", "videos": "b"}', "'videos' is there twice"),
    "tabs": ("groups:\n\ta: 1", "spaces, not tabs"),
    "a list": ("- a\n- b", "keys are missing"),
    "a word": ("hello", "keys are missing"),
    "a number in JSON": ("1", "keys are missing"),
    "empty": ("", "no settings"),
    "null": ("null", "no settings"),
    "comments": ("# nothing", "no settings"),
    "two documents": ("videos: a\n---\nvideos: b", "document"),
    "an object of Python": ("videos: !!python/object/apply:os.system [id]", "not taken"),
    "a tag": ("videos: !secret x", "not taken"),
    "a list as key": ("? [a]\n: b", "key"),
    "large": (b"#" * 6_000_000, "larger"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_files_are_refused_in_one_line(tmp_path, what):
    content, part = BROKEN[what]
    with pytest.raises(ConfigError) as caught:
        from_file(tmp_path, content)
    (line,) = caught.value.lines
    assert part in line
    assert str(tmp_path / "c.yaml") in line
    assert mistakes_of_command_line(["--configfile", str(tmp_path / "c.yaml")]) == [*caught.value.args]


def test_aliases_and_merged_keys_that_people_write_are_taken(tmp_path):
    given = from_file(tmp_path, "masks: &m {score: 0.3}\nprivacy: {<<: *m, style: solid, score: 0.2}\nvideos: v\n")
    assert given["privacy"] == {"score": 0.2, "style": "solid"}


def test_json_is_read_as_json(tmp_path):
    given = {"videos": "2024_05_01", "model": "demo", "window": {"end_s": 1e-1}, "clips": {"size": [4, 5]}}
    assert from_file(tmp_path, json.dumps(given, indent="\t"), "c.json") == given


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("argv", "lines"),
    [
        (["--config", "privacy.style=solid"], ["unknown key 'privacy.style'; write --config 'privacy={style: solid}'"]),
        (["-C", "videos=a", "x=1", "--cores", "1"], ["unknown key 'x'"]),
        (["--config", "videos"], ["'videos' is no setting; write key=value"]),
        (["--config=a.b=1", "-n", "videos.c"], ["write --config 'a={b: 1}'"]),
        (["--config", "videos=a.b", "--configfile"], []),
        (["target", "-n"], []),
    ],
)
def test_what_snakemake_itself_would_trip_over(argv, lines):
    found = mistakes_of_command_line(argv)
    assert len(found) == len(lines)
    assert all(part in line for part, line in zip(lines, found, strict=True))
