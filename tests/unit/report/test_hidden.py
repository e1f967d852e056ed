"""What protected video hides, and the moments at which it may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import clips
import numpy as np
import pytest
from builders import found, write_detections
from decided import hidden_of
from hypothesis import given
from hypothesis import strategies as st
from test_video_summary import Made

from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.hidden.table import HiddenTable
from objmask.objects.tables import read_tables
from objmask.progress import Progress
from objmask.report.bounds import GAP_S
from objmask.report.hidden import HiddenShares, clock, gaps_in, read_hidden
from objmask.video import probe

LEFT = (0.0, 0.0, 1.0, 0.5)
PERSON, NONE = found(("person", 0.9, LEFT)), found()
SETTINGS = {"objects": frozenset({"person"}), "score": 0.1, "threshold": 0.3}


def decided(tmp_path: Path, frames, more=(), **settings) -> HiddenTable:
    """What is hidden of a video of 64 x 48 pixels, where model m found these frames, and others `more`."""
    video = clips.make(tmp_path / "a.mp4", pts=[1001 * k for k in range(len(frames))])
    info = probe(video)
    paths = [tmp_path / f"{name}.parquet" for name in ("m", "n")[: 1 + len(more)]]
    for path, some in zip(paths, (frames, *more), strict=True):
        write_detections(path, some, video_sha256=info.sha256, model=path.stem)
    chosen = Hiding(**{**SETTINGS, "shape": "mask", "grow": 0.0, "hold": 0, **settings})
    return hidden_of(tmp_path / "hidden.parquet", info, read_tables(paths, info.sha256), chosen)


def read(tmp_path: Path, frames, more=(), **settings) -> HiddenShares:
    with Progress("hidden", len(frames)) as bar:
        return read_hidden(decided(tmp_path, frames, more, **settings), bar)


def test_a_gap_is_between_frames_that_hide_something(tmp_path):
    hidden = read(tmp_path, [NONE, PERSON, NONE, NONE, PERSON, NONE])
    [gap] = hidden.gaps
    assert (gap.first, gap.stop, hidden.unhidden.without, hidden.worst) == (2, 4, 4, 2)
    assert gap.start_s == pytest.approx(2 * 1001 / 30000)
    assert gap.length_s == pytest.approx(2 * 1001 / 30000)
    assert [round(float(share), 1) for share in hidden.fraction] == [0, 0.5, 0, 0, 0.5, 0]
    assert hidden.warnings() == ["hidden objects vanish for a moment at 0:00: look there"]


def test_hold_closes_gaps(tmp_path):
    assert not read(tmp_path, [PERSON, NONE, NONE, PERSON], hold=1).gaps
    assert read(tmp_path, [PERSON, NONE, NONE, NONE, PERSON], hold=1).gaps


def test_zones_hide_no_object_but_count_as_hidden(tmp_path):
    hidden = read(tmp_path, [PERSON, NONE, PERSON], zones=(((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)),))
    assert len(hidden.gaps) == hidden.unhidden.without == 1
    assert hidden.fraction[1] == pytest.approx(0.5, abs=0.1)


def test_whole_frames_that_are_hidden_are_no_gap(tmp_path):
    hidden = read(tmp_path, [PERSON, NONE, PERSON], whole_frame_when="no_detection")
    assert (hidden.gaps, hidden.unhidden.without, hidden.fraction[1]) == ((), 0, 1)


def tracked(number: int, box=LEFT, own: float = 0.9, name: str = "person", carried: int = 0) -> Detections:
    """A row of a track that is sure."""
    found_as = "flow" if carried else "detected"
    row = replace(found((name, 0.9, box)), track_ids=(number,), found_scores=(own,))
    return replace(row, carried=(carried,), sources=(found_as,))


def test_the_tracks_that_hide_most_are_told_with_their_scores(tmp_path):
    """Of the left half in all of eleven frames, and of a corner in one of them; nothing of what is in no track."""
    corner = (0.7, 0.7, 1.0, 1.0)
    frames = [tracked(3, own=k / 10, carried=int(k == 0)) for k in range(11)]
    frames[4] = Detections.concatenate([frames[4], tracked(8, corner, 0.4), found(("person", 0.9, (0, 0.8, 0.3, 1.0)))])
    dearest, other = read(tmp_path, frames).dearest
    assert (dearest.model, dearest.track_id, dearest.name) == ("m", 3, "person")
    assert dearest.fraction == pytest.approx(0.5, abs=0.04)
    # Of 0, 0.1, ..., 1.0: what is carried was not found.
    assert (dearest.low, dearest.high) == (pytest.approx(0.1), pytest.approx(0.9))
    assert (other.track_id, other.low, other.high) == (8, pytest.approx(0.4), pytest.approx(0.4))
    assert 0.09 / 11 < other.fraction < 0.14 / 11  # margins take a pixel or more
    assert dearest.to_json() == {
        **{"model": "m", "track": 3, "class": "person", "fraction": round(dearest.fraction, 6)},
        "scores": [0.1, 0.9],
    }


def test_a_track_costs_what_it_hides_whether_others_hide_it_too(tmp_path):
    """Numbers of tracks are those of a model, and what is found twice costs twice, hidden as it is once."""
    mine, same = [tracked(1, own=0.3)] * 2, [tracked(1, own=0.6), NONE]
    hidden = read(tmp_path, mine, [same])
    assert [(one.model, one.track_id, one.low) for one in hidden.dearest] == [
        ("m", 1, pytest.approx(0.3)),
        ("n", 1, pytest.approx(0.6)),
    ]
    assert hidden.dearest[0].fraction == pytest.approx(2 * hidden.dearest[1].fraction)
    assert hidden.dearest[0].fraction == pytest.approx(hidden.fraction.mean())


def test_five_of_them_are_told_the_one_that_hides_most_first(tmp_path):
    boxes = [(0.0, 0.12 * k, 0.1 + 0.1 * k, 0.12 * k + 0.05) for k in range(8)]
    dearest = read(tmp_path, [Detections.concatenate([tracked(k, box) for k, box in enumerate(boxes)])]).dearest
    assert [one.track_id for one in dearest] == [7, 6, 5, 4, 3]
    assert [one.fraction for one in dearest] == sorted((one.fraction for one in dearest), reverse=True)


def test_zones_and_whole_frames_are_no_tracks(tmp_path):
    zone = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))
    assert read(tmp_path, [tracked(1), NONE], zones=(zone,), whole_frame_when="no_detection").dearest[1:] == ()


def test_nothing_sensitive_at_all(tmp_path):
    hidden = read(tmp_path, [found(("cup", 0.9, LEFT)), NONE])
    assert (hidden.gaps, hidden.unhidden.without, hidden.worst, hidden.warnings()) == ((), 2, None, [])
    assert not hidden.fraction.any()


def test_a_single_frame(tmp_path):
    hidden = read(tmp_path, [PERSON])
    said = hidden.to_json(0.12345678)
    assert said.pop("mean") == pytest.approx(0.5, abs=0.1)
    assert said == {
        **{"sensitive": 0.123457, "without": 0, "nothing": None},
        **{"gaps": 0, "gaps_s": [], "longest_s": 0.0, "dearest": []},
    }
    assert hidden.objects == {"person"}


@given(st.lists(st.booleans(), max_size=60), st.floats(0.01, 2))
def test_gaps_are_short_and_bounded_on_both_sides(hidden, step_s):
    objects = np.array(hidden, bool)
    found_gaps = gaps_in(objects, np.arange(len(objects)) * step_s)
    for gap in found_gaps:
        assert 0 < gap.first < gap.stop < len(objects)
        assert objects[gap.first - 1]
        assert objects[gap.stop]
        assert not objects[gap.first : gap.stop].any()
        assert gap.length_s <= GAP_S
    if step_s * len(objects) <= GAP_S:
        inside = np.trim_zeros(objects.astype(int))
        assert sum(gap.stop - gap.first for gap in found_gaps) == np.count_nonzero(inside == 0)


def test_times_as_people_write_them():
    assert [clock(s) for s in (0, 59.99, 60, 3599.4, 3600)] == ["0:00", "0:59", "1:00", "59:59", "1:00:00"]


def test_fractions_are_of_the_hidden_blocks(tmp_path):
    """Whatever overlaps, counted block by block."""
    rng = np.random.default_rng(3)
    frames = []
    for _ in range(12):
        corners = np.sort(rng.random((3, 2, 2)), 1)
        boxes = [("person", 0.5, (*one[0] * 0.8, *one[1] * 0.8 + 0.15)) for one in corners]
        frames.append(found(*boxes[: rng.integers(0, 4)], side=9))
    table = decided(tmp_path, frames, shape="ellipse", grow=0.05)
    with Progress("hidden", len(frames)) as bar:
        hidden = read_hidden(table, bar)
    for row, areas in enumerate(table.areas()):
        blocks = np.zeros((24, 32), bool)
        for area in areas:
            blocks[area.patch.rows, area.patch.columns] |= area.patch.mask
        assert hidden.fraction[row] == pytest.approx(blocks.mean())
    assert hidden.fraction.max() > 0.3


@pytest.fixture
def vanishing(tmp_path):
    return Made(tmp_path, [PERSON, NONE, NONE, NONE, PERSON, PERSON])


def test_a_video_summary_tells_and_shows_the_longest_gap(vanishing):
    hidden = vanishing.hide()
    video_summary = vanishing.video_summary("--thumbnails=1", hidden)
    assert video_summary["warnings"][0] == "hidden objects vanish for a moment at 0:00: look there"
    assert (video_summary["hidden"]["gaps"], video_summary["hidden"]["without"]) == (1, 3)
    left = video_summary["timeline"]["hidden"]["min"]
    assert left == video_summary["timeline"]["hidden"]["mean"]
    assert [share > 0 for share in left] == [True, False, False, False, True, True]
    gap, other = video_summary["moments"]
    assert (gap["frame"], gap["gap"], gap["groups"]) == (2, True, [])
    assert "gap" not in other
    assert list(gap["pictures"]) == ["masks"]
    assert vanishing.video_summary("--thumbnails=0", hidden)["moments"] == []


def test_a_video_summary_without_protected_video_says_nothing_of_it(vanishing):
    video_summary = vanishing.video_summary()
    assert video_summary["hidden"] is None
    assert "hidden" not in video_summary["timeline"]
    assert not video_summary["warnings"]


def test_a_video_summary_says_how_much_objects_to_hide_take_and_which_tracks_hide_most(tmp_path):
    """Of four frames a person fills half of two, of which a cup covers a half in one."""
    cup = found(("cup", 0.95, (0.0, 0.0, 0.47, 1.0)))
    made = Made(tmp_path, [tracked(5, own=0.2), Detections.concatenate([tracked(5, own=0.6), cup]), cup, NONE])
    told = made.video_summary("--thumbnails=0", made.hide())["hidden"]
    assert told["sensitive"] == pytest.approx((0.5 + 0.5) / 4, abs=0.001)
    assert [(one["model"], one["track"], one["class"], one["scores"]) for one in told["dearest"]] == [
        ("m", 5, "person", [0.24, 0.56])
    ]
    assert told["mean"] == told["dearest"][0]["fraction"] > told["sensitive"]
    other = made.video_summary("--thumbnails=0", made.hide('["cup"]'))["hidden"]
    assert (other["sensitive"], other["dearest"]) == (pytest.approx((0.25 + 0.5) / 4, abs=0.02), [])


def test_what_is_hidden_of_another_video_or_of_other_frames_is_refused(vanishing, tmp_path, capsys):
    (tmp_path / "b").mkdir()
    other = Made(tmp_path / "b", [PERSON] * 3)
    assert vanishing.code(other.hide()) == 1
    assert "another video" in capsys.readouterr().err
    sha256 = probe(vanishing.video).sha256
    write_detections(vanishing.folder / "a.parquet", [PERSON] * 5, video_sha256=sha256)
    assert vanishing.code(vanishing.hide()) == 1
    assert "has other frames than" in capsys.readouterr().err
