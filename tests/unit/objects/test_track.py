"""From a detections file to a tracks file: nothing is lost, nothing is shown that was hidden, twice gives the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import clips
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import METADATA, found, random_detections, rewrite

from objmask.cli import main
from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.errors import DataError
from objmask.evaluation.hiding import pixels_of
from objmask.hidden.decide import hidden_by_frame, refuse_gaps
from objmask.objects.tables import found_by_frame, objects_by_frame, read_tables
from objmask.objects.track import TrackSettings, track
from objmask.progress import Progress
from objmask.video.info import VideoInfo
from objmask.video.probe import probe
from objmask.video.reader import read_frames

SETTINGS = TrackSettings(gap_s=0.3, extend_s=0.1, memory_s=0.3)
PERSON = ("person", 0.9, (0.2, 0.2, 0.7, 0.6))


def video(folder: Path, **changes: object) -> tuple[Path, VideoInfo]:
    path = clips.make(folder / "clip.mp4", **changes)  # type: ignore[arg-type]
    return path, probe(path)


def write(
    path: Path, info: VideoInfo, source: Path, frames: Sequence[Detections], every: int = 1, first: int = 0
) -> Path:
    """A detections file of a video's own frames, which are the ones from number `first` on."""
    metadata = {**METADATA, "time_base": str(info.time_base), "video_sha256": info.sha256, "versions": {}}
    path.parent.mkdir(parents=True, exist_ok=True)
    with DetectionWriter(path, frames_path(path), metadata) as out:
        for k, (frame, one) in enumerate(zip(read_frames(source, info), frames, strict=True)):
            out.write(frame.number, frame.pts, frame.duration_pts, inferred=(first + k) % every == 0, found=one)
    return path


def tracked(detections: Path, info: VideoInfo, source: Path | None, out: Path) -> Path:
    tables = read_tables([detections], info.sha256)
    frames = None if source is None else read_frames(source, info)
    quiet = Progress("track", len(tables[0][1]), bar=False)
    track(info, tables, frames, SETTINGS, out, frames_path(out), quiet)
    return out


def rows(path: Path, info: VideoInfo) -> list[Detections]:
    return list(found_by_frame(read_tables([path], info.sha256)))


def hidden(path: Path, info: VideoInfo, **changes: object) -> list[np.ndarray]:
    values = {"score": 0.3, "threshold": 0.3, "shape": "mask", "grow": 0.05, "hold": 0}
    hiding = Hiding(objects=frozenset({"person", "cup"}), **{**values, **changes})  # type: ignore[arg-type]
    return [
        pixels_of([area.patch for area in areas], info)
        for areas in hidden_by_frame(info, read_tables([path], info.sha256), hiding)
    ]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("flow", [True, False], ids=["flow", "straight line"])
def test_whatever_is_found_in_a_frame_is_hidden_in_it_with_tracks_too(tmp_path, seed, flow):
    """What a frame hides in others moves with its track, so this is about each frame alone."""
    source, info = video(tmp_path)
    rng = np.random.default_rng(seed)
    pool = random_detections(rng, 6)
    frames = []
    for _ in range(info.frames):
        some = pool.take(np.flatnonzero(rng.random(6) < 0.6))
        scores = (some.scores * rng.choice([0.3, 1], len(some))).astype(np.float32)
        classes = tuple(name if rng.random() < 0.8 else "wine glass" for name in some.classes)
        frames.append(Detections(scores, classes, some.boxes, some.masks))
    before = write(tmp_path / "detections/clip.parquet", info, source, frames)
    after = tracked(before, info, source if flow else None, tmp_path / "tracks/clip.parquet")
    changes = {
        "shape": ("mask", "box", "ellipse")[seed % 3],
        "score": 0.1 + 0.1 * (seed % 4),
    }
    more = 0
    for one, other in zip(hidden(before, info, **changes), hidden(after, info, **changes), strict=True):
        assert not (one & ~other).any()
        more += np.count_nonzero(other & ~one)
    assert more


def test_a_frame_of_carried_masks_alone_is_one_in_which_nothing_was_found(tmp_path):
    source, info = video(tmp_path)
    frames = [found(*([] if k == 7 else [PERSON]), side=9) for k in range(info.frames)]
    after = tracked(write(tmp_path / "a.parquet", info, source, frames), info, source, tmp_path / "t.parquet")
    whole = [one.all() for one in hidden(after, info, whole_frame_when="no_detection")]
    assert [k for k, all_of_it in enumerate(whole) if all_of_it] == [7]


@pytest.mark.parametrize("doubt", [("person", 0.05, PERSON[2]), ("tv", 0.9, PERSON[2])], ids=["weak", "other"])
def test_what_only_the_track_says_is_nothing_found_in_the_frame(tmp_path, doubt):
    """Without tracks this frame is hidden as a whole, so it is with them."""
    source, info = video(tmp_path)
    frames = [found(doubt if k == 7 else PERSON, side=9) for k in range(info.frames)]
    before = write(tmp_path / "a.parquet", info, source, frames)
    after = tracked(before, info, None, tmp_path / "t.parquet")
    for path in (before, after):
        whole = [one.all() for one in hidden(path, info, whole_frame_when="no_detection")]
        assert [k for k, all_of_it in enumerate(whole) if all_of_it] == [7]


def test_every_detection_is_still_there_and_says_what_it_was_found_as(tmp_path):
    source, info = video(tmp_path)
    frames = [found(("tv" if k % 5 == 4 else "person", 0.2 + 0.03 * k, PERSON[2])) for k in range(info.frames)]
    before = write(tmp_path / "a.parquet", info, source, frames)
    for k, (one, other) in enumerate(
        zip(frames, rows(tracked(before, info, None, tmp_path / "t.parquet"), info), strict=True)
    ):
        assert other.classes == ("person",)
        assert other.found_as == one.classes
        assert other.sources == ("detected",)
        assert other.boxes.tolist() == one.boxes.tolist()
        assert other.found_scores == tuple(one.scores.tolist())
        assert other.scores[0] == max(frame.scores[0] for frame in frames[max(0, k - 8) : k + 9])


@pytest.mark.parametrize("flow", [True, False], ids=["flow", "straight line"])
def test_a_missed_frame_is_filled_and_painted_once(tmp_path, flow):
    source, info = video(tmp_path)
    frames = [found(*([] if k in (7, 8) else [PERSON]), side=9) for k in range(info.frames)]
    before = write(tmp_path / "a.parquet", info, source, frames)
    after = tracked(before, info, source if flow else None, tmp_path / "t.parquet")
    assert [len(frame) for frame in rows(after, info)][6:10] == [1, 2, 2, 1]
    assert {len(frame) for frame in objects_by_frame(read_tables([after], info.sha256))} == {1}
    assert all(area.any() for area in hidden(after, info))
    assert not all(area.any() for area in hidden(before, info))


def test_frames_that_the_network_did_not_see_become_known(tmp_path):
    source, info = video(tmp_path)
    frames = [found(*([PERSON] if k % 4 == 0 else [])) for k in range(info.frames)]
    before = write(tmp_path / "a.parquet", info, source, frames, every=4)
    after = tracked(before, info, None, tmp_path / "t.parquet")
    assert not FrameTable.read(frames_path(before)).known.all()
    table = FrameTable.read(frames_path(after))
    assert table.known.all()
    assert table.inferred.tolist() == FrameTable.read(frames_path(before)).inferred.tolist()
    assert all(area.any() for area in hidden(after, info))


def test_of_a_window_between_two_looks_nothing_is_known(tmp_path):
    """Nothing was found to be carried anywhere: protected video would show all there is."""
    source, info = video(tmp_path)
    nothing = [Detections.empty()] * info.frames
    before = write(tmp_path / "a.parquet", info, source, nothing, every=info.frames + 2, first=1)
    after = tracked(before, info, None, tmp_path / "t.parquet")
    assert not FrameTable.read(frames_path(after)).known.any()
    with pytest.raises(DataError, match=r"20 of 20 frames, the first 0, had no inference"):
        refuse_gaps(read_tables([after], info.sha256))


@pytest.mark.parametrize("size", [(64, 48), (2, 2), (16, 480)])
@pytest.mark.parametrize("pts", [(0,), clips.REGULAR[:2], clips.VARIABLE])
def test_videos_of_one_frame_odd_times_and_few_pixels(tmp_path, size, pts):
    source, info = video(tmp_path, size=size, pts=pts)
    before = write(tmp_path / "a.parquet", info, source, [found(PERSON)] * info.frames)
    after = tracked(before, info, source, tmp_path / "t.parquet")
    assert FrameTable.read(frames_path(after)).pts.tolist() == list(pts)
    assert {one.track_ids for one in rows(after, info)} == {(0,)}


def test_a_video_in_which_nothing_is_found(tmp_path):
    source, info = video(tmp_path)
    before = write(tmp_path / "a.parquet", info, source, [Detections.empty()] * info.frames)
    assert [len(one) for one in rows(tracked(before, info, source, tmp_path / "t.parquet"), info)] == [0] * info.frames


def test_twice_gives_the_same_bytes(tmp_path):
    source, info = video(tmp_path)
    rng = np.random.default_rng(2)
    frames = [replace(random_detections(rng, 8), sources=(), track_ids=()) for _ in range(info.frames)]
    write(tmp_path / "detections/it's <script>.parquet", info, source, frames)
    assert main(["probe", f"--video={source}", f"--out={tmp_path / 'probe.json'}"]) == 0
    for name in ("one", "two"):
        out = tmp_path / name / "clip.parquet"
        options = ["track", f"--video={source}", f"--probe={tmp_path / 'probe.json'}", f"--out={out}"]
        options += [f"--detections={tmp_path}/detections/it's <script>.parquet", f"--out-frames={frames_path(out)}"]
        assert main(options) == 0
    for kind in ("clip.parquet", "clip.frames.parquet"):
        assert (tmp_path / "one" / kind).read_bytes() == (tmp_path / "two" / kind).read_bytes()
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["clip.frames.parquet", "clip.parquet"]


DAMAGE = {
    "another video's": (lambda info: "0" * 64, {}, r"is of another video"),
    "a row that is lost": (lambda info: info.sha256, {"frame": 10**6}, r"of frame 19 are missing"),
    "a score beyond 1": (lambda info: info.sha256, {"score": 7.0}, r"is damaged"),
    "a mask of other sides": (lambda info: info.sha256, {"mask_h": 3}, r"is damaged"),
    "no number as drift": (lambda info: info.sha256, {"drift": float("nan")}, r"is damaged"),
    "a drift without end": (lambda info: info.sha256, {"drift": float("inf")}, r"is damaged"),
}


@pytest.mark.parametrize(("sha256", "columns", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_one_line_and_leaves_nothing(tmp_path, sha256, columns, message):
    source, info = video(tmp_path)
    path = write(tmp_path / "a.parquet", info, source, [found(PERSON)] * info.frames)
    table = pq.read_table(path)
    for name, value in columns.items():
        index = table.schema.get_field_index(name)
        values = [*table.column(name).to_pylist()[:-1], value]
        table = table.set_column(index, table.schema.field(index), pa.array(values, table.schema.field(index).type))
    rewrite(table, path)
    out = tmp_path / "tracks/t.parquet"
    with pytest.raises(DataError, match=message) as caught:
        tracked(path, replace(info, sha256=sha256(info)), None, out)
    assert "\n" not in str(caught.value)
    assert not out.parent.exists() or not list(out.parent.iterdir())


def test_other_frames_than_the_tables_are_refused(tmp_path):
    source, info = video(tmp_path)
    path = write(tmp_path / "a.parquet", info, source, [found(PERSON)] * info.frames)
    out = tmp_path / "t.parquet"
    tables = read_tables([path], info.sha256)
    for start, stop in ((1, None), (0, 7)):
        frames = read_frames(source, info, start=start, stop=stop)
        with pytest.raises(DataError, match=r"run detect again"):
            track(info, tables, frames, SETTINGS, out, frames_path(out), Progress("track", 20, bar=False))
    assert not out.exists()
