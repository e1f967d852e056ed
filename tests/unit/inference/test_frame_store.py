import os
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from builders import HOSTILE
from clips import REGULAR, STEP, VARIABLE, make

from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError, VideoError
from objmask.files.parquet import metadata_of
from objmask.inference.frame_store import (
    extract_frames,
    inferred_frames,
    network_size,
    read_store,
    write_images,
    write_store,
)
from objmask.models.info import ModelInfo
from objmask.progress import Progress
from objmask.video import probe, read_frames


def model(**sizes):
    return ModelInfo("m", "yolo", "x", "0", "x", ("cup",), {"cup": 0}, **{"input_height": 0, "input_width": 0} | sizes)


def extract(video, info, folder, size=None, **options):
    store, table = folder / "s.nut", folder / "s.parquet"
    with Progress("frames", info.frames) as bar:
        extract_frames(video, info, store, table, size or (info.width, info.height), bar, **options)
    return store, FrameTable.read(table)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A regular clip and what is known of it."""
    path = make(tmp_path_factory.mktemp("clip") / "a.mp4")
    return path, probe(path)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (33, 51), (720, 1280)])
def test_pictures_come_back_exactly(tmp_path, shape):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (*shape, 3), np.uint8) for _ in range(3)]
    write_store(tmp_path / "s.nut", shape[::-1], pictures)
    back = list(read_store(tmp_path / "s.nut"))
    assert len(back) == 3
    assert all(np.array_equal(a, b) for a, b in zip(back, pictures, strict=True))


def test_a_chunk_without_frames(tmp_path):
    write_store(tmp_path / "s.nut", (4, 4), [])
    assert list(read_store(tmp_path / "s.nut")) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_stores_and_images_of_any_name(tmp_path, name):
    picture = np.full((4, 6, 3), 7, np.uint8)
    checksum = write_store(tmp_path / name / f"{name}.nut", (6, 4), [picture])
    assert np.array_equal(next(read_store(tmp_path / name / f"{name}.nut")), picture)
    images(tmp_path / name / f"{name}.nut", numbered([0], pictures=checksum), tmp_path / name / "out")
    assert os.listdir(tmp_path / name / "out") == ["00000000.png"]


@pytest.mark.parametrize("content", [None, b"", b"not a video\n" * 9, "cut"])
def test_a_damaged_store_is_named(tmp_path, content):
    path = tmp_path / "s.nut"
    rng = np.random.default_rng(0)
    if content == "cut":
        write_store(path, (64, 64), [rng.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(4)])
        content = path.read_bytes()[:100]
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"s\.nut.*again") as caught:
        list(inferred_frames(path, numbered(range(4))))
    assert "\n" not in str(caught.value)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VideoError, match="file"):
        write_store(tmp_path / "file" / "s.nut", (4, 4), [])


def test_a_failing_reader_leaves_nothing(tmp_path):
    def pictures():
        yield np.zeros((4, 4, 3), np.uint8)
        raise VideoError("a.mp4: truncated")

    with pytest.raises(VideoError, match="truncated"):
        write_store(tmp_path / "s.nut", (4, 4), pictures())
    assert os.listdir(tmp_path) == []


def test_all_frames_with_their_times(tmp_path, clip):
    video, info = clip
    store, table = extract(video, info, tmp_path)
    assert table.number.tolist() == list(range(20))
    assert table.pts.tolist() == list(REGULAR)
    assert set(table.duration_pts.tolist()) == {STEP}
    assert table.inferred.all()
    assert not table.detections.any()
    assert (table.time_base, table.start_pts) == (info.time_base, 0)
    assert metadata_of(tmp_path / "s.parquet")["video_sha256"] == info.sha256
    expected = [frame.rgb() for frame in read_frames(video, info)]
    assert all(np.array_equal(a, b) for a, b in zip(read_store(store), expected, strict=True))


@pytest.mark.parametrize(("start", "stop"), [(0, 7), (7, 20), (19, 20), (13, 99), (20, 30), (5, 5)])
def test_chunks_hold_their_frames_and_no_others(tmp_path, clip, start, stop):
    video, info = clip
    store, table = extract(video, info, tmp_path, start=start, stop=stop)
    expected = [f for f in read_frames(video, info) if start <= f.number < stop]
    assert table.number.tolist() == [f.number for f in expected]
    assert table.pts.tolist() == [f.pts for f in expected]
    assert table.duration_pts.tolist() == [f.duration_pts for f in expected]
    assert all(np.array_equal(a, f.rgb()) for a, f in zip(read_store(store), expected, strict=True))


def test_other_pictures_than_were_extracted_are_refused(tmp_path):
    path = tmp_path / "s.nut"
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    checksum = write_store(path, (16, 16), [picture] * 3)
    assert len(list(inferred_frames(path, numbered(range(3), pictures=checksum)))) == 3
    picture[7, 7, 1] ^= 1
    write_store(path, (16, 16), [picture] * 3)
    for said in (checksum, ""):
        with pytest.raises(DataError, match=r"s\.nut: its pictures are not those that were extracted"):
            list(inferred_frames(path, numbered(range(3), pictures=said)))


@pytest.mark.parametrize("start", [0, 5, 6])
def test_every_third_is_counted_from_the_start_of_the_video(tmp_path, clip, start):
    video, info = clip
    store, table = extract(video, info, tmp_path, start=start, stop=14, every=3)
    assert len(table) == 14 - start
    numbers = [number for number, _ in inferred_frames(store, table)]
    assert numbers == [n for n in range(start, 14) if n % 3 == 0]


def test_a_window_in_seconds_with_variable_times(tmp_path):
    video = make(tmp_path / "a.mp4", pts=[t + 500 for t in VARIABLE])
    info = probe(video)
    _, table = extract(video, info, tmp_path, window=(0.02, 1.0))
    assert table.pts.tolist() == [t + 500 for t in VARIABLE if 600 <= t < 30000]
    assert table.start_pts == 500
    assert table.time_s[0] == pytest.approx(0.02)
    _, table = extract(video, info, tmp_path, window=(99.0, None))
    assert len(table) == 0


def test_frames_are_upright_and_scaled(tmp_path):
    video = make(tmp_path / "a.mp4", rotation=90)
    info = probe(video)
    store, _ = extract(video, info, tmp_path, size=(24, 32))
    frame = next(read_frames(video, info)).rgb()
    assert frame.shape == (64, 48, 3)
    small = next(read_store(store))
    assert small.shape == (32, 24, 3)
    assert np.abs(small.astype(int) - cv2.resize(frame, (24, 32), interpolation=cv2.INTER_AREA)).max() <= 1


def test_another_file_than_was_probed(tmp_path, clip):
    _, info = clip
    other = make(tmp_path / "b.mp4", pts=REGULAR[:10])
    with pytest.raises(DataError, match=r"b\.mp4: is not the file that was probed"):
        extract(other, info, tmp_path)
    assert os.listdir(tmp_path) == ["b.mp4"]


@pytest.mark.parametrize(
    ("width", "height", "aspect", "models", "expected"),
    [
        (1280, 720, 1, [model(input_height=640, input_width=640)], (640, 360)),
        (1280, 720, 1, [model(short_side=800, long_side=1365)], (1280, 720)),
        (1920, 1080, 1, [model(short_side=800, long_side=1365)], (1365, 768)),
        (
            1280,
            720,
            1,
            [model(input_height=256, input_width=256), model(input_height=640, input_width=640)],
            (640, 360),
        ),
        (64, 48, 1, [model(input_height=640, input_width=640)], (64, 48)),
        (720, 576, Fraction(16, 15), [model()], (768, 576)),
        (720, 480, Fraction(8, 9), [model()], (720, 540)),
        (1, 1, 1, [model(input_height=640, input_width=640)], (1, 1)),
        (1, 4000, 1, [model(input_height=640, input_width=640)], (1, 640)),
    ],
)
def test_what_the_networks_can_use_and_no_more(clip, width, height, aspect, models, expected):
    info = replace(clip[1], width=width, height=height, sample_aspect=Fraction(aspect))
    assert network_size(info, models) == expected


def numbered(inferred, total=None, pictures=""):
    inferred = list(inferred)
    n = total if total is not None else (inferred[-1] + 1 if inferred else 0)
    mask = np.isin(np.arange(n), inferred)
    counts, rate = np.zeros(n, np.int32), Fraction(1, 10)
    return FrameTable(np.arange(n), np.arange(n), np.ones(n, int), mask, counts, rate, 0, pictures=pictures)


def images(store, table, folder, kind="png"):
    write_images(inferred_frames(store, table), folder, kind)


def test_images_carry_frame_numbers_and_colours(tmp_path):
    red = np.zeros((5, 9, 3), np.uint8)
    red[..., 0] = 255
    checksum = write_store(tmp_path / "s.nut", (9, 5), [red, red // 2])
    images(tmp_path / "s.nut", numbered([0, 5], 8, checksum), tmp_path / "png")
    assert sorted(os.listdir(tmp_path / "png")) == ["00000000.png", "00000005.png"]
    assert np.array_equal(cv2.imread(str(tmp_path / "png/00000000.png"))[..., ::-1], red)
    images(tmp_path / "s.nut", numbered([0, 5], 8, checksum), tmp_path / "jpg", "jpg")
    assert np.abs(cv2.imread(str(tmp_path / "jpg/00000005.jpg"))[..., ::-1].astype(int) - red // 2).max() < 6


def test_images_of_a_chunk_without_inference(tmp_path):
    checksum = write_store(tmp_path / "s.nut", (4, 4), [])
    images(tmp_path / "s.nut", numbered([], 3, checksum), tmp_path / "png")
    assert os.listdir(tmp_path / "png") == []


@pytest.mark.parametrize("inferred", [[0], [0, 1, 2]])
def test_a_store_of_another_chunk_is_refused(tmp_path, inferred):
    write_store(tmp_path / "s.nut", (4, 4), [np.zeros((4, 4, 3), np.uint8)] * 2)
    with pytest.raises(DataError, match=rf"s\.nut.*2 frames.*{len(inferred)}"):
        images(tmp_path / "s.nut", numbered(inferred), tmp_path / "png")
    assert not (tmp_path / "png").exists()
