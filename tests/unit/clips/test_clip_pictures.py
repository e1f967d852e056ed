"""Pictures made small: whose colours they have, whatever the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from builders import PALETTE, found, write_detections
from clips import make, picture
from decided import painted_of

from objmask.clips.pictures import mask_pictures, small, video_pictures
from objmask.detections.arrays import Detections
from objmask.errors import DataError
from objmask.objects.tables import read_tables
from objmask.progress import Progress
from objmask.video import probe

SIZES = [(1, 1), (64, 64), (7, 3), (200, 5), (640, 360), (359, 641)]


@pytest.mark.parametrize("method", ["area", "cubic", "nearest"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_any_size_becomes_any_size(width, height, method):
    plain = np.full((height, width, 3), (255, 0, 7), np.uint8)
    result = small(plain, (64, 48), method)
    assert (result.shape, result.dtype) == ((48, 64, 3), np.uint8)
    assert (result == (255, 0, 7)).all()


def test_area_is_the_mean_of_what_a_pixel_covers():
    rng = np.random.default_rng(0)
    large = rng.integers(0, 256, (120, 160, 3), np.uint8)
    expected = large.reshape(12, 10, 16, 10, 3).mean((1, 3))
    assert np.abs(small(large, (16, 12), "area") - expected).max() <= 0.5


def test_area_counts_every_pixel_where_one_side_grows():
    """A thin bright row in a tall picture that is made wider: nothing of it is lost."""
    tall = np.zeros((640, 4, 3), np.uint8)
    tall[325] = 255
    result = small(tall, (64, 64), "area")
    assert result.mean() == pytest.approx(255 / 640, abs=0.1)


def test_cubic_stays_in_range_beside_edges_and_nearest_keeps_colours():
    halves = np.zeros((90, 160, 3), np.uint8)
    halves[:, 77:] = (255, 0, 0)
    cubic = small(halves, (64, 64), "cubic").astype(int)
    assert np.diff(cubic[0, :, 0]).min() > -30  # no wrap-around from 255 to 0
    assert cubic[..., 1:].max() == 0
    assert {tuple(c) for c in small(halves, (64, 64), "nearest").reshape(-1, 3).tolist()} == {(0, 0, 0), (255, 0, 0)}


def test_masks_of_the_wanted_rows(tmp_path):
    """Twenty frames: a cup in the left half of frame 3, a person all over frame 5, else nothing."""
    frames = [Detections.empty()] * 20
    frames[3] = found(("cup", 0.9, (0, 0, 1, 0.5)), ("person", 0.2, (0, 0, 1, 1)))
    frames[5] = found(("person", 0.9, (0, 0, 1, 1)))
    info = probe(make(tmp_path / "a.mp4"))
    write_detections(tmp_path / "d.parquet", frames, video_sha256=info.sha256)
    tables = read_tables([tmp_path / "d.parquet"], info.sha256)
    painted = painted_of(tmp_path / "p.parquet", info, tables, PALETTE)
    with Progress("clips", 20) as bar:
        pictures = dict(mask_pictures(painted, {3, 4, 5}, PALETTE, bar))
    assert list(pictures) == [3, 4, 5]
    assert pictures[3].shape == (48, 64, 3)
    assert (pictures[3][:, :32] == (0, 0, 255)).all()
    assert not pictures[3][:, 32:].any()
    assert not pictures[4].any()
    assert (pictures[5] == 255).all()


def test_pictures_of_the_wanted_frames(tmp_path):
    video = make(tmp_path / "a.mp4", options={"crf": "1"})
    with Progress("clips", 3) as bar:
        pictures = dict(video_pictures(video, probe(video), {17: 1, 9: 0}, bar))
    assert list(pictures) == [0, 1]
    for row, number in ((0, 9), (1, 17)):
        assert np.abs(pictures[row].astype(int) - picture(number, 64, 48)).mean() < 4


def test_a_rotated_video_is_upright(tmp_path):
    video = make(tmp_path / "a.mp4", rotation=90)
    with Progress("clips", 3) as bar:
        (shown,) = dict(video_pictures(video, probe(video), {0: 0}, bar)).values()
    assert shown.shape == (64, 48, 3)


def test_a_frame_that_is_not_there(tmp_path):
    video = make(tmp_path / "a.mp4")
    with Progress("clips", 3) as bar, pytest.raises(DataError, match="no frame 20"):
        list(video_pictures(video, probe(video), {3: 0, 20: 1}, bar))
