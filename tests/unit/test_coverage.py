import csv
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from builders import PALETTE, found, random_detections, write_detections
from clips import make

from objmask.classes import Group, Palette
from objmask.coverage import BLOCK_S, FRAME_COLUMNS, VideoCoverage, write_coverage, write_summaries
from objmask.detections import Detections, FrameTable
from objmask.errors import DataError
from objmask.masks import paste
from objmask.progress import Progress
from objmask.video import probe


@pytest.fixture(scope="module")
def info(tmp_path_factory):
    """What is known of a video of 11 x 6 pixels."""
    video = probe(make(tmp_path_factory.mktemp("clip") / "a.mp4", size=(64, 48)))
    return replace(video, width=11, height=6)


def cover(path, info, frames, *, palette=PALETTE, pts=None, score=0.3, threshold=0.5, more=()):
    """Writes detections (of several models) and their coverage; returns the rows."""
    table = write_detections(path.with_suffix(".parquet"), frames, pts)
    tables = [(path.with_suffix(".parquet"), table)]
    for k, others in enumerate(more):
        other = path.with_name(f"{path.stem}-{k}.parquet")
        tables.append((other, write_detections(other, others, pts)))
    with Progress("coverage", len(table)) as bar:
        write_coverage(info, tables, palette, path, bar, score=score, threshold=threshold)
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def cells(rows, *columns):
    return [tuple(row[column] for column in columns) for row in rows]


def test_an_example_counted_by_hand(tmp_path, info):
    # 11 x 6 pixels; pixel i lies at i / 10 across: 0..0.5 covers 6 columns, 0.35..1 covers 7 (4..10), over all 6 rows.
    person, cup = ("person", 0.9, (0, 0, 1, 0.52)), ("cup", 0.5, (0, 0.35, 1, 1))
    frames = [
        found(person, cup, ("cup", 0.4, (0, 0.85, 1, 1)), ("tv", 0.29, (0, 0, 1, 1)), ("dog", 0.9, (0, 0, 1, 1))),
        Detections.empty(),
    ]
    rows = cover(tmp_path / "a.csv", info, frames)
    assert tuple(rows[0]) == FRAME_COLUMNS
    assert [tuple(row.values()) for row in rows] == [
        ("0", "0.000000", "person", "36", "0.54545454", "36", "1"),
        ("0", "0.000000", "screen", "0", "0.00000000", "0", "0"),
        ("0", "0.000000", "drink", "30", "0.45454545", "42", "2"),
        ("1", "0.033367", "person", "0", "0.00000000", "0", "0"),
        ("1", "0.033367", "screen", "0", "0.00000000", "0", "0"),
        ("1", "0.033367", "drink", "0", "0.00000000", "0", "0"),
    ]


def test_the_covered_one_still_counts_in_the_union(tmp_path, info):
    frames = [found(("person", 0.9, (0, 0, 1, 1)), ("cup", 0.8, (0, 0, 1, 1)))]
    rows = cover(tmp_path / "a.csv", info, frames)
    assert cells(rows, "group", "pixels", "pixels_union", "instances") == [
        ("person", "66", "66", "1"),
        ("screen", "0", "0", "0"),
        ("drink", "0", "66", "1"),
    ]


def test_pixels_and_union_against_counting_pixel_by_pixel(tmp_path, info):
    rng = np.random.default_rng(0)
    frames = [random_detections(rng, int(count)) for count in rng.integers(0, 9, 25)]
    rows = cover(tmp_path / "a.csv", info, frames)
    table = {(int(r["frame"]), r["group"]): r for r in rows}
    for number, frame in enumerate(frames):
        top = np.full((6, 11), -1.0)
        painted = np.full((6, 11), "", object)
        union = {group.name: np.zeros((6, 11), bool) for group in PALETTE.groups}
        for i in range(len(frame)):
            group = PALETTE.index_of.get(frame.classes[i])
            if group is None or frame.scores[i] < 0.3:
                continue
            patch = paste(frame.masks[i], frame.boxes[i], 6, 11, 0.5)
            mask = np.zeros((6, 11), bool)
            mask[patch.rows, patch.columns] = patch.mask
            name = PALETTE.groups[group - 1].name
            union[name] |= mask
            win = mask & (frame.scores[i] > top)
            top[win], painted[win] = frame.scores[i], name
        for name, mask in union.items():
            row = table[number, name]
            assert int(row["pixels"]) == (painted == name).sum()
            assert int(row["pixels_union"]) == mask.sum()
            assert int(row["pixels"]) <= int(row["pixels_union"])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 1), (640, 360), (641, 359)])
def test_fractions_of_a_full_picture_never_exceed_one(tmp_path, info, size):
    frames = [
        found(("person", 0.9, (0, 0, 1, x)), ("tv", 0.8, (0, 0, y, 1)), ("cup", 0.7, (0, 0, 1, 1)))
        for x in (0.1, 1 / 3, 0.6667, 1)
        for y in (0.17, 0.5, 0.9)
    ]
    info = replace(info, width=size[0], height=size[1])
    rows = cover(tmp_path / "a.csv", info, frames)
    for number in range(len(frames)):
        of_frame = [row for row in rows if int(row["frame"]) == number]
        assert sum(Fraction(row["fraction"]) for row in of_frame) <= 1
        assert sum(int(row["pixels"]) for row in of_frame) == size[0] * size[1]
        for row in of_frame:
            assert float(row["fraction"]) == pytest.approx(int(row["pixels"]) / (size[0] * size[1]), abs=1.1e-8)


def test_two_thirds_and_two_sixths(tmp_path, info):
    """Rounding each to the nearest would give more than 1."""
    frames = [found(("person", 0.9, (0, 0, 1, 0.7)), ("tv", 0.8, (0, 0.7, 1, 0.9)), ("cup", 0.7, (0, 0.9, 1, 1)))]
    rows = cover(tmp_path / "a.csv", replace(info, width=6, height=1), frames)
    assert [row["pixels"] for row in rows] == ["4", "1", "1"]
    assert sum(Fraction(row["fraction"]) for row in rows) <= 1


def test_several_models_count_together(tmp_path, info):
    left, right = ("person", 0.9, (0, 0, 1, 0.45)), ("cup", 0.8, (0, 0.55, 1, 1))
    together = cover(tmp_path / "a.csv", info, [found(left, right)])
    apart = cover(tmp_path / "b.csv", info, [found(left)], more=[[found(right)]])
    assert together == apart


def test_the_score_itself_counts(tmp_path, info):
    frames = [found(("cup", 0.3, (0, 0, 1, 1)), ("person", 0.2999, (0, 0, 1, 1)))]
    rows = cover(tmp_path / "a.csv", info, frames)
    assert [row["pixels"] for row in rows] == ["0", "0", "66"]


def test_an_instance_without_a_pixel_is_none(tmp_path, info):
    faint = replace(found(("cup", 0.9, (0, 0, 1, 1))), masks=(np.full((2, 2), 127, np.uint8),))
    rows = cover(tmp_path / "a.csv", info, [faint])
    assert cells(rows, "pixels", "pixels_union", "instances")[2] == ("0", "0", "0")


def test_times_are_those_of_the_frames(tmp_path, info):
    rows = cover(tmp_path / "a.csv", info, [Detections.empty()] * 4, pts=[0, 1, 30000, 45000])
    assert [row["time_s"] for row in rows[::3]] == ["0.000000", "0.000033", "1.000000", "1.500000"]


@pytest.mark.parametrize("names", [("NA", "nan", "null", ""), ("1", "01", "1.0"), ("Büro 会", "it's", " a", "a ")])
def test_groups_of_any_name_are_read_back(tmp_path, info, names):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    palette = Palette(tuple(Group(name, (f"o{i}",), colours[i]) for i, name in enumerate(names)))
    frames = [found(("o1", 0.9, (0, 0, 1, 1)))]
    cover(tmp_path / "a.csv", info, frames, palette=palette)
    read = VideoCoverage.read(tmp_path / "a.csv", "a", "", "")
    assert read.groups == names
    assert read.mean.tolist() == [0, 1, *[0] * (len(names) - 2)]


def test_reading_reduces_as_by_hand(tmp_path, info):
    full, half = found(("cup", 0.9, (0, 0, 1, 1))), found(("cup", 0.9, (0, 0, 1, 0.47)))
    frames = [full, half, Detections.empty(), Detections.empty()]
    cover(tmp_path / "a.csv", info, frames)
    read = VideoCoverage.read(tmp_path / "a.csv", "typing/a", "typing", "s1")
    assert (read.video, read.label, read.subject, read.frames) == ("typing/a", "typing", "s1", 4)
    assert read.groups == ("person", "screen", "drink")
    assert read.mean.tolist() == pytest.approx([0, 0, (1 + 5 / 11) / 4], abs=1e-8)
    assert read.present.tolist() == [0, 0, 0.5]
    assert read.highest.tolist() == [0, 0, 1]
    assert read.block_frames.tolist() == [4]


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
        (number, f"{time:.6f}", group, 0, f"{fraction:.8f}", 0, 0)
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


def test_a_damaged_detections_file_leaves_no_coverage(tmp_path, info):
    path = tmp_path / "a.parquet"
    table = write_detections(path, [found(("cup", 0.5, (0, 0, 1, 1)))] * 3)
    shorter = FrameTable(
        table.number[:1], table.pts[:1], table.duration_pts[:1], table.inferred[:1], table.detections[:1],
        table.time_base, 0,
    )  # fmt: skip
    with pytest.raises(DataError), Progress("x", 1) as bar:
        write_coverage(info, [(path, shorter)], PALETTE, tmp_path / "a.csv", bar, score=0.3, threshold=0.5)
    assert not (tmp_path / "a.csv").exists()
