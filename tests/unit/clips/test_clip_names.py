"""Names of the FPV-O and BON sets, and any text as the name of a file."""

from __future__ import annotations

import pytest
from builders import HOSTILE

from objmask.clips.names import Named, file_name, label_and_subject, parse_fpvo
from objmask.inputs.names import UNLABELLED


@pytest.mark.parametrize(
    ("video", "expected"),
    [
        ("walk/1_10_walk", Named("1", "10", "walk")),
        ("13_16_walk", Named("13", "16", "walk")),
        ("x/02_3_hand_write-2", Named("2", "3", "hand_write", "2")),
        ("chat/0chat", Named("", "0", "chat")),
        ("dry/0dry-2", Named("", "0", "dry", "2")),
        ("subject_07/0chat", Named("7", "0", "chat")),
        ("Subject 3/morning/12wash", Named("3", "12", "wash")),
        ("typing/mini_subject_2_typeset", Named("2", "", "typeset")),
        ("subject12_read", Named("12", "", "read")),
        ("typing/clip_1", Named()),
        ("2019-06-01", Named()),
        ("1_10_2019", Named()),
        ("subject_4/holiday", Named("4")),
        ("", Named()),
        *((name, Named()) for name in HOSTILE),
    ],
)
def test_what_names_say(video, expected):
    assert parse_fpvo(video) == expected


@pytest.mark.parametrize(
    ("video", "label", "subject", "expected"),
    [
        ("walk/1_10_walk", "walk", "", ("walk", "1")),
        ("strolling/1_10_walk", "strolling", "", ("strolling", "1")),  # the folder counts more
        ("1_10_walk", UNLABELLED, "", ("walk", "1")),
        ("subject_5/0chat", "subject_5", "", ("chat", "5")),  # a folder that names a subject is no activity
        ("a/1_10_walk", "from the table", "anna", ("from the table", "anna")),
        ("x", UNLABELLED, "", (UNLABELLED, "")),
    ],
)
def test_folders_and_tables_count_more(video, label, subject, expected):
    assert label_and_subject(video, label, subject, "fpvo") == expected
    assert label_and_subject(video, label, subject, "plain") == (label, subject)


TEXTS = [
    *HOSTILE, "a/b", "a%2Fb", "a_b", "a\\b", "a:b", "..", ".", "", "%", " a", "a ", "a.", ".hidden", "<script>",
    "日本語 ☕", "x" * 300, "x" * 301, "☕" * 100, "☕" * 101, "a*?", 'a"b', "con|x",
]  # fmt: skip


def test_different_texts_give_different_names_of_files():
    names = [file_name(text) for text in TEXTS]
    assert len(set(names)) == len(TEXTS)
    for name in names:
        assert 0 < len(name.encode()) < 200
        assert not set(name) & set('/\\:*?"<>|\n\t\0')
        assert name[0] not in ". "
        assert name[-1] not in ". "


def test_plain_texts_stay_as_they_are():
    assert [file_name(text) for text in ("typing", "wash hands", "日本語 ☕", "a-b_c.d")] == [
        *("typing", "wash hands", "日本語 ☕", "a-b_c.d")
    ]
