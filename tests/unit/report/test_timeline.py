"""Coverage tables at the resolution of a screen."""

from __future__ import annotations

import numpy as np
import pytest
from builders import PALETTE, found, write_detections
from clips import make
from decided import painted_of

from objmask.coverage.by_frame import FRAME_COLUMNS, write_coverage
from objmask.errors import DataError
from objmask.objects.tables import read_tables
from objmask.progress import Progress
from objmask.report.all_videos import thinned
from objmask.report.bounds import MANY, PARTS, POINTS
from objmask.report.timeline import FrameCoverage, Timeline, read_frames_of
from objmask.video import probe

GROUPS = [group.name for group in PALETTE.groups]


def frame(*fraction, instances=1):
    return FrameCoverage(np.array(fraction), instances)


def of(*frames):
    timeline = Timeline(len(frames), ["a", "b"])
    for row, one in enumerate(frames):
        timeline.add(row, one)
    return timeline


@pytest.fixture
def table(tmp_path):
    """A coverage table as the workflow writes it: a person over the left half, twice, and an empty frame between."""
    half = found(("person", 0.9, (0, 0, 1, 0.5)))
    info = probe(make(tmp_path / "a.mp4", pts=range(0, 3003, 1001)))
    write_detections(tmp_path / "a.parquet", [half, found(), half], video_sha256=info.sha256)
    tables, out = read_tables([tmp_path / "a.parquet"], info.sha256), tmp_path / "a.csv"
    painted = painted_of(tmp_path / "painted.parquet", info, tables, PALETTE)
    with Progress("coverage", 3) as progress:
        write_coverage(painted, PALETTE, out, progress)
    return out


def test_a_coverage_table_is_read_frame_by_frame(table):
    frames = list(read_frames_of(table, GROUPS))
    assert [one.instances for one in frames] == [1, 0, 1]
    assert [round(one.fraction[0], 1) for one in frames] == [0.5, 0, 0.5]
    assert all(one.fraction.shape == (3,) for one in frames)


@pytest.mark.parametrize(
    ("old", "new"),
    [("fraction", "share"), (",person,", ",dog,"), ("0.5", "half"), ("\n0,", "\n0,0.0,person,1,0.1,1,1,0,0,0,0.9\n0,")],
)
def test_a_damaged_table_is_refused(table, old, new):
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match="run"):
        list(read_frames_of(table, GROUPS))


def test_blank_cells_are_frames_that_nobody_looked_at(table):
    lines = table.read_text().splitlines()
    lines[1:4] = [",".join([*line.split(",")[:3], *[""] * (len(FRAME_COLUMNS) - 3)]) for line in lines[1:4]]
    table.write_text("\n".join(lines) + "\n")
    frames = list(read_frames_of(table, GROUPS))
    assert [one.instances for one in frames] == [-1, 0, 1]
    timeline = Timeline(3, GROUPS)
    for row, one in enumerate(frames):
        timeline.add(row, one)
    assert timeline.looked_at == 2
    assert timeline.points(np.arange(3.0))["time_s"] == [1.0, 2.0]


def test_few_frames_are_points_as_they_are():
    points = of(frame(0.5, 0), frame(0.25, 0)).points(np.array([0.0, 0.5]))
    assert points == {"time_s": [0.0, 0.5], "mean": {"a": [5000, 2500]}, "max": {"a": [5000, 2500]}}


def test_many_frames_keep_their_mean_and_every_peak():
    frames = [frame(0.1, 0)] * 2999 + [frame(0.9, 0.002)]
    points = of(*frames).points(np.arange(3000) / 30)
    assert len(points["time_s"]) == len(points["mean"]["a"]) == POINTS
    assert points["max"]["a"][-1] == 0.9 * PARTS
    assert points["mean"]["a"][-1] == round((0.9 + 9 * 0.1) / 10 * PARTS)
    assert points["max"]["b"][-1] == 20  # seen in a single frame of 3,000, and not lost
    assert np.mean(points["mean"]["a"]) == pytest.approx(np.mean([f.fraction[0] for f in frames]) * PARTS, abs=1)


@pytest.mark.parametrize("frames", [1, 299, 300, 301, 601])
def test_points_start_when_their_first_frame_does(frames):
    points = of(*[frame(0.1, 0)] * frames).points(np.arange(frames) * 1.0)
    assert points["time_s"][0] == 0
    assert len(points["time_s"]) == min(frames, POINTS)
    assert np.all(np.diff(points["time_s"]) > 0)


def test_statistics_and_objects():
    timeline = of(frame(0.5, 0, instances=2), frame(0, 0, instances=0), frame(0, 0.1, instances=MANY + 5))
    a, b = timeline.groups()
    assert (a["mean"], a["max"], a["present"]) == (0.166667, 0.5, 0.333333)
    assert b["name"] == "b"
    assert timeline.objects_a_frame() == [1, 0, 1, *[0] * (MANY - 3), 1]


def test_no_frames_at_all():
    timeline = of()
    assert timeline.points(np.zeros(0)) == {"time_s": [], "mean": {}, "max": {}}
    assert timeline.groups()[0]["mean"] == 0


def test_thinning_keeps_mean_and_peaks():
    before = {"time_s": [0.0, 1.0, 2.0, 3.0, 4.0], "mean": {"a": [10, 20, 30, 40, 50]}, "max": {"a": [1, 9, 3, 7, 5]}}
    assert thinned(before, 5) is before
    assert thinned(before, 2) == {"time_s": [0.0, 2.0], "mean": {"a": [15, 40]}, "max": {"a": [9, 7]}}


def test_the_hidden_share_keeps_its_smallest_frame_however_few_points_there_are():
    hidden = np.full(900, 0.5)
    hidden[601] = 0
    timeline = Timeline(900, ["a"])
    for row in range(900):
        timeline.add(row, FrameCoverage(np.array([0.25]), 1))
    points = timeline.points(np.arange(900) / 30, hidden)
    assert (len(points["hidden"]["min"]), min(points["hidden"]["min"])) == (300, 0)
    few = thinned(points, 24)["hidden"]
    assert (len(few["min"]), min(few["min"]), max(few["mean"])) == (24, 0, 5000)
    assert few["min"].index(0) == 601 * 24 // 900
    assert thinned(timeline.points(np.arange(900) / 30), 24).keys() == {"time_s", "mean", "max"}
