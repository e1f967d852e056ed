import os
from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
from builders import BrightRectangles, found, random_detections, rewrite, same, write_detections
from clips import STEP, TIME_BASE, make

from objmask.detections.arrays import Detections, DetectionWriter, read_detections
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.errors import DataError
from objmask.files.parquet import metadata_of
from objmask.inference.chunk import batched, detect, gather
from objmask.inference.frame_store import extract_frames
from objmask.models.detector import Detector
from objmask.progress import Progress
from objmask.video import probe

FRAMES = 37
SETTINGS = {"floor": 0.05, "max_per_frame": 100, "every": 1}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A bright square that moves by a pixel a frame, beside it a lamp that is on in every fifth frame."""
    path = tmp_path_factory.mktemp("clip") / "a.mp4"
    with av.open(str(path), "w", container_options={"video_track_timescale": "30000"}) as out:
        stream = out.add_stream("libx264", 30, options={"crf": "1", "g": "8", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TIME_BASE
        for i in range(FRAMES):
            rgb = np.full((64, 96, 3), 20, np.uint8)
            rgb[20:36, 10 + i : 26 + i] = 230
            if i % 5 == 0:
                rgb[48:60, 80:92] = 190
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
            frame.pts, frame.time_base = i * STEP, TIME_BASE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path, probe(path)


def run(clip, folder, name, detector=None, **options):
    """Extracts and detects a chunk; returns its detections file and frames file."""
    video, info = clip
    store, table = folder / f"{name}.nut", folder / f"{name}.table.parquet"
    out = folder / f"{name}.parquet"
    with Progress("frames", info.frames) as bar:
        extract_frames(video, info, store, table, (info.width, info.height), bar, **options)
    chunk = FrameTable.read(table)
    with Progress("detect", len(chunk)) as bar:
        detect(detector or BrightRectangles(), store, chunk, table, out, frames_path(out), bar, SETTINGS)
    return out, frames_path(out)


def test_the_tests_detector_is_one():
    detector: Detector = BrightRectangles()
    assert [len(one) for one in detector.detect([np.zeros((4, 4, 3), np.uint8)])] == [0]


def test_every_frame_has_its_own_detections(clip, tmp_path):
    out, table_path = run(clip, tmp_path, "a")
    table = FrameTable.read(table_path)
    assert table.number.tolist() == list(range(FRAMES))
    assert table.pts.tolist() == [i * STEP for i in range(FRAMES)]
    assert table.inferred.all()
    assert table.detections.tolist() == [2 if i % 5 == 0 else 1 for i in range(FRAMES)]
    for i, one in enumerate(read_detections(out, table.number.tolist())):
        ymin, xmin, ymax, xmax = one.boxes[0] * (64, 96, 64, 96)
        assert (ymin, ymax) == pytest.approx((20, 36), abs=1)
        assert (xmin, xmax) == pytest.approx((10 + i, 26 + i), abs=1)


def test_metadata_says_what_made_it_and_nothing_of_when_or_where(clip, tmp_path):
    out, table = run(clip, tmp_path, "a")
    metadata = metadata_of(out)
    assert metadata == metadata_of(table)
    assert metadata["settings"] == SETTINGS
    assert metadata["video_sha256"] == clip[1].sha256
    assert (metadata["model"], metadata["model_sha256"]) == ("bright", "0" * 64)
    assert (metadata["time_base"], metadata["start_pts"]) == ("1/30000", 0)
    assert {"objmask", "numpy", "ai-edge-litert"} <= metadata["versions"].keys()
    assert str(tmp_path) not in str(metadata)
    again, _ = run(clip, tmp_path, "b")
    assert again.read_bytes() == out.read_bytes()


def test_only_frames_meant_for_inference_get_it(clip, tmp_path):
    detector = BrightRectangles()
    out, table_path = run(clip, tmp_path, "a", detector, every=4)
    table = FrameTable.read(table_path)
    assert len(table) == FRAMES
    assert np.flatnonzero(table.inferred).tolist() == list(range(0, FRAMES, 4))
    assert [len(one) > 0 for one in read_detections(out, table.number.tolist())] == table.inferred.tolist()
    assert sum(detector.batches) == len(range(0, FRAMES, 4))


def test_the_detector_gets_many_frames_at_once_and_memory_stays_bounded(clip, tmp_path):
    detector = BrightRectangles()
    run(clip, tmp_path, "a", detector)
    assert detector.batches == [8] * (FRAMES // 8) + [FRAMES % 8] * (FRAMES % 8 > 0)


def test_a_chunk_without_frames(clip, tmp_path):
    out, table = run(clip, tmp_path, "a", start=5, stop=5)
    assert len(FrameTable.read(table)) == 0
    assert list(read_detections(out, [])) == []


class Failing(BrightRectangles):
    """Its memory ends in the second batch."""

    def detect(self, frames):
        if self.batches:
            raise MemoryError("no memory left on the device")
        return super().detect(frames)


def test_a_detector_that_fails_leaves_nothing(clip, tmp_path):
    with pytest.raises(MemoryError, match="on the device"):
        run(clip, tmp_path, "a", Failing())
    assert sorted(os.listdir(tmp_path)) == ["a.nut", "a.table.parquet"]


@pytest.mark.parametrize("other", [{"stop": 10}, {"every": 2}])
def test_frames_of_another_chunk_are_refused(clip, tmp_path, other):
    run(clip, tmp_path, "a")
    run(clip, tmp_path, "b", **other)
    out = tmp_path / "c.parquet"
    for store, table in (("a", "b"), ("b", "a")):
        path = tmp_path / f"{table}.table.parquet"
        with pytest.raises(DataError, match=rf"{store}\.nut"), Progress("detect", 1) as bar:
            detect(
                BrightRectangles(),
                tmp_path / f"{store}.nut",
                FrameTable.read(path),
                path,
                out,
                frames_path(out),
                bar,
                {},
            )
    assert not out.exists()
    assert not frames_path(out).exists()


@pytest.mark.parametrize(("count", "size", "expected"), [(0, 3, []), (2, 3, [2]), (3, 3, [3]), (7, 3, [3, 3, 1])])
def test_batches(count, size, expected):
    batches = list(batched(range(count), size))
    assert [len(batch) for batch in batches] == expected
    assert [item for batch in batches for item in batch] == list(range(count))


def join(parts, info, folder, name, **options):
    out = folder / f"{name}.parquet"
    gather(parts, info, out, frames_path(out), **{"whole": True, **options})
    return out, frames_path(out)


@pytest.mark.parametrize("cuts", [[], [1], [8, 16, 24, 32], [1, 2, 3, 36], list(range(1, FRAMES)), [10, 11, 30]])
def test_the_same_bytes_however_the_video_was_cut(clip, tmp_path, cuts):
    whole = join([run(clip, tmp_path, "whole")], clip[1], tmp_path, "w")
    edges = [0, *cuts, FRAMES]
    parts = [run(clip, tmp_path, f"c{a}", start=a, stop=b) for a, b in pairwise(edges)]
    joined = join(parts, clip[1], tmp_path, "j")
    for one, other in zip(whole, joined, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_the_same_bytes_with_many_detections(clip, tmp_path):
    """Several row groups, whose borders fall within chunks."""
    rng = np.random.default_rng(0)
    frames = [random_detections(rng, int(count)) for count in rng.integers(0, 60, 200)]
    frames = [replace(f, masks=tuple(m[:3, :3] for m in f.masks)) for f in frames]
    info = replace(clip[1], sha256="v" * 64, frames=200)
    write_detections(tmp_path / "all.parquet", frames)
    metadata = {k: v for k, v in metadata_of(tmp_path / "all.parquet").items() if k != "format_version"}
    parts = []
    for a, b in pairwise([0, 1, 77, 78, 200]):
        path = tmp_path / f"{a}.parquet"
        with DetectionWriter(path, frames_path(path), metadata) as writer:
            for i in range(a, b):
                writer.write(i, i * 1001, 1001, inferred=True, found=frames[i])
        parts.append((path, frames_path(path)))
    out, table = join(parts, info, tmp_path, "j")
    assert out.read_bytes() == (tmp_path / "all.parquet").read_bytes()
    assert table.read_bytes() == frames_path(tmp_path / "all.parquet").read_bytes()
    assert pq.read_metadata(out).num_row_groups > 1
    for one, other in zip(read_detections(out, range(200)), frames, strict=True):
        assert same(one, other.take(np.argsort(-other.scores, kind="stable")))


@pytest.fixture(scope="module")
def chunks(clip, tmp_path_factory):
    """Three chunks of the clip."""
    folder = tmp_path_factory.mktemp("chunks")
    return [run(clip, folder, f"c{a}", start=a, stop=b) for a, b in ((0, 10), (10, 20), (20, FRAMES))]


@pytest.mark.parametrize("order", [[0, 1], [1, 2], [0, 2], [0, 2, 1], [0, 1, 1, 2], [0, 0, 1, 2]])
def test_missing_repeated_and_swapped_chunks_are_refused(clip, chunks, tmp_path, order):
    with pytest.raises(DataError, match="again"):
        join([chunks[i] for i in order], clip[1], tmp_path, "j")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("order", "frames"), [([1], 10), ([0, 1], 20), ([1, 2], 27)])
def test_a_window_may_leave_out_both_ends(clip, chunks, tmp_path, order, frames):
    _, table = join([chunks[i] for i in order], clip[1], tmp_path, "j", whole=False)
    assert len(FrameTable.read(table)) == frames


@pytest.mark.parametrize("order", [[0, 2], [1, 0], [1, 1]])
def test_a_window_has_no_holes(clip, chunks, tmp_path, order):
    with pytest.raises(DataError, match="is due"):
        join([chunks[i] for i in order], clip[1], tmp_path, "j", whole=False)
    assert os.listdir(tmp_path) == []


def test_chunks_outside_the_window_are_empty_and_join_in(clip, chunks, tmp_path):
    empty = run(clip, tmp_path, "e", start=0, stop=0)
    _, table = join([empty, chunks[1], empty], clip[1], tmp_path, "j", whole=False)
    assert FrameTable.read(table).number.tolist() == list(range(10, 20))
    with pytest.raises(DataError, match="window"):
        join([empty, empty], clip[1], tmp_path, "k", whole=False)
    assert not (tmp_path / "k.parquet").exists()


def test_chunks_of_another_version_of_the_video(clip, chunks, tmp_path):
    with pytest.raises(DataError, match="another version of the video"):
        join(chunks, replace(clip[1], sha256="f" * 64), tmp_path, "j")


def test_chunks_made_with_other_settings(clip, chunks, tmp_path):
    video, _ = clip
    out = tmp_path / "x.parquet"
    table = tmp_path / "t.parquet"
    with Progress("x", 1) as bar:
        extract_frames(video, clip[1], tmp_path / "x.nut", table, (96, 64), bar, start=10, stop=20)
        chunk, settings = FrameTable.read(table), {"floor": 0.5}
        detect(BrightRectangles(), tmp_path / "x.nut", chunk, table, out, frames_path(out), bar, settings)
    with pytest.raises(DataError, match="other settings"):
        join([chunks[0], (out, frames_path(out)), chunks[2]], clip[1], tmp_path, "j")


def test_detections_that_went_missing_are_noticed(clip, tmp_path):
    """The frames table counts them, so a file that lost its last rows is not taken for frames without objects."""
    write_detections(tmp_path / "a.parquet", [found(("cup", 0.5, (0, 0, 1, 1)))] * 2)
    table = pq.read_table(tmp_path / "a.parquet")
    rewrite(table.slice(0, 1), tmp_path / "a.parquet")
    info = replace(clip[1], sha256="v" * 64, frames=2)
    with pytest.raises(DataError, match=r"a\.parquet: detections of frame 1 are missing"):
        join([(tmp_path / "a.parquet", frames_path(tmp_path / "a.parquet"))], info, tmp_path, "j")


def test_a_chunk_that_is_not_there(clip, tmp_path):
    path = tmp_path / "no.parquet"
    with pytest.raises(DataError, match=r"no\.frames\.parquet"):
        join([(path, frames_path(path))], clip[1], tmp_path, "j")


def test_detections_of_a_frame_without_inference_are_kept(clip, tmp_path):
    """Tracking fills frames in: `source` says so, and gathering keeps it."""
    tracked = replace(found(("cup", 0.5, (0, 0, 1, 1))), sources=("tracked",), track_ids=(7,))
    path = tmp_path / "a.parquet"
    metadata = {"time_base": "1/30", "start_pts": 0, "video_sha256": clip[1].sha256, "placement": "CPU"}
    with DetectionWriter(path, frames_path(path), metadata) as writer:
        writer.write(0, 0, 1, inferred=True, found=Detections.empty())
        writer.write(1, 1, 1, inferred=False, found=tracked)
    out, table = join([(path, frames_path(path))], replace(clip[1], frames=2), tmp_path, "j")
    assert FrameTable.read(table).inferred.tolist() == [True, False]
    assert same(list(read_detections(out, [0, 1]))[1], tracked)


def test_the_clip_for_these_tests_is_as_described(tmp_path):
    info = probe(make(tmp_path / "b.mp4"))
    assert info.time_base == TIME_BASE
