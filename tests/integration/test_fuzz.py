"""Videos damaged at random: refused by one line, or as many frames as decode, each at its time and hidden."""

from __future__ import annotations

import fuzzing
import pytest


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    files = fuzzing.sources(folder / "sound")
    (folder / "damaged").mkdir()
    pairs = list(fuzzing.mutants(files, folder / "damaged", 24, seed=7))
    return [
        *((path, "fail", fuzzing.run(path, folder, "fail")) for path in files),
        *fuzzing.run_all(pairs, folder),
    ]


def test_nothing_is_silently_wrong(outcomes):
    """No traceback, no crash, nothing that hangs, no frame too many, too few, at another time or uncovered."""
    assert [(path.name, mode, o.said) for path, mode, o in outcomes if o.kind == "wrong"] == []


def test_what_is_sound_is_read(outcomes):
    sound = [outcome for path, _, outcome in outcomes if path.parent.name == "sound"]
    assert {outcome.said for outcome in sound} == {""}


def test_every_kind_of_outcome_is_there(outcomes):
    damaged = [outcome for path, _, outcome in outcomes if path.parent.name == "damaged"]
    assert {outcome.kind for outcome in damaged} == {"refused", "identical", "different"}
    assert any(outcome.warned for outcome in damaged)


def test_the_judge_sees_what_is_wrong(tmp_path, monkeypatch):
    """A reader that loses a frame, or a hiding that leaves something out, is found out."""
    [path, *_] = fuzzing.sources(tmp_path)
    assert fuzzing.run(path, tmp_path / "work", "fail").said == ""
    plain = fuzzing.plain
    with monkeypatch.context() as patch:
        patch.setattr(fuzzing, "plain", lambda of: (plain(of)[0][1:], *plain(of)[1:]))
        assert fuzzing.run(path, tmp_path / "work", "fail").kind == "wrong"
    monkeypatch.setattr(fuzzing, "_BOX", (0.0, 0.0, 1.0, 0.2))
    assert "not hidden" in fuzzing.run(path, tmp_path / "work", "fail").said
