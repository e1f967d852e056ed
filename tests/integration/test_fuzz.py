"""Videos damaged at random: refused by one line, or as many frames as decode, each at its time and hidden.

And configurations broken at random: refused in one line a mistake, or taken as they were written.
"""

from __future__ import annotations

from collections import Counter

import broken_configurations
import fuzzing
import pytest
from broken_configurations import Configuration


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


def test_configurations_are_refused_or_taken_as_they_were_written(tmp_path):
    outcomes = [
        (one.path.name, one.entries, broken_configurations.outcome(one, tmp_path / "work"))
        for _, one in broken_configurations.mutants(tmp_path, 40, seed=7)
    ]
    assert [(name, entries, o.said) for name, entries, o in outcomes if o.kind == "wrong"] == []
    counts = Counter(outcome.kind for *_, outcome in outcomes)
    assert counts.keys() == {"refused", "accepted"}, counts


@pytest.mark.parametrize(
    ("said", "arrives"),
    [
        ("detect: {every: 5}", {"detect": {"every": 6}}),
        ("videos: 007", {"videos": "7"}),
        ("outputs: masks, coverage", {"outputs": ["masks"]}),
        ("device: cpu", {"device": "auto"}),
        ("groups: {a: {objects: [cup], colour: teal}}", {"groups": {}}),
        ("{}", {"privacy": {"hold": 0}}),
    ],
)
def test_the_judge_sees_what_is_not_as_it_was_written(tmp_path, said, arrives):
    """Beside what is read in truth, of which it says nothing."""
    path = tmp_path / "c.yaml"
    path.write_text(f"models: [demo]\n{said}\n" if said != "{}" else "models: [demo]\n")
    one = Configuration(path, () if "videos" in said else ("videos=v",))
    config, written = broken_configurations.read(one), broken_configurations.written(one)
    assert list(broken_configurations.differences(config, written)) == []
    for key, value in arrives.items():
        changed = {**config, key: {**config[key], **value} if value and isinstance(value, dict) else value}
        assert list(broken_configurations.differences(changed, written)) != []
