"""Every frame is accounted for: what is in the video must be in its frames table, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scenes import info, noise

from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError
from objmask.progress import Progress
from objmask.render.renderer import render_video
from objmask.video import Planes, VideoWriter, probe, read_frames

STEP = 1001
FRAMES = 12


class Copy:
    """A renderer that shows the source, and remembers what was decided about each frame."""

    viewed = False

    def __init__(self) -> None:
        self.decided: list[int] = []

    def render(self, picture: Planes, decided: int) -> Planes:
        self.decided.append(decided)
        return picture


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    with VideoWriter(path, info(64, 48, frames=FRAMES, end_pts=FRAMES * STEP)) as writer:
        for n in range(FRAMES):
            writer.write(noise(64, 48, n), n * STEP, STEP)
    return path


def table_of(numbers: Sequence[int]) -> FrameTable:
    n = len(numbers)
    number = np.array(numbers, np.int64)
    columns = (number, number * STEP, np.full(n, STEP), np.ones(n, np.bool_), np.zeros(n, np.int32))
    return FrameTable(*columns, Fraction(1, 30000), 0)


def render(
    video: Path, numbers: Sequence[int], out: Path, decided: Sequence[int] | None = None, **options: object
) -> list[int]:
    """What was decided about each frame that was rendered; by default it is the frame's number."""
    facts, renderer = probe(video), Copy()
    given = numbers if decided is None else decided
    with Progress("copy", FRAMES) as progress, VideoWriter(out, facts) as writer:
        render_video(renderer, video, facts, table_of(numbers), given, writer, progress, **options)  # type: ignore[arg-type]
    return renderer.decided


def test_frames_and_times_are_the_source_s(video: Path, tmp_path: Path) -> None:
    assert render(video, range(FRAMES), tmp_path / "out.mp4") == list(range(FRAMES))
    times = [
        [(f.pts * i.time_base, f.duration_pts * i.time_base) for f in read_frames(p, i)]
        for p in (video, tmp_path / "out.mp4")
        for i in [probe(p)]
    ]
    assert times[0] == times[1]
    assert len(times[0]) == FRAMES


def test_a_window_needs_only_its_frames(video: Path, tmp_path: Path) -> None:
    assert render(video, range(3, 7), tmp_path / "out.mp4", window=(0.1, 0.22)) == [3, 4, 5, 6]
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
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DataError, match="run detect again"):
        render(video, numbers, tmp_path / "out.mp4")
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_decided_of_no_frame_fails_and_leaves_nothing(video: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DataError, match="more is decided than its frames table has frames"):
        render(video, range(FRAMES), tmp_path / "out.mp4", range(FRAMES + 1))
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_wrong_at_the_end_of_a_table_comes_to_light(video: Path, tmp_path: Path) -> None:
    """A table finds rows of unknown frames only when its last frame was read."""

    def decided() -> Iterator[int]:
        yield from range(FRAMES)
        raise DataError("rows of a frame that is not there")

    with pytest.raises(DataError, match="not there"):
        render(video, range(FRAMES), tmp_path / "out.mp4", decided())  # type: ignore[arg-type]
    assert not (tmp_path / "out.mp4").exists()
