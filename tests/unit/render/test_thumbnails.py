"""Small pictures of bounded size."""

from __future__ import annotations

import base64
from dataclasses import replace
from fractions import Fraction

import clips
import cv2
import numpy as np
import pytest

from objmask.errors import DataError
from objmask.render.thumbnails import MAX_BYTES, SIDE_PX, drawing, photograph, shown_size, stills
from objmask.video import VideoWriter, probe, read_frames


def shown(text):
    data = base64.b64decode(text, validate=True)
    assert len(data) <= MAX_BYTES
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_flat_colours_are_kept_exactly():
    labels = np.random.default_rng(0).integers(0, 3, (40, 50)).repeat(4, 0).repeat(4, 1)
    picture = np.array([(0, 0, 0), (255, 0, 0), (100, 150, 200)], np.uint8)[labels]
    assert np.array_equal(shown(drawing(picture)), picture)


def test_photographs_look_like_what_they_show():
    picture = clips.picture(0, 640, 360)
    small = shown(photograph(picture, (288, 162)))
    assert small.shape == (162, 288, 3)
    assert np.abs(small.astype(float) - cv2.resize(picture, (288, 162), interpolation=cv2.INTER_AREA)).mean() < 6


@pytest.mark.parametrize("make", [drawing, lambda rgb: photograph(rgb, (rgb.shape[1], rgb.shape[0]))])
def test_the_wildest_picture_is_small(make):
    shown(make(np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)))


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1)])
def test_odd_shapes(tmp_path, size):
    info = replace(probe(clips.make(tmp_path / "a.mp4")), width=size[0], height=size[1])
    width, height = shown_size(info)
    assert 1 <= min(width, height) <= max(width, height) == SIDE_PX
    assert shown(photograph(np.zeros((size[1], size[0], 3), np.uint8), (width, height))).shape == (height, width, 3)


def test_samples_that_are_not_square(tmp_path):
    info = replace(probe(clips.make(tmp_path / "a.mp4")), width=100, height=100, sample_aspect=Fraction(2))
    assert shown_size(info) == (SIDE_PX, SIDE_PX // 2)


@pytest.mark.parametrize("pts", [clips.REGULAR, clips.VARIABLE, tuple(range(50_000, 90_000, 1001))])
def test_stills_are_the_frames_of_their_times(tmp_path, pts):
    video = clips.make(tmp_path / "a.mp4", pts=pts, options={"bf": "0", "crf": "1"})
    chosen = [0, 3, len(pts) - 1]
    pictures = list(stills(video, [pts[k] * clips.TIME_BASE for k in chosen]))
    for k, picture in zip(chosen, pictures, strict=True):
        assert picture.shape == (48, 64, 3)
        differences = [np.abs(picture.astype(float) - clips.picture(i, 64, 48)).mean() for i in range(len(pts))]
        assert np.argmin(differences) == k


@pytest.mark.parametrize("at", [Fraction(1, 30000), Fraction(10_000)])
def test_a_video_of_other_times_is_refused(tmp_path, at):
    with pytest.raises(DataError, match="delete it and run again"):
        list(stills(clips.make(tmp_path / "a.mp4"), [at]))


@pytest.mark.parametrize("interlaced", [False, True])
def test_stills_are_what_a_screen_shows(tmp_path, interlaced):
    """Of high dynamic range, or of fields, as `Frame.rgb` gives them."""
    source = clips.make(tmp_path / "a.mp4")
    facts = replace(probe(source), colorspace=9, primaries=9, transfer=16)
    with VideoWriter(tmp_path / "b.mp4", facts, quality=1, fields="tff" if interlaced else None) as writer:
        for frame in read_frames(source, probe(source)):
            writer.write(frame.planes(), frame.pts, frame.duration_pts)
    info = probe(tmp_path / "b.mp4")
    assert (info.transfer, info.field_order) == (16, "tff" if interlaced else None)
    frames = list(read_frames(tmp_path / "b.mp4", info))
    pictures = stills(tmp_path / "b.mp4", [frame.pts * info.time_base for frame in frames])
    for frame, picture in zip(frames, pictures, strict=True):
        np.testing.assert_array_equal(picture, frame.rgb())
