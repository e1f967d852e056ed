import csv
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pyarrow.parquet as pq
import pytest
from builders import METADATA, PALETTE, found, random_detections, rewrite, write_detections
from clips import make
from decided import painted_of

from objmask.coverage.by_frame import FRAME_COLUMNS, write_coverage
from objmask.coverage.summary import VideoCoverage
from objmask.detections.arrays import Detections
from objmask.detections.classes import Group, Palette
from objmask.detections.masks import paste
from objmask.errors import DataError
from objmask.objects.tables import Tables
from objmask.progress import Progress
from objmask.video import probe


@pytest.fixture(scope="module")
def info(tmp_path_factory):
    """What is known of a video of 11 x 6 pixels."""
    video = probe(make(tmp_path_factory.mktemp("clip") / "a.mp4", size=(64, 48)))
    return replace(video, width=11, height=6, sha256=METADATA["video_sha256"])


def cover(path, info, frames, *, palette=PALETTE, pts=None, score=0.3, threshold=0.5, more=()):
    """Writes detections (of several models) and their coverage; returns the rows."""
    table = write_detections(path.with_suffix(".parquet"), frames, pts)
    tables = [(path.with_suffix(".parquet"), table)]
    for k, others in enumerate(more):
        other = path.with_name(f"{path.stem}-{k}.parquet")
        tables.append((other, write_detections(other, others, pts)))
    out = path.with_name(f"{path.stem}.painted.parquet")
    painted = painted_of(out, info, Tables(tuple(tables)), palette, score, threshold)
    with Progress("coverage", len(table)) as bar:
        write_coverage(painted, palette, path, bar)
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
        ("0", "0.000000", "person", "36", "0.54545454", "36", "1", "0", "0", "0", "0.9000"),
        ("0", "0.000000", "screen", "0", "0.00000000", "0", "0", "0", "0", "0", ""),
        ("0", "0.000000", "drink", "30", "0.45454545", "42", "2", "0", "0", "0", "0.4500"),
        ("1", "0.033367", "person", "0", "0.00000000", "0", "0", "0", "0", "0", ""),
        ("1", "0.033367", "screen", "0", "0.00000000", "0", "0", "0", "0", "0", ""),
        ("1", "0.033367", "drink", "0", "0.00000000", "0", "0", "0", "0", "0", ""),
    ]


def test_what_only_its_track_makes_sure_is_told_apart(tmp_path, info):
    """Found too weakly, or not at all, in this frame: its pixels count, and it is said how many they are."""
    # Columns 0..5; 6..10; 4 and 5, on top of the first; and those of a cup that no track makes surer.
    weak, carried, sure, below, cup = (
        ("person", 0.8, (0, 0, 1, 0.52)),
        ("person", 0.7, (0, 0.55, 1, 1)),
        ("person", 0.9, (0, 0.35, 1, 0.52)),
        ("tv", 0.2, (0, 0, 1, 1)),
        ("cup", 0.4, (0, 0, 0.5, 1)),
    )
    frame = replace(
        found(weak, carried, sure, below, cup),
        track_ids=(0, 1, 2, 3, -1),
        found_scores=(0.1, 0.6, 0.9, 0.2, 0.4),
        carried=(0, 1, 0, 0, 0),
        sources=("detected", "flow", "detected", "detected", "detected"),
    )
    carry = replace(found(carried), track_ids=(1,), carried=(-1,), sources=("flow",))
    beside = replace(found(weak, carried), track_ids=(0, 1))
    rows = cover(tmp_path / "a.csv", info, [beside, Detections.concatenate([frame, carry]), beside])
    columns = ("pixels", "pixels_union", "instances", "filled", "lifted", "pixels_lifted", "own_score")
    # Of the weak one 4 columns of 6 are seen, of the carried one all 5.
    assert cells(rows[3:6], *columns) == [
        ("66", "66", "3", "1", "1", str(6 * (4 + 5)), f"{(0.1 + 0 + 0.9) / 3:.4f}"),
        ("0", "0", "0", "0", "0", "0", ""),
        ("0", "33", "1", "0", "0", "0", "0.4000"),
    ]


def test_found_with_just_enough_is_not_lifted(tmp_path, info):
    frame = replace(found(("cup", 0.9, (0, 0, 1, 1))), track_ids=(0,), found_scores=(0.3,))
    rows = cover(tmp_path / "a.csv", info, [frame])
    assert cells(rows, "lifted", "pixels_lifted", "own_score")[2] == ("0", "0", "0.3000")
    rows = cover(tmp_path / "b.csv", info, [frame], score=0.31)
    assert cells(rows, "lifted", "pixels_lifted", "own_score")[2] == ("1", "66", "0.3000")


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
    frames = [random_detections(rng, int(count), tracked=False) for count in rng.integers(0, 9, 25)]
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
            # People hold things: a person needs a little less to lie on top.
            claim = frame.scores[i] + 0.1 * (frame.classes[i] == "person")
            win = mask & (claim > top)
            top[win], painted[win] = claim, name
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


def test_a_person_lies_on_top_of_what_is_hardly_surer(tmp_path, info):
    for score, pixels in ((0.55, ("66", "0", "0")), (0.65, ("0", "0", "66"))):
        rows = cover(tmp_path / "a.csv", info, [found(("person", 0.5, (0, 0, 1, 1)), ("cup", score, (0, 0, 1, 1)))])
        assert tuple(row["pixels"] for row in rows) == pixels


def test_a_damaged_table_leaves_no_coverage(tmp_path, info):
    path = tmp_path / "a.parquet"
    table = write_detections(path, [found(("cup", 0.5, (0, 0, 1, 1)))] * 3)
    painted = painted_of(tmp_path / "p.parquet", info, Tables(((path, table),)), PALETTE)
    rows = pq.read_table(painted.path)
    rewrite(rows[:-1], painted.path)
    with pytest.raises(DataError, match=r"p\.parquet: rows of frame 2 are missing"), Progress("x", 3) as bar:
        write_coverage(painted, PALETTE, tmp_path / "a.csv", bar)
    assert not (tmp_path / "a.csv").exists()
