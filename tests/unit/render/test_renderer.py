"""Every frame is accounted for: what is in the video must be in its frames table, and the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from scenes import info, noise

from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import frames_path
from objmask.errors import DataError
from objmask.objects.tables import found_by_frame, read_tables
from objmask.progress import Progress
from objmask.render.hold import NO_HOLD
from objmask.render.privacy import refuse_gaps
from objmask.render.renderer import render_video
from objmask.video import Planes, VideoWriter, probe, read_frames

SHA256 = "5" * 64
STEP = 1001
FRAMES = 12


class Copy:
    """A renderer that shows the source."""

    hold = NO_HOLD
    viewed = False

    def prepare(self, found: Detections) -> None:
        return None

    def render(self, picture: Planes, around: Sequence[None], here: int) -> Planes:
        return picture


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    with VideoWriter(path, info(64, 48, frames=FRAMES, end_pts=FRAMES * STEP)) as writer:
        for n in range(FRAMES):
            writer.write(noise(64, 48, n), n * STEP, STEP)
    return path


def tables(folder: Path, numbers: Sequence[int], name: str = "d", every: int = 1) -> Path:
    path = folder / f"{name}.parquet"
    with DetectionWriter(
        path, frames_path(path), {"time_base": "1/30000", "start_pts": 0, "video_sha256": SHA256}
    ) as writer:
        for n in numbers:
            writer.write(n, n * STEP, STEP, inferred=n % every == 0, found=Detections.empty())
    return path


def render(video: Path, detections: Path, out: Path, **options: object) -> None:
    facts = probe(video)
    with Progress("copy", FRAMES) as progress, VideoWriter(out, facts) as writer:
        tables = read_tables([detections], SHA256)
        found = found_by_frame(tables)
        render_video(Copy(), video, facts, tables[0][1], found, writer, progress, **options)  # type: ignore[arg-type]


def test_frames_and_times_are_the_source_s(video: Path, tmp_path: Path) -> None:
    render(video, tables(tmp_path, range(FRAMES)), tmp_path / "out.mp4")
    times = [
        [(f.pts * i.time_base, f.duration_pts * i.time_base) for f in read_frames(p, i)]
        for p in (video, tmp_path / "out.mp4")
        for i in [probe(p)]
    ]
    assert times[0] == times[1]
    assert len(times[0]) == FRAMES


def test_a_window_needs_only_its_frames(video: Path, tmp_path: Path) -> None:
    render(video, tables(tmp_path, range(3, 7)), tmp_path / "out.mp4", window=(0.1, 0.22))
    facts = probe(tmp_path / "out.mp4")
    assert [f.pts * facts.time_base * 30000 for f in read_frames(tmp_path / "out.mp4", facts)] == [
        n * STEP for n in range(3, 7)
    ]


@pytest.mark.parametrize(
    "numbers",
    [range(FRAMES - 1), range(1, FRAMES), [*range(5), *range(6, FRAMES)], range(FRAMES + 1)],
    ids=["last missing", "first missing", "one missing", "one too many"],
)
def test_a_frame_that_is_not_accounted_for_fails_and_leaves_nothing(
    video: Path, tmp_path: Path, numbers: Sequence[int]
) -> None:
    detections = tables(tmp_path, numbers)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DataError, match="run detect again"):
        render(video, detections, tmp_path / "out.mp4")
    assert sorted(tmp_path.iterdir()) == before


def test_two_models_must_have_seen_the_same_frames(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="other frames"):
        read_tables([tables(tmp_path, range(5), "a"), tables(tmp_path, range(4), "b")], SHA256)


def test_protecting_refuses_frames_without_inference(tmp_path: Path) -> None:
    refuse_gaps(read_tables([tables(tmp_path, range(6), "a")], SHA256))
    with pytest.raises(DataError, match=r"4 of 6 frames, the first 1.*detect\.every"):
        refuse_gaps(read_tables([tables(tmp_path, range(6), "b", every=3)], SHA256))


def test_detections_of_another_video_are_refused(tmp_path: Path) -> None:
    """Two clips of equal length have equal frame numbers and times."""
    with pytest.raises(DataError, match="another video"):
        read_tables([tables(tmp_path, range(5))], "0" * 64)
