import json
from fractions import Fraction

import pytest
from clips import REGULAR, STEP, TIME_BASE, VARIABLE, make

from objmask.errors import DataError, VideoError
from objmask.files.whole import write_json
from objmask.video import VideoInfo, count_packets, probe

MS = {"time_base": Fraction(1, 1000), "pts": range(0, 800, 40)}


def test_regular_clip(tmp_path):
    path = make(tmp_path / "a.mp4", audio="aac")
    seen = []
    info = probe(path, progress=seen.append)
    assert seen == list(range(1, 21))
    assert (info.codec, info.pix_fmt, info.bits, info.width, info.height) == ("h264", "yuv420p", 8, 64, 48)
    assert info.packets == info.frames == info.declared_frames == count_packets(path) == 20
    assert (info.start_pts, info.end_pts, info.time_base) == (0, 20 * STEP, TIME_BASE)
    assert info.rate == Fraction(30000, 1001)
    assert info.duration_s == info.declared_duration_s == pytest.approx(20 * 1001 / 30000)
    assert (info.pts_rule, info.pts_changed, info.truncated, info.warnings) == ("kept", 0, False, [])
    assert [a["codec"] for a in info.audio] == ["aac"]
    assert info.intact


def test_json_round_trip(tmp_path):
    info = probe(make(tmp_path / "a.mp4", aspect=Fraction(4, 3), audio="aac"))
    assert VideoInfo.from_json(json.loads(json.dumps(info.to_json()))) == info
    write_json(tmp_path / "a.json", info.to_json())
    assert VideoInfo.read(tmp_path / "a.json") == info


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": "x", "new": 1}', None])
def test_a_file_that_is_no_probe_is_named(tmp_path, text):
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=r"a\.json.*run probe again") as caught:
        VideoInfo.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("stored", "shown", "rotation", "mirrored", "aspect"),
    [
        ({"rotation": 0}, (64, 48), 0, False, Fraction(4, 3)),
        ({"rotation": 90}, (48, 64), 270, False, Fraction(3, 4)),
        ({"rotation": 180}, (64, 48), 180, False, Fraction(4, 3)),
        ({"rotation": 270}, (48, 64), 90, False, Fraction(3, 4)),
        ({"rotation": 0, "hflip": True}, (64, 48), 0, True, Fraction(4, 3)),
        ({"rotation": 90, "hflip": True}, (48, 64), 270, True, Fraction(3, 4)),
    ],
)
def test_orientation_and_sample_aspect(tmp_path, stored, shown, rotation, mirrored, aspect):
    info = probe(make(tmp_path / "a.mp4", aspect=Fraction(4, 3), **stored))
    assert (info.stored_width, info.stored_height) == (64, 48)
    assert (info.width, info.height) == shown
    assert (info.rotation, info.mirrored, info.sample_aspect) == (rotation, mirrored, aspect)
    assert any("mirrored" in warning for warning in info.warnings) == mirrored


@pytest.mark.parametrize(
    ("size", "stored", "matrix", "color_range"),
    [
        ((64, 48), {}, 6, "tv"),
        ((64, 718), {}, 6, "tv"),
        ((64, 720), {}, 1, "tv"),
        ((64, 48), {"colorspace": 1, "color_range": 2}, 1, "pc"),
        ((64, 720), {"colorspace": 5}, 5, "tv"),
    ],
)
def test_colours_as_tagged_else_by_the_number_of_lines(tmp_path, size, stored, matrix, color_range):
    info = probe(make(tmp_path / "a.mp4", size=size, pts=REGULAR[:2], **stored))
    assert (info.colorspace, info.color_range) == (matrix, color_range)
    assert info.declared_colorspace == stored.get("colorspace", 2)
    assert (info.colors.matrix, info.colors.range) == (matrix, color_range)


def test_variable_rate_and_first_time_are_kept(tmp_path):
    info = probe(make(tmp_path / "a.mp4", pts=[p + 12345 for p in VARIABLE]))
    assert (info.start_pts, info.end_pts, info.pts_rule) == (12345, 12345 + 32000, "kept")


def test_first_of_two_video_streams(tmp_path):
    info = probe(make(tmp_path / "a.mp4", videos=2))
    assert (info.stream, info.width, info.other_streams) == (0, 64, ["video"])


def test_cover_art_is_no_video(tmp_path):
    info = probe(make(tmp_path / "a.mp4", cover=True))
    assert (info.codec, info.frames, info.other_streams) == ("h264", 20, ["attached picture"])


def test_b_frames_in_avi_are_sorted(tmp_path):
    info = probe(make(tmp_path / "a.avi", time_base=Fraction(1, 30), pts=range(20)))
    assert (info.frames, info.pts_rule) == (20, "sorted")
    assert any("sorted" in warning for warning in info.warnings)


def test_a_raw_stream_has_no_times(tmp_path):
    info = probe(make(tmp_path / "a.h264", time_base=Fraction(1, 30), pts=range(20)))
    assert (info.frames, info.pts_rule, info.pts_changed) == (20, "repaired", 20)


def test_longer_audio_is_no_truncated_video(tmp_path):
    for name in ("a.mkv", "a.flv"):
        assert not probe(make(tmp_path / name, audio="aac", extra_sound_s=3.0, **MS)).truncated


def test_a_file_cut_short_fails_or_is_kept(tmp_path):
    whole = make(tmp_path / "a.mkv", **MS | {"pts": range(0, 8000, 40)}, options={"crf": "1"}).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(VideoError, match=r"cut\.mkv.*truncated.*on_truncated: keep") as caught:
        probe(path)
    assert "\n" not in str(caught.value)
    info = probe(path, on_truncated="keep")
    assert info.truncated
    assert not info.intact
    assert 0 < info.frames < 200
    assert any("TRUNCATED" in warning for warning in info.warnings)


@pytest.mark.parametrize("content", [b"", b"just text, not a video\n" * 3, b"\0" * 5000])
def test_what_is_no_video_is_one_line(tmp_path, content):
    path = tmp_path / "no video.mp4"
    path.write_bytes(content)
    for look in (probe, count_packets):
        with pytest.raises(VideoError, match=r"no video\.mp4") as caught:
            look(path)
        assert "\n" not in str(caught.value)


def test_missing_file_folder_and_sound_alone(tmp_path):
    with pytest.raises(VideoError, match=r"nothing\.mp4.*No such file"):
        probe(tmp_path / "nothing.mp4")
    with pytest.raises(VideoError, match="cannot be opened"):
        probe(tmp_path)
    sound = make(tmp_path / "a.m4a", videos=0, audio="aac")
    for look in (probe, count_packets):
        with pytest.raises(VideoError, match=r"a\.m4a: has no video stream"):
            look(sound)


def test_size_that_changes_is_refused(tmp_path):
    first = make(tmp_path / "a.h264", time_base=Fraction(1, 30), pts=range(5)).read_bytes()
    other = make(tmp_path / "b.h264", time_base=Fraction(1, 30), pts=range(5), size=(32, 32)).read_bytes()
    path = tmp_path / "c.h264"
    path.write_bytes(first + other)
    with pytest.raises(VideoError, match="64x48 to 32x32 at frame 5"):
        probe(path)


@pytest.mark.parametrize("aspect", [Fraction(1, 40), Fraction(40, 1)])
def test_pixels_of_a_shape_that_no_camera_has_are_square(tmp_path, aspect):
    """Pictures are scaled by it: a few bytes of a header would ask for gigabytes."""
    info = probe(make(tmp_path / "a.mp4", aspect=aspect))
    assert info.sample_aspect == 1
    assert any("square" in warning for warning in info.warnings)
