import sys
from fractions import Fraction

import numpy as np
import pytest
from clips import REGULAR, TIME_BASE, VARIABLE, decoded, make, picture

from objmask.errors import DataError, VideoError
from objmask.video import probe, read_frames

LONG = range(0, 60 * 1001, 1001)
MS = {"time_base": Fraction(1, 1000), "pts": range(0, 60 * 40, 40)}
TICKS = {"time_base": Fraction(1, 30), "pts": range(60)}
CONTAINERS = {
    "plain.mp4": {},
    "offset.mp4": {"pts": [p + 77 for p in LONG]},
    "hidden_start.mp4": {"pts": [p - 3003 for p in LONG]},
    "open_gop.mp4": {"options": {"x264-params": "open-gop=1:keyint=8"}},
    "open_gop.ts": {"options": {"x264-params": "open-gop=1:keyint=8"}},
    "refresh.ts": {"options": {"x264-params": "intra-refresh=1:keyint=8"}},
    "mpeg2.mpg": {"codec": "mpeg2video", "options": {"bf": "2"}, **TICKS},
    "matroska.mkv": MS,
    "vp9.webm": {"codec": "libvpx-vp9", **MS},
    "flash.flv": {"audio": "aac"},
    "b_frames.avi": TICKS,
    "mjpeg.avi": {"codec": "mjpeg", "color_range": 2, "pix_fmt": "yuvj420p", **TICKS},
    "raw.h264": TICKS,
    "fragments.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
}


def same(a, b):
    return (a.number, a.pts, a.duration_pts) == (b.number, b.pts, b.duration_pts) and all(
        np.array_equal(getattr(a.planes(), name), getattr(b.planes(), name)) for name in "yuv"
    )


def test_planes_are_exactly_the_decoders(tmp_path):
    for name, options in {"a.mp4": {}, "full.mp4": {"color_range": 2}, "odd.mkv": {"codec": "ffv1", **MS}}.items():
        path = make(tmp_path / name, **{"size": (33, 17) if name == "odd.mkv" else (64, 48), **options})
        frames = list(read_frames(path, probe(path)))
        for frame, (pts, _, planes) in zip(frames, decoded(path), strict=True):
            got = frame.planes()
            assert frame.pts == pts
            for mine, theirs in zip((got.y, got.u, got.v), planes, strict=True):
                np.testing.assert_array_equal(mine, theirs)
                assert mine.flags.writeable
                assert mine.flags.owndata


def test_editing_a_picture_does_not_reach_the_next(tmp_path):
    path = make(tmp_path / "a.mp4", pts=REGULAR[:3])
    info = probe(path)
    clean = [f.planes() for f in read_frames(path, info)]
    for frame, other in zip(read_frames(path, info), clean, strict=True):
        planes = frame.planes()
        np.testing.assert_array_equal(planes.y, other.y)
        planes.y[:] = 0


@pytest.mark.parametrize(
    ("stored", "turn"),
    [
        ({"rotation": 90}, lambda a: np.rot90(a, 1)),
        ({"rotation": 180}, lambda a: np.rot90(a, 2)),
        ({"rotation": 270}, lambda a: np.rot90(a, 3)),
        ({"hflip": True}, lambda a: a[:, ::-1]),
        ({"rotation": 90, "hflip": True}, None),
    ],
)
def test_pictures_are_upright(tmp_path, stored, turn):
    path = make(tmp_path / "a.mp4", codec="ffv1", size=(33, 17), pts=REGULAR[:2], **stored)
    info = probe(path)
    frame = next(read_frames(path, info))
    got, stored_planes = frame.planes(), decoded(path)[0][2]
    assert got.y.shape == frame.rgb().shape[:2] == (info.height, info.width)
    if turn is None:  # as FFmpeg's own tools do it: turned first, then flipped
        turn = lambda a: np.rot90(a, 1)[:, ::-1]  # noqa: E731
    for mine, theirs in zip((got.y, got.u, got.v), stored_planes, strict=True):
        np.testing.assert_array_equal(mine, turn(theirs))


@pytest.mark.parametrize("colorspace", [1, 6])
@pytest.mark.parametrize("color_range", [1, 2])
def test_rgb_follows_matrix_and_range(tmp_path, colorspace, color_range):
    path = make(tmp_path / "a.mp4", colorspace=colorspace, color_range=color_range, pts=REGULAR[:1])
    frame = next(read_frames(path, probe(path)))
    planes, rgb = frame.planes(), frame.rgb().astype(float)
    kr, kb = {1: (0.2126, 0.0722), 6: (0.299, 0.114)}[colorspace]  # ITU-R BT.709, BT.601
    y = planes.y.astype(float)
    u, v = (np.kron(p, np.ones((2, 2))) - 128.0 for p in (planes.u, planes.v))
    if color_range == 1:
        y, u, v = (y - 16) * 255 / 219, u * 255 / 224, v * 255 / 224
    red, blue = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    assert np.abs(rgb - np.stack([red, green, blue], -1)).mean() < 2


@pytest.mark.parametrize(
    "stored",
    [{"pix_fmt": "yuv420p10le"}, {"pix_fmt": "yuv422p"}, {"pix_fmt": "yuv444p", "color_range": 2}, {"pix_fmt": "nv12"}],
)
def test_other_formats_become_420_in_the_same_range(tmp_path, stored):
    path = make(tmp_path / "a.mp4", options={"crf": "1"}, pts=REGULAR[:2], **stored)
    plain = make(tmp_path / "b.mp4", options={"crf": "1"}, pts=REGULAR[:2], color_range=stored.get("color_range", 1))
    got, expected = (next(read_frames(p, probe(p))).planes() for p in (path, plain))
    for name in "yuv":
        assert np.abs(getattr(got, name).astype(int) - getattr(expected, name)).mean() < 1.5


@pytest.mark.parametrize("color_range", [1, 2])
def test_grey_keeps_its_luma(tmp_path, color_range):
    path = make(tmp_path / "a.mkv", codec="ffv1", pix_fmt="gray", color_range=color_range, size=(33, 17), **MS)
    frame = next(read_frames(path, probe(path)))
    planes, luma = frame.planes(), decoded(path)[0][2][0]
    np.testing.assert_array_equal(planes.y, luma)
    assert (planes.u == 128).all()
    assert (planes.v == 128).all()
    grey = (luma - 16.0) * 255 / 219 if color_range == 1 else luma
    assert np.abs(frame.rgb()[..., 1] - grey).max() <= 1.5


def test_rgb_source_in_both_forms(tmp_path):
    path = make(tmp_path / "a.mkv", codec="ffv1", pix_fmt="bgr0", color_range=2, size=(33, 17), **MS)
    info = probe(path)
    frame = next(read_frames(path, info))
    np.testing.assert_array_equal(frame.rgb(), picture(0, 33, 17))
    assert frame.planes().y.shape == (17, 33)
    assert (info.color_range, info.colorspace) == ("tv", 6)


def test_times_and_durations(tmp_path):
    path = make(tmp_path / "a.mp4", pts=[p + 12345 for p in VARIABLE])
    frames = list(read_frames(path, probe(path)))
    assert [f.number for f in frames] == list(range(10))
    assert [f.pts - 12345 for f in frames] == list(VARIABLE)
    assert [f.duration_pts for f in frames] == [*np.diff(VARIABLE), 500]


@pytest.mark.parametrize("name", CONTAINERS)
def test_chunks_equal_the_whole(tmp_path, monkeypatch, name):
    monkeypatch.setattr(sys.modules["objmask.video.length"], "_KEYFRAME_DISTANCE", 1)
    path = make(tmp_path / name, **{"pts": LONG, **CONTAINERS[name]})
    info = probe(path)
    whole = list(read_frames(path, info))
    assert len(whole) == info.frames >= 57
    for size in (7, 23):
        chunks = [f for i in range(0, 60, size) for f in read_frames(path, info, start=i, stop=i + size)]
        assert all(same(a, b) for a, b in zip(chunks, whole, strict=True))
    assert [f.number for f in read_frames(path, info, start=50)] == list(range(50, info.frames))


def test_a_late_chunk_does_not_decode_from_the_start(tmp_path, monkeypatch):
    path = make(tmp_path / "a.mp4", pts=range(0, 100 * 1001, 1001))
    info = probe(path)
    reader = sys.modules["objmask.video.reader"]
    count, decode = [], reader.decode
    monkeypatch.setattr(reader, "decode", lambda *a: (count.append(1) or p for p in decode(*a)))
    assert [f.number for f in read_frames(path, info, start=90, stop=95)] == [90, 91, 92, 93, 94]
    assert len(count) < 45
    count.clear()
    assert [f.number for f in read_frames(path, info, window=(2.9, 3.0))] == [87, 88, 89]
    assert len(count) < 45


def test_chunks_before_a_window_hold_nothing_of_it(tmp_path):
    path = make(tmp_path / "a.mp4", pts=range(0, 100 * 1001, 1001))
    info = probe(path)
    assert [number for number, _ in info.keyframes if 30 <= number < 87]
    for window in ((2.9, 3.0), (2.9, None)):
        parts = [list(read_frames(path, info, start=k, stop=k + 30, window=window)) for k in range(0, 100, 30)]
        assert [part[0].number if part else None for part in parts[:3]] == [None, None, 87]
        numbers = [frame.number for part in parts for frame in part]
        assert numbers == [frame.number for frame in read_frames(path, info, window=window)]


def test_window_is_half_open_and_on_the_videos_own_clock(tmp_path):
    path = make(tmp_path / "a.mp4", pts=[p + 900 for p in range(0, 30000, 1000)])
    info = probe(path)

    def numbers(*window, **where):
        return [f.number for f in read_frames(path, info, window=window, **where)]

    assert numbers(0.1, 0.2) == [3, 4, 5]
    assert numbers(None, 0.1) == [0, 1, 2]
    assert numbers(0.9, None) == [27, 28, 29]
    assert numbers(0.1, 0.3, start=5, stop=8) == [5, 6, 7]
    assert numbers(0.1, 0.2, start=8) == []
    assert numbers(5.0, 6.0) == []


def test_stop_beyond_the_end_and_empty_ranges(tmp_path):
    path = make(tmp_path / "a.mp4", pts=[5])
    info = probe(path)
    frames = list(read_frames(path, info, stop=99))
    assert [(f.number, f.pts, f.duration_pts) for f in frames] == [(0, 5, 1001)]
    assert list(read_frames(path, info, start=1)) == []
    assert list(read_frames(path, info, start=3, stop=3)) == []


def test_a_file_that_changed_since_it_was_probed_is_refused(tmp_path):
    path = make(tmp_path / "a.mp4")
    info = probe(path)
    for change in ({"pts": REGULAR[:10]}, {"pts": [*REGULAR, 99999]}, {"size": (32, 32)}):
        make(path, **change)
        with pytest.raises(DataError, match=r"a\.mp4: is not the file that was probed"):
            list(read_frames(path, info))


def test_damage_is_raised_or_skipped_as_probe_did(tmp_path):
    path = make(tmp_path / "a.mp4", pts=LONG, options={"crf": "1"}, container_options={"movflags": "+faststart"})
    info = probe(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(DataError, match="is not the file that was probed"):
        list(read_frames(path, info))
    kept = probe(path, on_truncated="keep")
    with pytest.raises(VideoError, match="truncated"):
        list(read_frames(path, kept))
    frames = list(read_frames(path, kept, on_truncated="keep"))
    assert len(frames) == kept.frames < 60
    late = list(read_frames(path, kept, start=20, on_truncated="keep"))
    assert all(same(a, b) for a, b in zip(late, frames[20:], strict=True))


def test_the_file_is_closed_when_reading_stops_early(tmp_path):
    path = make(tmp_path / "a.mp4")
    opened = {p.name for p in _descriptors()}
    frames = read_frames(path, probe(path))
    next(frames)
    assert len(_descriptors()) > len(opened)
    frames.close()
    assert {p.name for p in _descriptors()} == opened


def _descriptors():
    from pathlib import Path

    return list(Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").exists() else pytest.skip("needs /proc")


def test_time_base_of_clips_is_what_the_tests_assume():
    assert Fraction(1001, 30000) == 1001 * TIME_BASE
