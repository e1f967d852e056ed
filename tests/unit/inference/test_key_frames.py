"""More frames are seen where the picture moves, and the same ones however a video is cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest

from objmask.inference.key_frames import BLOCK, LONGEST, read_with_keys
from objmask.video.probe import probe
from objmask.video.reader import read_frames

RNG = np.random.default_rng(0)
STILL, MOVING = 40, 40


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A texture that stands still for 40 frames, then moves by four pixels a frame."""
    import av
    import cv2

    texture = cv2.resize(RNG.integers(0, 256, (40, 160), np.uint8), (640, 160), interpolation=cv2.INTER_CUBIC)
    path = tmp_path_factory.mktemp("keys") / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 320, 160, "yuv420p"
        for n in range(STILL + MOVING):
            left = max(0, n - STILL) * 4
            grey = np.ascontiguousarray(texture[:, left : left + 320])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, "gray").reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def seen(video: Path, every: int | str, start: int = 0, stop: int | None = None, **window: Any) -> list[int]:
    return [f.number for f, key in read_with_keys(video, probe(video), every, start=start, stop=stop, **window) if key]


def test_every_frame_is_there(video: Path) -> None:
    for every in (1, 7, "adaptive"):
        frames = [frame.number for frame, _ in read_with_keys(video, probe(video), every)]
        assert frames == [frame.number for frame in read_frames(video, probe(video))]


def test_every_third(video: Path) -> None:
    """And the last one, after which there is nothing to carry masks from."""
    assert seen(video, 3) == [*range(0, STILL + MOVING, 3), STILL + MOVING - 1]
    assert seen(video, 3, start=4, stop=13) == [6, 9, 12]


@pytest.mark.parametrize("every", [1, 7, 1000, "adaptive"])
def test_first_and_last_of_a_window_are_seen_however_it_is_cut(video: Path, every: int | str) -> None:
    window = {"window": (17.5 / 30, 35.5 / 30)}
    whole = seen(video, every, **window)
    assert (whole[0], whole[-1]) == (18, 35)
    for cut in (1, 17, 18, 19, 30, 34, 35, 36, 37, 60):
        parts = [seen(video, every, stop=cut, **window), seen(video, every, start=cut, **window)]
        assert [number for part in parts for number in part] == whole


def test_more_are_seen_where_the_picture_moves(video: Path) -> None:
    keys = np.array(seen(video, "adaptive"))
    assert set(range(0, STILL + MOVING, BLOCK)) <= set(keys.tolist())
    assert np.diff(keys).max() <= LONGEST
    still, moving = (keys <= STILL).sum(), (keys > STILL).sum()
    assert still <= STILL / LONGEST + 2
    assert moving >= 2 * still


@pytest.mark.parametrize("start", [1, 17, BLOCK, BLOCK + 1, STILL + 5, STILL + MOVING - 1])
def test_where_a_chunk_begins_changes_nothing(video: Path, start: int) -> None:
    whole = seen(video, "adaptive")
    assert seen(video, "adaptive", start=start) == [number for number in whole if number >= start]
    assert seen(video, "adaptive", stop=start) == [number for number in whole if number < start]


def test_one_frame(tmp_path: Path) -> None:
    one = clips.make(tmp_path / "one.mp4", pts=[0])
    assert seen(one, "adaptive") == [0]


@pytest.mark.parametrize("every", [7, 1000, "adaptive"])
def test_both_sides_of_a_cut_are_seen_however_it_is_cut(video: Path, every: int | str) -> None:
    info = replace(probe(video), cuts=[24, 37])

    def keys(start: int = 0, stop: int | None = None) -> list[int]:
        return [f.number for f, key in read_with_keys(video, info, every, start=start, stop=stop) if key]

    whole = keys()
    assert {23, 24, 36, 37} <= set(whole)
    for cut in (1, 23, 24, 25, 36, 37, 60):
        assert keys(0, cut) + keys(cut) == whole
