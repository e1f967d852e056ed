"""Videos that failed: what is remembered of them and for how long, and what a further pass is told."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from objmask.files.whole import read_json, write_json
from objmask.inputs.index import InputVideo
from objmask.inputs.unusable import known_unusable, note, remember, why_excluded
from objmask.jobs.logs import LastWords, last_words
from objmask.running import further_pass
from objmask.running.further_pass import LeftOut, left_out
from objmask.running.outcome import FailedJob, outcome

CONFIG = {
    **{"videos": "v", "outputs": ["masks"], "on_truncated": "fail", "on_unreadable": "exclude"},
    **{"privacy": {"audio": "copy"}, "report": {"thumbnails": 3}, "mirror": None},
}
PLACE = Path("/home/somebody/videos/one.mp4")
ONE = InputVideo("one", PLACE, "desk", sha256="11", packets=20)
TWO = InputVideo("two", PLACE.with_name("two.mp4"), "desk", sha256="22", packets=20)
VIDEOS = {"one": ONE, "two": TWO}


def held(file, config=CONFIG, videos=(ONE, TWO)):
    return known_unusable(file, videos, config)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "unusable.json"


@pytest.mark.parametrize(
    ("rule", "change", "holds"),
    [
        ("probe", {}, True),
        ("probe", {"privacy": {"audio": "drop"}}, True),
        ("probe", {"on_truncated": "keep"}, False),
        ("protect", {}, True),
        ("protect", {"privacy": {"audio": "drop"}}, False),
        ("protect", {"outputs": ["masks", "report"]}, False),
        ("protect", {"videos": "elsewhere", "report": {}, "on_unreadable": "fail"}, True),
    ],
)
def test_a_note_holds_as_long_as_what_decided_is_the_same(file, rule, change, holds):
    remember(file, {"one": note(ONE, rule, rule, f"{PLACE}: is bad", CONFIG)})
    assert set(held(file, {**CONFIG, **change})) == ({"one"} if holds else set())
    assert held(file, videos=[InputVideo("one", PLACE, "desk", sha256="33")]) == {}
    assert held(file, videos=[InputVideo("two", PLACE, "desk", sha256="11")]) == {}


def test_other_code_or_another_library_is_another_try(file, monkeypatch):
    remember(file, {"one": note(ONE, "probe", "probe", "bad", CONFIG)})
    with monkeypatch.context() as patched:
        patched.setattr("objmask.inputs.unusable.code_digest", lambda verb: "new")
        assert not held(file)
    with monkeypatch.context() as patched:
        patched.setattr("objmask.inputs.unusable.versions", lambda name: {name: "99"})
        assert not held(file)
    assert held(file)


def test_a_file_of_unknown_bytes_is_tried_again(file):
    unread = InputVideo("one", PLACE, "desk", sha256="")
    remember(file, {"one": note(unread, "probe", "probe", "bad", CONFIG)})
    assert not held(file, videos=[unread])


def test_notes_name_no_places(file):
    remember(file, {"one": note(ONE, "probe", "probe", f"{PLACE}: is bad", CONFIG)})
    assert "somebody" not in file.read_text()
    assert held(file)["one"].reason == "one.mp4: is bad"
    assert ONE.with_place("one.mp4: is bad") == f"{PLACE}: is bad"
    assert ONE.with_place("results/x: is bad") == "results/x: is bad"


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"one": {}}', '{"one": 3}', '{"one": {"sha256": 3}}', "é"])
def test_a_damaged_file_of_notes_excludes_nothing(file, text):
    file.write_text(text)
    assert held(file) == {}
    assert held(file.with_name("none")) == {}


@pytest.mark.parametrize("text", ["two", "no such"])
def test_a_note_of_a_verb_that_is_no_more_holds_nothing(file, text):
    remember(file, {"one": note(ONE, "probe", "probe", "bad", CONFIG)})
    document = read_json(file)
    document["one"]["verb"] = text
    write_json(file, document)
    assert held(file) == {}


def test_who_is_left_out():
    bad = InputVideo(
        "bad", PLACE.with_name("bad.mp4"), "desk", sha256="3", unreadable=f"{PLACE.with_name('bad.mp4')}: no"
    )
    hit = InputVideo("hit", PLACE, "desk", unreadable="the disk failed", machine_failed=True)
    noted = {"one": note(ONE, "probe", "probe", "bad", CONFIG)}
    assert why_excluded([bad, ONE, TWO, hit], noted, {}, CONFIG) == {"bad": "bad.mp4: no", "one": "bad"}
    assert why_excluded([ONE, TWO], {}, {"two": "earlier"}, CONFIG) == {"two": "earlier"}
    assert why_excluded([bad, ONE], noted, {}, {**CONFIG, "on_unreadable": "fail"}) == {}
    assert why_excluded([ONE], noted, {"gone": "earlier"}, CONFIG) == {"one": "bad"}


@pytest.fixture
def job(tmp_path):
    def make(rule: str, video: str | None, *said: str, age_s: float = 0) -> FailedJob:
        log = tmp_path / f"{rule}-{video}.log"
        log.write_text("".join(f"2026-01-01 00:00:00,000 {line}\n" for line in said))
        when = time.time() - age_s
        os.utime(log, (when, when))
        return FailedJob(rule, rule, video, (log,))

    return make


UNUSABLE = f"UNUSABLE {PLACE}: truncated"
FULL = "ERROR results/masks/one.mp4: cannot be written (No space left on device)"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["INFO a", "ERROR b", "ERROR c"], LastWords("c", False)),
        (["WARNING a", "UNUSABLE b"], LastWords("b", True)),
        (["UNUSABLE b", "ERROR c"], LastWords("c", False)),
        (["WARNING ERROR UNUSABLE b"], None),
        ([], None),
    ],
)
def test_last_words(job, said, expected):
    assert last_words(job("masks", "one", *said).logs, time.time() - 60) == expected


def test_words_of_earlier_runs_do_not_count(job, tmp_path):
    assert last_words(job("masks", "one", UNUSABLE, age_s=600).logs, time.time() - 60) is None
    assert last_words([tmp_path / "none.log"], 0) is None


def found(*jobs, config=CONFIG, harmless=frozenset()):
    return outcome(jobs, VIDEOS, config, since=time.time() - 60, harmless=harmless)


def test_what_is_the_videos_fault_is_excluded_and_what_is_not_fails(job):
    both = found(job("probe", "one", UNUSABLE), job("masks", "two", FULL))
    assert set(both.unusable) == {"one"}
    assert both.left.excluded == {"one": "one.mp4: truncated"}
    assert both.left.failed == {"two": FULL.removeprefix("ERROR ")}
    assert list(both.left.lines) == [FULL.removeprefix("ERROR ")]


def test_with_fail_nothing_is_excluded_and_the_way_out_is_said_where_it_is_one(job):
    both = found(job("probe", "one", UNUSABLE), job("masks", "two", FULL), config={**CONFIG, "on_unreadable": "fail"})
    assert not both.unusable
    assert not both.left.excluded
    assert both.left.failed["one"] == "one.mp4: truncated"
    assert [line.endswith("leaves such videos out") for line in both.left.lines] == [True, False]


def test_a_job_that_died_without_a_word_is_no_fault_of_its_video(job):
    died = found(job("protect", "one", UNUSABLE, age_s=600))
    assert not died.left.excluded
    assert "protect of one: ended without saying why" in died.left.failed["one"]


def test_of_several_failures_of_a_video_its_own_fault_decides(job):
    several = found(job("masks", "one", FULL), job("protect", "one", UNUSABLE))
    assert several.left.excluded
    assert not several.left.failed


def test_what_holds_nothing_up_or_is_of_no_video_leaves_none_out(job):
    one = found(job("release", "one", "ERROR leaks"), job("model", None, "ERROR no model"), harmless={"release"})
    assert one.lines == ["leaks", "no model"]
    assert not one.left.names


def test_passes_add_up():
    both = LeftOut({"a": "x"}, {"b": "y"}, ["l"]).and_also(LeftOut({"c": "z"}, {}, ["m"]))
    assert both.names == {"a", "b", "c"}
    assert both.lines == ("l", "m")


def test_only_a_further_pass_and_its_nodes_leave_out_what_earlier_ones_did(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(further_pass._PASS, raising=False)
    assert left_out(main=False) == left_out(main=True) == LeftOut()
    write_json(further_pass.FILE, {"failed": {"a": "x"}, "excluded": {}, "lines": []})
    assert left_out(main=True) == LeftOut()
    assert left_out(main=False).names == {"a"}
    monkeypatch.setenv(further_pass._PASS, str(further_pass.FILE))
    assert left_out(main=True).names == {"a"}
