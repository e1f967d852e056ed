"""Lists to train and to test with."""

from __future__ import annotations

import csv
import logging

import pytest

from objmask.clips.splits import Example, choose_test, divide, labels_of, write_splits
from objmask.errors import ConfigError


def examples(subjects=("1", "2", "3", "4"), labels=("chat", "walk"), takes=2):
    return [Example(f"{label}/{s}_{t}", label, s) for label in labels for s in subjects for t in range(takes)]


def by_label(count, labels=("a", "b", "c")):
    return [Example(f"{label}/{k}", label) for label in labels for k in range(count)]


def subjects_of(chosen, among):
    return {e.subject for e in among if e.video in chosen}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
def test_no_subject_is_in_both(seed, share):
    among = examples()
    test = choose_test(among, share, seed)
    train = {e.video for e in among} - test
    assert test
    assert train
    assert not subjects_of(test, among) & subjects_of(train, among)


def test_a_share_of_the_subjects():
    among = examples(subjects=[str(k) for k in range(10)])
    assert len(subjects_of(choose_test(among, 0.3, 0), among)) == 3
    assert choose_test(among, 0, 0) == frozenset()
    assert len({choose_test(among, 0.3, seed) for seed in range(10)}) > 3


def test_without_subjects_a_share_of_each_label():
    among = by_label(10)
    test = choose_test(among, 0.3, 0)
    assert {label: sum(v.startswith(label) for v in test) for label in "abc"} == {"a": 3, "b": 3, "c": 3}
    assert choose_test(by_label(1), 0.9, 0) == frozenset()
    assert len(choose_test(by_label(2, ["a"]), 0.99, 0)) == 1


def test_order_does_not_matter_and_a_further_video_displaces_one_at_most():
    among = by_label(20)
    test = choose_test(among, 0.3, 0)
    assert choose_test(among[::-1], 0.3, 0) == test
    for k in range(20):
        more = choose_test([*among, Example(f"a/new{k}", "a")], 0.3, 0)
        assert len(test - more) <= 1
        assert {v for v in test if v[0] != "a"} == {v for v in more if v[0] != "a"}


def test_known_and_unknown_subjects_together():
    among = [*examples(), *by_label(4, ["chat"])]
    test = choose_test(among, 0.25, 0)
    assert len(subjects_of(test, among) - {""}) == 1
    assert sum(v.startswith("chat/") and "_" not in v for v in test) == 1


def test_named_subjects_and_nothing_else():
    among = [*examples(), *by_label(4, ["chat"])]
    test = choose_test(among, 0.3, 0, ["2", "4"])
    assert test == {e.video for e in among if e.subject in ("2", "4")}
    with pytest.raises(ConfigError, match=r"'9'.*known: 1, 2, 3, 4"):
        choose_test(among, 0.3, 0, ["2", "9"])
    with pytest.raises(ConfigError, match="nothing to train"):
        choose_test(examples(), 0.3, 0, ["1", "2", "3", "4"])


def read(folder, name):
    return (folder / name).read_text(encoding="utf-8").splitlines()


def test_each_video_is_in_exactly_one_list(tmp_path):
    among = [*examples(), *by_label(3, ["<script>", "日本語 ☕", "a/b"])]
    write_splits(among, choose_test(among, 0.3, 0), tmp_path / "s", leave_one_subject_out=True)
    lists = [read(tmp_path / "s", f"{name}.txt") for name in ("train", "test")]
    assert sorted(lists[0] + lists[1]) == sorted(e.video for e in among)
    assert all(names == sorted(names) for names in lists)
    folds = sorted(path.name for path in (tmp_path / "s/folds").iterdir())
    assert folds == ["1", "2", "3", "4"]
    for fold in folds:
        train, test = (read(tmp_path / "s/folds" / fold, f"{name}.txt") for name in ("train", "test"))
        assert subjects_of(test, among) == {fold}
        assert fold not in subjects_of(train, among)
        assert sorted(train + test) == sorted(lists[0] + lists[1])
    assert read(tmp_path / "s", "labels.txt") == labels_of(among)
    with (tmp_path / "s/videos.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["video"]: row for row in csv.DictReader(stream)}
    assert {v for v, row in rows.items() if row["split"] == "test"} == set(lists[1])
    for e in among:
        assert labels_of(among)[int(rows[e.video]["label_index"])] == e.label == rows[e.video]["label"]


def test_written_again_nothing_old_remains(tmp_path):
    write_splits(examples(), frozenset(), tmp_path / "s", leave_one_subject_out=True)
    write_splits(examples(), frozenset(), tmp_path / "s")
    assert {path.name for path in (tmp_path / "s").iterdir()} == {"train.txt", "test.txt", "labels.txt", "videos.csv"}


def test_what_is_odd_is_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        write_splits([Example("a/1", "a", "1"), Example("b/2", "b", "2")], {"a/1"}, tmp_path / "s")
        write_splits(by_label(1), frozenset(), tmp_path / "s")
    assert "'a'" in caplog.text
    assert "no video to test with" in caplog.text
    assert "no label" not in caplog.text
    with caplog.at_level(logging.WARNING):
        write_splits([*by_label(2), Example("x", "unlabelled")], frozenset(), tmp_path / "s")
    assert "1 of the videos have no label, x is" in caplog.text


def test_folds_need_two_subjects():
    settings = {"names": "fpvo", "share": 0.3, "seed": 0, "subjects": (), "leave_one_subject_out": True}
    videos = [("1_10_walk", "unlabelled", ""), ("1_11_chat", "unlabelled", ""), ("x", "chat", "")]
    with pytest.raises(ConfigError, match="two subjects"):
        divide(videos, **settings)
    examples, test = divide([*videos, ("y", "chat", "7")], **settings)
    assert [(e.label, e.subject) for e in examples] == [("walk", "1"), ("chat", "1"), ("chat", ""), ("chat", "7")]
    assert test
    with pytest.raises(ConfigError, match=r"'9'.*known: 1, 7"):
        divide([*videos, ("y", "chat", "7")], **{**settings, "subjects": [9]})


def test_subjects_that_would_share_a_folder(tmp_path):
    names = ["a/b", "a%2Fb", "..", "日本"]
    write_splits(examples(subjects=names), frozenset(), tmp_path / "s", leave_one_subject_out=True)
    assert len(list((tmp_path / "s/folds").iterdir())) == 4
