import numpy as np
import pandas as pd
import pytest

from objmask.coverage.by_frame import FRAME_COLUMNS
from objmask.coverage.intervals import BLOCK_S
from objmask.coverage.summary import VideoCoverage, write_summaries
from objmask.errors import DataError
from objmask.inputs.video_table import read_video_table


@pytest.mark.parametrize(
    "text",
    [
        "",
        "frame,time_s,group,pixels,fraction,pixels_union,instances\n",
        "a,b\n1,2\n",
        "frame,time_s,group,fraction\n0,0,a,0.5\n0,0,a,0.5\n",
        "frame,time_s,group,fraction\n0,0,a,0.5\n0,0,b,0.5\n1,1,a,0.5\n",
        "frame,time_s,group,fraction\n0,0,a,x\n",
        "frame,time_s,group,fraction\n0,0,a,1.5\n",
    ],
)
def test_a_damaged_table_is_named(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=r"a\.csv.*run again"):
        VideoCoverage.read(tmp_path / "a.csv", "a", "", "")


def write_table(path, times, fractions, groups=("a",)):
    rows = [
        (number, f"{time:.6f}", group, 0, f"{fraction:.8f}", *[0] * (len(FRAME_COLUMNS) - 5))
        for number, (time, of_frame) in enumerate(zip(times, fractions, strict=True))
        for group, fraction in zip(groups, np.atleast_1d(of_frame), strict=True)
    ]
    pd.DataFrame(rows, columns=list(FRAME_COLUMNS)).to_csv(path, index=False)
    return VideoCoverage.read(path, path.stem, "typing", "")


def block_lengths(times, read):
    ends = np.cumsum(read.block_frames).astype(int)
    starts = [0, *ends[:-1]]
    step = np.median(np.diff(times)) if len(times) > 1 else 0
    after = [*(times[end] for end in ends[:-1]), times[-1] + step]
    return np.array(after) - times[starts]


RNG = np.random.default_rng(5)
TIMES = {
    "29.97 fps": np.arange(2000) * 1001 / 30000,
    "30 fps": np.arange(900) / 30,
    "25 fps from a window": 7.123 + np.arange(500) / 25,
    "60 fps": np.arange(1200) / 60,
    "one frame each 1.5 s": np.arange(40) * 1.5,
    "one frame each 3 s": np.arange(10) * 3.0,
    "variable": np.cumsum(RNG.exponential(0.2, 600)),
    "variable with gaps": np.cumsum(np.where(RNG.random(300) < 0.05, 5.9, 0.04)),
}


@pytest.mark.parametrize("name", TIMES)
def test_blocks_are_at_least_two_seconds(tmp_path, name):
    times = TIMES[name]
    read = write_table(tmp_path / "a.csv", times, RNG.random(len(times)))
    assert read.frames == len(times)
    lengths = block_lengths(times, read)
    assert np.all(lengths >= BLOCK_S - 2e-6)
    # No longer than need be, or there would be too few to resample: at 30 and 60 fps blocks are 2 s sharp.
    if name in ("30 fps", "60 fps"):
        assert np.allclose(lengths, 2)
    assert len(lengths) >= 5


@pytest.mark.parametrize("times", [[0.0], [0, 0.5, 1.9], [0, 1.99999], [3.0, 3.1]])
def test_what_is_shorter_than_two_blocks_is_one(tmp_path, times):
    read = write_table(tmp_path / "a.csv", np.array(times), np.full(len(times), 0.25))
    assert read.block_frames.tolist() == [len(times)]
    assert read.block_sums.tolist() == [[0.25 * len(times)]]


def test_a_short_rest_joins_the_block_before(tmp_path):
    times = np.arange(75) / 30  # 2.5 s
    assert write_table(tmp_path / "a.csv", times, np.zeros(75)).block_frames.tolist() == [75]
    times = np.arange(130) / 30  # 4.33 s
    assert write_table(tmp_path / "b.csv", times, np.zeros(130)).block_frames.tolist() == [60, 70]


def simulated(name, label, mean, rng, *, blocks=10, groups=("a",), subject=""):
    """Coverage whose blocks vary around the video's own mean, and whose frames within a block are all alike."""
    of_block = np.clip(mean + 0.05 * rng.standard_normal((blocks, len(groups))), 0, 1)
    frames = np.repeat(of_block, 60, 0)
    return VideoCoverage(
        name,
        label,
        subject,
        groups,
        frames.mean(0),
        (frames > 0).mean(0),
        frames.max(0),
        of_block * 60,
        np.full(blocks, 60.0),
    )


def read_summary(folder, name):
    return pd.read_csv(folder / f"coverage_by_{name}.csv", keep_default_na=True)


@pytest.mark.parametrize(("videos", "interval"), [(1, False), (2, False), (3, True), (20, True)])
def test_intervals_need_three_videos(tmp_path, videos, interval):
    rng = np.random.default_rng(0)
    write_summaries([simulated(f"v{i}", "typing", 0.3, rng) for i in range(videos)], {}, tmp_path)
    for name in ("group", "label"):
        (row,) = read_summary(tmp_path, name).to_dict("records")
        assert row["videos"] == videos
        assert np.isfinite(row["mean_low"]) == np.isfinite(row["mean_high"]) == interval
        if interval:
            assert row["mean_low"] <= row["mean"] <= row["mean_high"]


@pytest.mark.parametrize(("blocks", "interval"), [(1, False), (2, False), (3, True), (200, True)])
def test_the_interval_of_one_video_needs_three_blocks(tmp_path, blocks, interval):
    write_summaries([simulated("v", "x", 0.3, np.random.default_rng(0), blocks=blocks)], {}, tmp_path)
    (row,) = read_summary(tmp_path, "video").to_dict("records")
    assert np.isfinite(row["mean_low"]) == interval


def test_intervals_contain_the_truth_about_as_often_as_they_say(tmp_path):
    rng = np.random.default_rng(11)
    inside = {"group": 0, "video": 0}
    for _ in range(40):
        of_video = np.clip(0.3 + 0.1 * rng.standard_normal(20), 0.06, 0.9)
        write_summaries([simulated(f"v{i}", "x", m, rng, blocks=15) for i, m in enumerate(of_video[:20])], {}, tmp_path)
        (row,) = read_summary(tmp_path, "group").to_dict("records")
        inside["group"] += row["mean_low"] <= 0.3 <= row["mean_high"]
        first = read_summary(tmp_path, "video").iloc[0]
        inside["video"] += first["mean_low"] <= of_video[0] <= first["mean_high"]
    # 95 % of 40 is 38; a percentile interval of twenty videos or fifteen blocks is a little short of that.
    assert 34 <= inside["group"] <= 40
    assert 33 <= inside["video"] <= 40


def test_the_interval_is_of_videos_not_of_frames(tmp_path):
    """A thousand frames of each video say no more about other videos than a hundred do."""
    widths = []
    for blocks in (5, 50):
        rng = np.random.default_rng(1)
        videos = [simulated(f"v{i}", "x", m, rng, blocks=blocks) for i, m in enumerate((0.1, 0.3, 0.5, 0.7))]
        write_summaries(videos, {}, tmp_path)
        (row,) = read_summary(tmp_path, "group").to_dict("records")
        widths.append(row["mean_high"] - row["mean_low"])
    assert widths[1] == pytest.approx(widths[0], rel=0.25)
    assert widths[1] > 0.3


def test_a_video_counts_as_one_however_long(tmp_path):
    rng = np.random.default_rng(0)
    short, long = simulated("s", "x", 0.1, rng, blocks=1), simulated("l", "x", 0.9, rng, blocks=500)
    write_summaries([short, long], {}, tmp_path)
    (row,) = read_summary(tmp_path, "group").to_dict("records")
    assert row["mean"] == pytest.approx((short.mean[0] + long.mean[0]) / 2, abs=1e-8)
    assert row["max"] == pytest.approx(max(short.highest[0], long.highest[0]), abs=1e-8)


def test_summaries_name_what_they_are_of(tmp_path):
    rng = np.random.default_rng(0)
    groups = ("person", "NA")
    videos = [
        simulated("typing/a", "typing", 0.2, rng, groups=groups, subject="s1"),
        simulated("typing/b,2", "typing", 0.4, rng, groups=groups),
        simulated("会議/c", "会議", 0.6, rng, groups=groups),
    ]
    write_summaries(videos, {'bad "one"': "bad.mp4: cannot be opened, sorry"}, tmp_path)
    by_video = pd.read_csv(tmp_path / "coverage_by_video.csv", keep_default_na=False)
    assert by_video["video"].tolist() == [v.video for v in videos for _ in groups]
    assert by_video["group"].tolist() == list(groups) * 3
    assert by_video["subject"].tolist()[:3] == ["s1", "s1", ""]
    assert by_video["frames"].tolist() == [600] * 6
    by_label = pd.read_csv(tmp_path / "coverage_by_label.csv", keep_default_na=False)
    assert by_label["label"].tolist() == ["typing"] * 2 + ["会議"] * 2
    assert by_label["videos"].tolist() == [2, 2, 1, 1]
    assert by_label["mean"].tolist()[2] == pytest.approx(videos[2].mean[0], abs=1e-8)
    excluded = pd.read_csv(tmp_path / "excluded.csv")
    assert excluded.to_dict("records") == [{"video": 'bad "one"', "reason": "bad.mp4: cannot be opened, sorry"}]


def test_what_failed_is_listed_before_what_is_left_out_by_wish(tmp_path):
    rows = ["name\tlabel\tsubject\texcluded", "a\t\t\todd", "b\t\t\t", "c\t\t\tFAILED no room"]
    (tmp_path / "v.tsv").write_text("\n".join(rows) + "\n")
    kept, left_out = read_video_table(tmp_path / "v.tsv")
    assert [row["name"] for row in kept] == ["b"]
    assert list(left_out.items()) == [("c", "FAILED no room"), ("a", "odd")]


def test_nothing_to_summarise_gives_tables_with_headers(tmp_path):
    write_summaries([], {"a": "unreadable"}, tmp_path)
    for name in ("video", "group", "label"):
        table = read_summary(tmp_path, name)
        assert len(table) == 0
        assert {"group", "mean", "mean_low", "mean_high", "present", "max"} <= set(table.columns)


def test_the_same_again_is_the_same(tmp_path):
    for name in ("a", "b"):
        rng = np.random.default_rng(3)
        write_summaries([simulated(f"v{i}", "x", 0.3, rng) for i in range(5)], {}, tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_videos_counted_with_other_groups_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    videos = [simulated("a", "x", 0.1, rng, groups=("a", "b")), simulated("b", "x", 0.1, rng, groups=("b", "a"))]
    with pytest.raises(DataError, match="other groups"):
        write_summaries(videos, {}, tmp_path)


@pytest.mark.parametrize("number", ["nan", "inf", "-0.1"])
def test_a_number_that_is_none_is_no_frame_that_nobody_looked_at(tmp_path, number):
    path = tmp_path / "a.csv"
    lines = ["frame,time_s,group,pixels,fraction,pixels_union,instances,filled", "0,0,a,1,0.5,1,1,0"]
    path.write_text("\n".join([*lines, f"1,1,a,1,{number},1,1,0", "2,2,a,,,,,"]) + "\n")
    with pytest.raises(DataError, match=r"a\.csv: .*outside 0\.\.1"):
        VideoCoverage.read(path, "a", "x", "")
    path.write_text("\n".join([*lines, "1,1,a,,,,,"]) + "\n")
    assert VideoCoverage.read(path, "a", "x", "").frames == 1
