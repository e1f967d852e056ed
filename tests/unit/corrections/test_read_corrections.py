"""Files of corrections, as people write them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from builders import HOSTILE

from objmask.corrections.read import MAX_VIDEO_BYTES, check_tracks, classes_of, read_corrections, unknown_videos
from objmask.errors import ConfigError

SCHEMA = Path(__file__).parents[3] / "workflow/schemas/corrections.schema.yaml"
DROP = "  - drop: {track: 1}\n"


def read(folder, text, videos=("desk/one", "desk/two")):
    path = folder / "corrections.yaml"
    path.write_text(text, encoding="utf-8")
    return read_corrections(path, SCHEMA, videos)


def test_what_a_file_says(tmp_path):
    text = """
desk/one:
  - add: {class: person, from_s: 1.2, to_s: 1:02.5, box: [0, 0.25, 1, 0.5]}
  - add: {class: person, from_s: 0, to_s: 1, polygon: [[0, 0], [1, 0], [1, 1]], to_polygon: [[0, 0], [1, 0], [0, 1]]}
  - drop: {track: 12, class: book, from_s: 1, to_s: 2}
  - confirm: {track: 3}
desk/two:
  - relabel: {track: 12, class: laptop, was: book}
desk/three: []
"""
    entries = read(tmp_path, text)
    assert [len(entries[name]) for name in entries] == [4, 1]
    assert entries["desk/one"][0]["add"]["to_s"] == 62.5
    assert classes_of(entries) == {
        "person": "desk/one, entry 1",
        "book": "desk/one, entry 3",
        "laptop": "desk/two, entry 1",
    }


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}", "desk/one: []\n"])
def test_nothing_to_correct(tmp_path, text):
    assert read(tmp_path, text) == {}


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", *HOSTILE])
def test_names_are_taken_for_names(tmp_path, name):
    assert list(read(tmp_path, f"{json.dumps(name)}:\n{DROP}", [name])) == [name]


def test_names_are_compared_however_they_are_composed(tmp_path):
    assert list(read(tmp_path, f"caf\u00e9:\n{DROP}", ["cafe\u0301"])) == ["cafe\u0301"]


def test_a_folder_holds_a_file_a_video_or_several(tmp_path):
    folder = tmp_path / "all"
    (folder / "desk").mkdir(parents=True)
    (folder / "desk/one.yaml").write_text("- drop: {track: 1}\n")
    (folder / "more.yml").write_text(f"desk/one:\n  - drop: {{track: 2}}\ndesk/two:\n{DROP}")
    (folder / "notes.txt").write_text("not: [this")
    entries = read_corrections(folder, SCHEMA, ["desk/one", "desk/two"])
    assert entries == {
        "desk/one": [{"drop": {"track": 1}}, {"drop": {"track": 2}}],
        "desk/two": [{"drop": {"track": 1}}],
    }


def test_a_folder_without_corrections(tmp_path):
    with pytest.raises(ConfigError, match="holds no corrections"):
        read_corrections(tmp_path, SCHEMA, [])


def test_a_video_may_be_there_several_times(tmp_path):
    assert len(read(tmp_path, f"desk/one:\n{DROP}desk/two:\n{DROP}desk/one:\n{DROP}")["desk/one"]) == 2


def test_a_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_corrections(tmp_path / "none.yaml", SCHEMA, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("desk/one: [", "not YAML"),
        ("\x00", "not YAML"),
        ("just words", "expected a list of entries"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("desk/one:\n  - drop: {track: 1, track: 2}\n", "'track' is there twice"),
        (f"a: &x\n{DROP}b: *x\n", "aliases"),
        (f"12:\n{DROP}", "put it in quotes"),
        (f"yes:\n{DROP}", "put it in quotes"),
        ("desk/one: 3", "desk/one"),
        ("desk/one: {drop: {track: 1}}", "desk/one"),
        (
            "desk/one:\n  - drop: {track: 1}\n  - erase: {track: 1}\n",
            "desk/one, entry 2: 'erase' is unknown; possible: add",
        ),
        ("desk/one:\n  - drop: {track: 1, whatever: 2}\n", "entry 1.*'whatever' is unknown; possible: box, class"),
        ("desk/one:\n  - drop: {}\n", "entry 1, drop: say one of track, class"),
        ("desk/one:\n  - drop: {track: -1}\n", "track"),
        ("desk/one:\n  - drop: {track: 1.5}\n", "track"),
        ("desk/one:\n  - drop: {track: 1, from_s: .inf}\n", "from_s"),
        ("desk/one:\n  - drop: {track: 1, from_s: .nan}\n", "desk/one: entry 1"),
        ("desk/one:\n  - drop: {track: 1, from_s: 2, to_s: 1}\n", "desk/one: entry 1: from_s 2 is after to_s 1"),
        ("desk/one:\n  - relabel: {track: 1}\n", "class"),
        ("desk/one:\n  - add: {class: cup, from_s: 1, to_s: 2}\n", "entry 1, add: say one of box, polygon"),
        ("desk/one:\n  - add: {class: cup, from_s: 1, to_s: 2, box: [0, 0, 1, 1.5]}\n", "add.box.3: 1.5"),
        ("desk/one:\n  - add: {class: cup, from_s: 1, to_s: 2, box: [0.5, 0, 0.5, 1]}\n", "entry 1: a box is"),
        ("desk/one:\n  - add: {class: cup, from_s: 1, to_s: 2, polygon: [[0, 0], [1, 1]]}\n", "polygon"),
    ],
)
def test_what_is_no_file_of_corrections(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message) as refused:
        read(tmp_path, text)
    assert "\n" not in str(refused.value)
    assert "corrections.yaml" in str(refused.value)


def test_more_than_a_command_line_takes(tmp_path):
    with pytest.raises(ConfigError, match="too many"):
        read(tmp_path, "desk/one:\n" + DROP * (MAX_VIDEO_BYTES // 18))


def test_unknown_videos_are_named_with_the_likeliest():
    [first, second] = unknown_videos(["desk/on", "xyz", "desk/one"], ["desk/one", "desk/two"])
    assert "no video 'desk/on'; did you mean 'desk/one'?" in first
    assert "'xyz'; names are paths" in second


@pytest.mark.parametrize(
    ("given", "models", "tracks", "message"),
    [
        ({"track": 1}, "a", False, "v, entry 1: names a track, and tracks.enabled is false"),
        ({"track": 1}, "ab", True, "say model: a or b"),
        ({"class": "cup", "model": "c"}, "ab", True, "no model 'c'; there are a, b"),
    ],
)
def test_tracks_that_cannot_be_told(given, models, tracks, message):
    with pytest.raises(ConfigError, match=message):
        check_tracks({"v": [{"drop": given}]}, list(models), tracks=tracks)


def test_tracks_that_can_be_told():
    check_tracks({"v": [{"drop": {"track": 1}}]}, ["a"], tracks=True)
    check_tracks({"v": [{"drop": {"track": 1, "model": "b"}}]}, ["a", "b"], tracks=True)
    check_tracks({"v": [{"drop": {"class": "cup"}}]}, ["a", "b"], tracks=False)


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_file_of_corrections_that_is_none_is_not_passed_over(tmp_path, kind):
    """What is to be hidden may stand in it."""
    (tmp_path / "all").mkdir()
    (tmp_path / "all/a.yaml").write_text(f"a:\n{DROP}")
    if kind == "pipe":
        os.mkfifo(tmp_path / "all/b.yaml")
    else:
        (tmp_path / "all/b.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(ConfigError, match=r"b\.yaml"):
        read_corrections(tmp_path / "all", SCHEMA, ["a", "b"])
