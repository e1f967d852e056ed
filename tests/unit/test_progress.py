import logging

import pytest

from objmask import progress as module
from objmask.progress import Progress


def lines(caplog):
    return [record.getMessage() for record in caplog.records]


def test_the_end_is_logged_with_the_frames_that_were_counted(caplog):
    caplog.set_level(logging.INFO, "objmask")
    with Progress("detect a", 5) as bar:
        bar.step()
        bar.step(2)
        bar.reach(5)
        bar.reach(5)
    (line,) = lines(caplog)
    assert line.startswith("detect a: 5 frames in ")


def test_nothing_is_claimed_when_it_failed(caplog):
    caplog.set_level(logging.INFO, "objmask")
    with pytest.raises(ValueError, match="stop"), Progress("detect a", 5) as bar:
        bar.step(int("stop"))
    assert lines(caplog) == []


def test_a_video_without_frames(caplog):
    caplog.set_level(logging.INFO, "objmask")
    with Progress("masks a", 0):
        pass
    assert lines(caplog)[0].startswith("masks a: 0 frames")


@pytest.mark.parametrize(
    ("total", "steps", "expected"),
    [(4, [1, 1], ["1/4 frames", "2/4 frames"]), (1, [1, 1], ["1/1", "2/1 frames"]), (3, [0, 1], ["0/3", "1/3"])],
)
def test_now_and_then_a_line_says_how_far_it_is(caplog, monkeypatch, total, steps, expected):
    monkeypatch.setattr(module, "_LINE_EVERY_S", 0.0)
    caplog.set_level(logging.INFO, "objmask")
    with Progress("detect {a} 100%", total, bar=False) as bar:
        for step in steps:
            bar.step(step)
    found = lines(caplog)
    assert len(found) == len(steps) + 1
    assert all(text in line for text, line in zip(expected, found, strict=False))
    assert all("left" in line for line in found[:-1])


def test_lines_are_rare(caplog):
    caplog.set_level(logging.INFO, "objmask")
    with Progress("detect a", 10_000) as bar:
        for _ in range(10_000):
            bar.step()
    assert len(lines(caplog)) == 1


def test_no_bar_where_nobody_looks(capfd):
    with Progress("detect a", 3) as bar:
        bar.step(3)
    assert capfd.readouterr().err == ""
