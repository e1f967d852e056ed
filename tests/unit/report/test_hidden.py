"""What protected video hides, and the moments at which it may not."""

from __future__ import annotations

from pathlib import Path

import clips
import numpy as np
import pytest
from builders import found, write_detections
from hypothesis import given
from hypothesis import strategies as st
from test_video_summary import Made

from objmask.config.hiding import Hiding
from objmask.objects.tables import found_by_frame, read_tables
from objmask.progress import Progress
from objmask.render.privacy import Privacy
from objmask.report.bounds import GAP_S
from objmask.report.hidden import HiddenShares, clock, gaps_in, read_hidden
from objmask.video import probe

LEFT = (0.0, 0.0, 1.0, 0.5)
PERSON, NONE = found(("person", 0.9, LEFT)), found()
SETTINGS = {"objects": frozenset({"person"}), "score": 0.1, "threshold": 0.3}


def read(tmp_path: Path, frames, **settings) -> HiddenShares:
    video = clips.make(tmp_path / "a.mp4", pts=[1001 * k for k in range(len(frames))])
    info = probe(video)
    write_detections(tmp_path / "a.parquet", frames, video_sha256=info.sha256)
    tables = read_tables([tmp_path / "a.parquet"], info.sha256)
    chosen = Hiding(**{**SETTINGS, "shape": "mask", "grow": 0.0, "hold": 0, **settings})
    with Progress("hidden", len(frames)) as bar:
        return read_hidden(info, tables, chosen, bar)


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


def test_unsure_are_those_that_nearly_score_enough_and_are_seen(tmp_path):
    right = (0.0, 0.6, 1.0, 1.0)
    one = found(
        ("person", 0.9, LEFT),
        ("person", 0.07, (0.1, 0.1, 0.9, 0.4)),  # hidden with the sure one
        ("person", 0.07, right),
        ("person", 0.02, right),  # by far not enough
        ("cup", 0.07, right),  # not sensitive
    )
    assert read(tmp_path, [one, NONE]).unsure == 1


def test_nothing_sensitive_at_all(tmp_path):
    hidden = read(tmp_path, [found(("cup", 0.9, LEFT)), NONE])
    assert (hidden.gaps, hidden.unhidden.without, hidden.worst, hidden.warnings()) == ((), 2, None, [])
    assert not hidden.fraction.any()


def test_a_single_frame(tmp_path):
    said = read(tmp_path, [PERSON]).to_json()
    assert said.pop("mean") == pytest.approx(0.5, abs=0.1)
    assert said == {"without": 0, "nothing": None, "gaps": 0, "gaps_s": [], "longest_s": 0.0, "unsure": 0}


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


def test_the_small_picture_says_what_the_large_one_does(tmp_path, assets):
    """Of a real video, from detections of random shapes."""
    video = assets / "videos/office/desk/cups.mp4"
    info = probe(video)
    rng = np.random.default_rng(3)
    frames = []
    for _ in range(12):
        corners = np.sort(rng.random((3, 2, 2)), 1)
        boxes = [("person", 0.5, (*one[0] * 0.8, *one[1] * 0.8 + 0.15)) for one in corners]
        frames.append(found(*boxes[: rng.integers(0, 4)], side=9))
    write_detections(tmp_path / "a.parquet", frames, video_sha256=info.sha256)
    tables = read_tables([tmp_path / "a.parquet"], info.sha256)
    settings = Hiding(**{**SETTINGS, "shape": "ellipse", "grow": 0.05, "hold": 0})
    with Progress("hidden", len(frames)) as bar:
        hidden = read_hidden(info, tables, settings, bar)
    privacy = Privacy(settings, info)
    for row, one in enumerate(found_by_frame(tables)):
        blocks = np.zeros(((info.height + 1) // 2, (info.width + 1) // 2), bool)
        for area in privacy.areas([privacy.prepare(one)], 0):
            blocks[area.rows, area.columns] |= area.mask
        assert blocks.mean() <= hidden.fraction[row] + 0.005
        assert hidden.fraction[row] == pytest.approx(blocks.mean(), abs=0.04)


@pytest.fixture
def vanishing(tmp_path):
    return Made(tmp_path, [PERSON, NONE, NONE, NONE, PERSON, PERSON])


def test_a_video_summary_tells_and_shows_the_longest_gap(vanishing):
    hidden = ("--hidden", str(vanishing.folder / "a.parquet"), '--hiding={"hold": 0}')
    video_summary = vanishing.video_summary("--thumbnails=1", *hidden)
    assert video_summary["warnings"][0] == "hidden objects vanish for a moment at 0:00: look there"
    assert (video_summary["hidden"]["gaps"], video_summary["hidden"]["without"]) == (1, 3)
    left = video_summary["timeline"]["hidden"]["min"]
    assert left == video_summary["timeline"]["hidden"]["mean"]
    assert [share > 0 for share in left] == [True, False, False, False, True, True]
    gap, other = video_summary["moments"]
    assert (gap["frame"], gap["gap"], gap["groups"]) == (2, True, [])
    assert "gap" not in other
    assert list(gap["pictures"]) == ["masks"]
    assert vanishing.video_summary("--thumbnails=0", *hidden)["moments"] == []


def test_a_video_summary_without_protected_video_says_nothing_of_it(vanishing):
    video_summary = vanishing.video_summary()
    assert video_summary["hidden"] is None
    assert "hidden" not in video_summary["timeline"]
    assert not video_summary["warnings"]


def test_detections_of_another_video_are_refused(vanishing, capsys):
    write_detections(vanishing.folder / "b.parquet", [NONE], video_sha256="0" * 64)
    assert vanishing.code("--hidden", str(vanishing.folder / "b.parquet")) == 1
    assert "another video" in capsys.readouterr().err
