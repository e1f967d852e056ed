"""Words that can be read twice: what counts as the same, which frames are read, and what is written of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from objmask.audit.reader import Line
from objmask.audit.words import FORMAT, ReadFrame, Word, Words, apart, box_of, every, is_word, letters_in_common
from objmask.errors import DataError
from objmask.files.whole import read_json, write_json

BOX = (0.1, 0.2, 0.2, 0.6)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("Budget 2024", "budget 2024", 10),
        ("PASSWORD", "passw0rd", 7),
        ("total: 4,711", "total 4711", 9),
        ("ﬁle nº 123", "file n 123", 8),  # forms of a character are the character
        ("会议记录", "会议记录", 4),
        ("ab", "ab", 0),
        ("- - -", "- - -", 0),
        ("", "meeting", 0),
        ("Invoice", "meeting", 0),
        ("the quarterly report of all customers", "the", 0),
        ("abcdef", "fedcba", 0),
    ],
)
def test_one_text_that_is_read_twice_has_letters_in_common(one: str, other: str, count: int) -> None:
    assert letters_in_common(one, other) == count
    assert letters_in_common(other, one) == count


def test_a_word_has_three_letters_or_digits() -> None:
    assert [is_word(text) for text in ("abc", "a1 2", "ab", "!?-—", "")] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("times", "step", "chosen"),
    [
        ([], 1, []),
        ([0.0], 1, [0]),
        ([0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.4, 2.5], 1, [0, 3, 6, 7]),
        ([0.0, 0.4, 0.8, 1.2, 1.6, 2.0], 0.4, [0, 1, 2, 3, 4, 5]),
        ([0.0, 9.0, 9.1], 1, [0, 1, 2]),
        ([5.0, 5.1, 5.2], 60, [0, 2]),
    ],
)
def test_a_frame_each_step_and_the_last_one_are_read(times: list[float], step: float, chosen: list[int]) -> None:
    assert list(every(zip(times, range(len(times)), strict=True), step)) == chosen


def test_boxes_lie_in_the_picture() -> None:
    corners = np.array([[-3, 10.2], [50, 9.8], [51.2, 20], [0, 21]])
    assert box_of(corners, 40, 100) == (9 / 40, 0.0, 21 / 40, 0.52)
    assert box_of(np.full((4, 2), 200.0), 40, 100) == (39 / 40, 0.99, 1.0, 1.0)


def test_of_words_at_one_place_the_longest_stays() -> None:
    near = (0.1, 0.2, 0.2, 0.55)
    far = (0.5, 0.2, 0.6, 0.6)
    words = [Word(near, 0.9, 5), Word(BOX, 0.6, 8), Word(far, 0.7, 3)]
    assert apart(words) == (words[1], words[2])


def document(*frames: tuple[int, int]) -> Words:
    """So many words in each of these frames."""
    return Words(
        FORMAT,
        "0" * 64,
        "rapidocr 3",
        tuple(ReadFrame(frame, count + 1, (Word(BOX, 0.9, 4),) * count) for frame, count in frames),
    )


def test_a_frame_stands_for_those_next_to_it(tmp_path: Path) -> None:
    words = document((10, 1), (14, 0), (19, 2))
    by_frame = list(words.by_frame(np.arange(10, 20)))
    assert [len(one.found) for one in by_frame] == [1, 1, 1, 0, 0, 0, 0, 2, 2, 2]
    assert [k for k, one in enumerate(by_frame) if one.here] == [0, 4, 9]
    assert by_frame[9].lengths == (4, 4)
    assert by_frame[9].found.track_ids == (0, 1)
    assert set(by_frame[9].found.classes) == {"text"}
    for numbers in (np.arange(11, 20), np.arange(10, 19), np.arange(0)):
        with pytest.raises(DataError, match="run read again"):
            list(words.by_frame(numbers))
    with pytest.raises(DataError, match="run read again"):
        list(document().by_frame(np.arange(3)))


def test_what_is_written_is_read_back_and_damage_is_a_line(tmp_path: Path) -> None:
    from dataclasses import asdict

    path = tmp_path / "a.json"
    write_json(path, asdict(document((3, 1), (9, 0))))
    assert Words.read(path) == document((3, 1), (9, 0))
    whole = read_json(path)
    wrong = [
        {"format": FORMAT + 1},
        {"frames": [*reversed(whole["frames"])]},
        {"frames": [{"frame": 0, "lines": 1, "words": [{"box": [0, 0, 1, 2], "score": 1, "length": 1}]}]},
        {"frames": [{"frame": 0, "lines": 1, "words": [{"box": [0, 0, 1, 1], "score": 1, "length": 0}]}]},
        {"protected_sha256": "x"},
        {"words": []},
    ]
    for change in wrong:
        write_json(path, {**whole, **change})
        with pytest.raises(DataError, match="run read again") as refused:
            Words.read(path)
        assert len(str(refused.value).splitlines()) == 1
    path.write_text(json.dumps(whole).replace("9", "8"))
    with pytest.raises(DataError, match="run read again"):
        Words.read(path)


def test_a_line_never_shows_what_it_says() -> None:
    assert "secret" not in f"{Line(np.zeros((4, 2), np.float32), 'secret', 0.5)!r}"
