import os
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import HOSTILE, METADATA, TIME_BASE, found, random_detections, rewrite, same, write_detections

from objmask.detections.arrays import Detections, DetectionWriter, read_detections
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.errors import DataError
from objmask.files.parquet import FORMAT_VERSION, metadata_of

F = np.float32
ONE = {
    "scores": np.array([0.5], F),
    "classes": ("cup",),
    "boxes": np.array([[0, 0, 1, 1]], F),
    "masks": (np.zeros((2, 2), np.uint8),),
}


def by_score(frame):
    return frame.take(np.argsort(-frame.scores, kind="stable"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"scores": np.array([0.5])},
        {"scores": np.array([[0.5]], F)},
        {"scores": np.array([1.01], F)},
        {"scores": np.array([-0.01], F)},
        {"scores": np.array([np.nan], F)},
        {"classes": ("cup", "cup")},
        {"classes": ()},
        {"boxes": np.array([[0, 0, 1, 1]])},
        {"boxes": np.array([0, 0, 1, 1], F)},
        {"boxes": np.array([[0, 0, 1, 1.001]], F)},
        {"boxes": np.array([[-0.001, 0, 1, 1]], F)},
        {"boxes": np.array([[0, 0.5, 1, 0.5]], F)},
        {"boxes": np.array([[0.6, 0, 0.5, 1]], F)},
        {"boxes": np.array([[0, 0, np.nan, 1]], F)},
        {"masks": ()},
        {"masks": (np.zeros((2, 2)),)},
        {"masks": (np.zeros(4, np.uint8),)},
        {"masks": (np.zeros((0, 2), np.uint8),)},
        {"masks": (np.zeros((2, 161), np.uint8),)},
        {"sources": ("guessed",)},
        {"sources": ("flow", "flow")},
        {"track_ids": (1, 2)},
    ],
)
def test_detections_that_would_be_misread_are_refused(wrong):
    Detections(**ONE)
    with pytest.raises(ValueError, match=r"expected|must"):
        Detections(**{**ONE, **wrong})


def test_defaults_say_detected_and_untracked():
    assert Detections(**ONE).sources == ("detected",)
    assert Detections(**ONE).track_ids == (-1,)
    assert len(Detections.empty()) == 0
    assert Detections.empty().boxes.shape == (0, 4)


def test_selecting_by_score_and_class():
    box = (0, 0, 1, 1)
    all_found = found(("cup", 0.1, box), ("tv", 0.3, box), ("cup", 0.9, box))
    assert all_found.select(score=0.1).classes == ("cup", "tv", "cup")
    assert all_found.select(score=0.3).classes == ("tv", "cup")
    assert all_found.select(score=0.3, classes=["cup"]).scores.tolist() == [F(0.9)]
    assert len(all_found.select(score=0, classes=[])) == 0
    assert len(Detections.empty().select(score=0)) == 0


def test_taking_and_joining_keep_every_column():
    rng = np.random.default_rng(1)
    a, b = random_detections(rng, 5), random_detections(rng, 3)
    joined = Detections.concatenate([a, Detections.empty(), b])
    assert same(joined.take(range(5)), a)
    assert same(joined.take(range(5, 8)), b)
    assert same(joined.take([7, 0]).take([1]), a.take([0]))
    assert same(Detections.concatenate([]), Detections.empty())
    assert same(Detections.concatenate([a]), a)


def test_what_is_written_is_read(tmp_path):
    rng = np.random.default_rng(2)
    frames = [random_detections(rng, count) for count in (3, 0, 0, 100, 1, 0)]
    pts = [0, 7, 1001, 1002, 50000, 50001]
    path = tmp_path / "a.parquet"
    table = write_detections(path, frames, pts)
    back = list(read_detections(path, table.number.tolist()))
    assert all(same(x, by_score(y)) for x, y in zip(back, frames, strict=True))
    assert table.pts.tolist() == pts
    assert table.duration_pts.tolist() == [7, 994, 1, 48998, 1, 1001]
    assert table.detections.tolist() == [3, 0, 0, 100, 1, 0]
    assert table.inferred.all()
    assert table.number.dtype == np.int64
    assert table.inferred.dtype == np.bool_
    assert table.time_base == TIME_BASE
    assert metadata_of(path) == metadata_of(frames_path(path)) == {**METADATA, "format_version": FORMAT_VERSION}


def test_more_rows_than_a_row_group_holds(tmp_path):
    rng = np.random.default_rng(3)
    box = (0.0, 0.0, 1.0, 1.0)
    frames = [found(*(("cup", float(s), box) for s in rng.random(300)), side=1) for _ in range(30)]
    path = tmp_path / "a.parquet"
    table = write_detections(path, frames)
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert len(sizes) > 1
    assert set(sizes[:-1]) == {sizes[0]}
    assert sum(sizes) == 9000
    assert sum(len(one) for one in read_detections(path, table.number.tolist())) == 9000
    assert all(same(a, by_score(b)) for a, b in zip(read_detections(path, table.number.tolist()), frames, strict=True))


def test_equal_content_gives_equal_bytes(tmp_path):
    frames = [random_detections(np.random.default_rng(4), 5)]
    write_detections(tmp_path / "a.parquet", frames, settings={"x": 1, "a": 2})
    write_detections(tmp_path / "b.parquet", frames, settings={"a": 2, "x": 1})
    for name in ("{}.parquet", "{}.frames.parquet"):
        assert (tmp_path / name.format("a")).read_bytes() == (tmp_path / name.format("b")).read_bytes()


def test_rows_are_as_documented(tmp_path):
    write_detections(tmp_path / "a.parquet", [found(("cup", 0.25, (0.25, 0.5, 0.75, 1.0)))])
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert row == {
        "frame": 0,
        "class": "cup",
        "score": 0.25,
        "ymin": 0.25,
        "xmin": 0.5,
        "ymax": 0.75,
        "xmax": 1.0,
        "mask_h": 2,
        "mask_w": 2,
        "mask": b"\xff\xff\xff\xff",
        "source": "detected",
        "track_id": -1,
        "found_as": "cup",
        "carried": 0,
        "drift": 0.0,
        "found_score": 0.25,
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_of_video_and_folder(tmp_path, name):
    path = tmp_path / name / f"{name}.parquet"
    table = write_detections(path, [found(("cup", 0.5, (0, 0, 1, 1)))])
    assert sorted(os.listdir(path.parent)) == sorted([path.name, frames_path(path).name])
    assert [len(one) for one in read_detections(path, table.number.tolist())] == [1]


def test_a_failure_leaves_neither_file(tmp_path):
    path = tmp_path / "a.parquet"

    def stop_after_one():
        with DetectionWriter(path, frames_path(path), METADATA) as writer:
            writer.write(0, 0, 1, inferred=True, found=found(("cup", 0.5, (0, 0, 1, 1))))
            raise RuntimeError("the detector stopped")

    with pytest.raises(RuntimeError, match="detector"):
        stop_after_one()
    assert os.listdir(tmp_path) == []


def test_an_older_pair_stays_together_when_the_new_one_cannot_be_finished(tmp_path):
    path = tmp_path / "a.parquet"
    write_detections(path, [Detections.empty()])
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises((pa.ArrowException, OverflowError)), DetectionWriter(path, frames_path(path), METADATA) as out:
        out.write(0, 2**70, 1, inferred=True, found=found(("cup", 0.5, (0, 0, 1, 1))))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_several_models_lie_side_by_side(tmp_path):
    one, other = found(("cup", 0.5, (0, 0, 1, 1))), found(("person", 0.9, (0, 0, 1, 1)), ("tv", 0.7, (0, 0, 1, 1)))
    tables = [
        write_detections(tmp_path / model / "clip.parquet", [detections], model=model)
        for model, detections in (("office", one), ("faces", other))
    ]
    assert tables[0].number.tolist() == tables[1].number.tolist()
    both = Detections.concatenate(
        [next(read_detections(tmp_path / model / "clip.parquet", [0])) for model in ("office", "faces")]
    )
    assert both.classes == ("cup", "person", "tv")
    assert [metadata_of(tmp_path / m / "clip.parquet")["model"] for m in ("office", "faces")] == ["office", "faces"]


def test_detections_of_frames_that_are_not_in_the_table_are_refused(tmp_path):
    box = (0, 0, 1, 1)
    frames = [found(("cup", 0.5, box)), found(("cup", 0.6, box)), found(("cup", 0.7, box))]
    write_detections(tmp_path / "a.parquet", frames)
    for numbers in ([1, 2], [0, 2], [0, 1], []):
        with pytest.raises(DataError, match=r"a\.parquet.*frame \d"):
            list(read_detections(tmp_path / "a.parquet", numbers))


def test_frames_beyond_the_detections_are_empty(tmp_path):
    write_detections(tmp_path / "a.parquet", [found(("cup", 0.5, (0, 0, 1, 1)))])
    assert [len(one) for one in read_detections(tmp_path / "a.parquet", [0, 5, 9])] == [1, 0, 0]


@pytest.fixture
def damaged(tmp_path):
    """A good pair, and a way to write one with something changed."""
    write_detections(tmp_path / "good.parquet", [found(("cup", 0.5, (0, 0, 1, 1)), side=2)])

    def change(kind, **columns):
        source = tmp_path / f"good{kind}.parquet"
        table = pq.read_table(source)
        for name, value in columns.items():
            index = table.schema.get_field_index(name)
            table = table.set_column(
                index, table.schema.field(index), pa.array([value], table.schema.field(index).type)
            )
        rewrite(table, tmp_path / f"bad{kind}.parquet")
        return tmp_path / f"bad{kind}.parquet"

    return change


@pytest.mark.parametrize(
    "columns", [{"mask": b"\xff"}, {"score": 7.0}, {"ymax": 0.0}, {"mask_h": 3}, {"source": "magic"}, {"mask_h": 0}]
)
def test_damaged_rows_are_one_line_that_names_the_file(damaged, columns):
    path = damaged("", **columns)
    with pytest.raises(DataError, match=r"bad\.parquet.*run again") as caught:
        list(read_detections(path, [0]))
    assert "\n" not in str(caught.value)


def read_all(path):
    return list(read_detections(path, [0]))


@pytest.mark.parametrize("reader", [FrameTable.read, metadata_of, read_all])
@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet\nat all", None, "cut"])
def test_a_file_that_is_no_parquet_is_named(tmp_path, reader, content):
    path = tmp_path / "a.parquet"
    if content == "cut":
        write_detections(path, [found(("cup", 0.5, (0, 0, 1, 1)))])
        content = path.read_bytes()[:-20]
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.parquet") as caught:
        reader(path)
    assert "again" in str(caught.value)


@pytest.mark.parametrize("which", ["detections", "frames"])
def test_a_flipped_bit_anywhere_is_noticed(tmp_path, which):
    """In pages, headers and the footer, which no page's checksum covers, every third byte of it."""
    path = tmp_path / "a.parquet"
    write_detections(path, [random_detections(np.random.default_rng(k), 3) for k in range(5)])
    path, reader = (path, read_frames) if which == "detections" else (frames_path(path), FrameTable.read)
    before = path.read_bytes()
    rng = np.random.default_rng(0)
    reader(path)
    for place in range(0, len(before), 3 if len(before) < 6000 else len(before) // 2000):
        path.write_bytes(before[:place] + bytes([before[place] ^ 1 << int(rng.integers(8))]) + before[place + 1 :])
        with pytest.raises(DataError, match=r"a\.\w*\.?parquet: damaged.*delete it and run again") as caught:
            reader(path)
        assert "\n" not in str(caught.value)


def read_frames(path):
    return list(read_detections(path, range(5)))


def test_the_two_files_are_not_taken_for_each_other(tmp_path):
    path = tmp_path / "a.parquet"
    write_detections(path, [found(("cup", 0.5, (0, 0, 1, 1)))])
    with pytest.raises(DataError, match="columns"):
        FrameTable.read(path)
    with pytest.raises(DataError, match="columns"):
        read_all(frames_path(path))


def test_a_parquet_file_of_somebody_else(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"frame": [1]}), path)
    for reader in (FrameTable.read, metadata_of, read_all):
        with pytest.raises(DataError, match=r"a\.parquet"):
            reader(path)


def test_a_later_format_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    write_detections(path, [found(("cup", 0.5, (0, 0, 1, 1)))])
    for file in (path, frames_path(path)):
        table = pq.read_table(file)
        rewrite(table, file, {**metadata_of(file), "format_version": FORMAT_VERSION + 1})
    for reader in (lambda p: FrameTable.read(frames_path(p)), metadata_of, read_all):
        with pytest.raises(DataError, match=rf"format {FORMAT_VERSION + 1}.*delete it and run again"):
            reader(path)


def table_of(n=3, **changes):
    columns = {
        "number": np.arange(n),
        "pts": np.arange(n) * 10 + 5,
        "duration_pts": np.full(n, 10),
        "inferred": np.ones(n, np.bool_),
        "detections": np.zeros(n, np.int32),
    }
    return FrameTable(**{**columns, **changes}, time_base=Fraction(1, 10), start_pts=5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pts": np.array([5, 5, 6])},
        {"pts": np.array([5, 7, 6])},
        {"number": np.array([0, 2, 1])},
        {"number": np.array([0, 0, 1])},
        {"inferred": np.ones(2, np.bool_)},
        {"detections": np.zeros((3, 1), np.int32)},
    ],
)
def test_frames_out_of_order_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected|increase"):
        table_of(**wrong)


@pytest.mark.parametrize("n", [0, 1, 3, 5000])
def test_frames_tables_of_any_length(tmp_path, n):
    path = tmp_path / "a.frames.parquet"
    table = table_of(n)
    table = replace(table, inferred=np.arange(n) % 3 == 0, start_pts=-7, time_base=Fraction(1001, 30000))
    table.write(path, {"video_sha256": "x"})
    back = FrameTable.read(path)
    assert len(back) == n
    for name in ("number", "pts", "duration_pts", "inferred", "detections"):
        assert np.array_equal(getattr(back, name), getattr(table, name))
        assert getattr(back, name).dtype == getattr(table, name).dtype
    assert (back.time_base, back.start_pts) == (table.time_base, table.start_pts)


def test_times_count_from_the_first_frame_of_the_source():
    table = table_of(3)
    assert table.time_s.tolist() == [0.0, 1.0, 2.0]
    window = replace(table, number=table.number + 7, pts=table.pts + 70)
    assert window.time_s.tolist() == [7.0, 8.0, 9.0]


@pytest.mark.parametrize("name", ["a", "a.b", "x.parquet", "a.frames"])
def test_the_table_lies_beside(tmp_path, name):
    assert frames_path(tmp_path / f"{name}.parquet") == tmp_path / f"{name}.frames.parquet"


def test_a_table_without_its_times_is_damaged(tmp_path):
    path = tmp_path / "a.frames.parquet"
    table_of(1).write(path, {})
    table = pq.read_table(path)
    for times in ({}, {"time_base": "0/0", "start_pts": 0}, {"time_base": "1/3", "start_pts": "x"}):
        rewrite(table, path, times)
        with pytest.raises(DataError, match=r"a\.frames\.parquet: is damaged"):
            FrameTable.read(path)
