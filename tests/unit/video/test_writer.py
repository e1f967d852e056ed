import resource
import signal
import struct
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from clips import REGULAR, SECRETS, VARIABLE, decoded, make, picture

from objmask.errors import VideoError
from objmask.video import BT709_TV, Planes, VideoWriter, probe, read_frames

FAST = {"preset": "ultrafast", "quality": 20}


def copy(source, target, info=None, audio_from=None, **which):
    info = info or probe(source)
    with VideoWriter(target, info, **FAST, audio_from=audio_from) as out:
        for frame in read_frames(source, info, **which):
            out.write(frame.planes(), frame.pts, frame.duration_pts)
    return info, probe(target)


def seconds(path, info):
    return [f.pts * info.time_base for f in read_frames(path, info)]


def sound(path):
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[0])
        return [
            (p.pts * p.time_base, p.dts * p.time_base, p.duration * p.time_base, bytes(p)) for p in packets if p.size
        ]


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"pts": VARIABLE},
        {"pts": [p + 12345 for p in VARIABLE]},
        {"pts": [7]},
        {"time_base": Fraction(1, 90000), "pts": range(0, 90000, 4321)},
        {"time_base": Fraction(1, 10_000_000), "pts": range(333_333, 9_000_000, 333_333)},
        {"aspect": Fraction(4, 3), "rotation": 90, "colorspace": 1, "color_range": 2},
        {"pts": [p + 2**33 for p in REGULAR]},
        {"audio": "aac", "pts": [p + 3000 for p in REGULAR]},
    ],
    ids=str,
)
def test_times_colours_and_shape_survive(tmp_path, stored):
    source, target = make(tmp_path / "a.mp4", **stored), tmp_path / "out" / "b.mp4"
    before, after = copy(source, target, audio_from=source if "audio" in stored else None)
    assert seconds(target, after) == seconds(source, before)
    assert after.end_pts * after.time_base == before.end_pts * before.time_base
    assert (after.width, after.height, after.rotation) == (before.width, before.height, 0)
    assert (after.colors, after.sample_aspect) == (before.colors, before.sample_aspect)
    assert not list(target.parent.glob(".*"))


@pytest.mark.parametrize(("name", "time_base"), [("a.ts", Fraction(1, 30000)), ("a.mkv", Fraction(1, 1000)),
                                                 ("a.avi", Fraction(1, 30)), ("a.h264", Fraction(1, 30))])  # fmt: skip
def test_other_containers(tmp_path, name, time_base):
    source = make(tmp_path / name, time_base=time_base, pts=[round(i / 30 / time_base) for i in range(20)])
    before, after = copy(source, tmp_path / "b.mp4")
    assert seconds(tmp_path / "b.mp4", after) == seconds(source, before)
    assert after.end_pts * after.time_base == before.end_pts * before.time_base


def test_part_of_a_video_keeps_its_place_in_time(tmp_path):
    source = make(tmp_path / "a.mp4", audio="aac", pts=range(0, 90 * 1001, 1001))
    before, after = copy(source, tmp_path / "b.mp4", audio_from=source, start=30, stop=60)
    assert seconds(tmp_path / "b.mp4", after) == seconds(source, before)[30:60]
    assert after.end_pts == 60 * 1001
    first, end = Fraction(30 * 1001, 30000), Fraction(60 * 1001, 30000)
    assert sound(tmp_path / "b.mp4") == [p for p in sound(source) if p[0] + p[2] > first and p[0] < end]


@pytest.mark.parametrize(
    ("codec", "name"), [("aac", "a.mp4"), ("libopus", "a.mkv"), ("flac", "a.mkv"), ("mp2", "a.ts")]
)
def test_audio_arrives_untouched(tmp_path, codec, name):
    time_base = Fraction(1, 1000) if name.endswith("mkv") else Fraction(1, 30000)
    pts = [round(i / 30 / time_base) for i in range(20)]
    rate = {"mp2": 16000, "libopus": 48000}.get(codec, 8000)
    source = make(tmp_path / name, audio=codec, sound_rate=rate, extra_sound_s=0.4, time_base=time_base, pts=pts)
    copy(source, tmp_path / "b.mp4", audio_from=source)
    before, after = sound(source), sound(tmp_path / "b.mp4")
    assert [p[3] for p in after] == [p[3] for p in before]
    # MP4 counts sound in samples; a time between two of them moves to the nearer one.
    assert all(abs(a[i] - b[i]) <= Fraction(1, 2 * rate) for a, b in zip(after, before, strict=True) for i in (0, 1))
    if codec == "aac":
        assert after == before


def test_audio_that_mp4_cannot_hold(tmp_path):
    source = make(tmp_path / "a.mkv", audio="pcm_u8", time_base=Fraction(1, 1000), pts=range(0, 400, 40))
    with pytest.raises(VideoError, match=r"pcm_u8.*privacy\.audio: drop"):
        copy(source, tmp_path / "b.mp4", audio_from=source)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mkv"]


def test_no_audio_unless_asked_and_none_when_there_is_none(tmp_path):
    source, silent = make(tmp_path / "a.mp4", audio="aac"), make(tmp_path / "s.mp4")
    assert copy(source, tmp_path / "b.mp4")[1].audio == []
    assert copy(silent, tmp_path / "b.mp4", audio_from=silent)[1].audio == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_nothing_of_the_source_but_picture_and_sound(tmp_path, name):
    source, target = make(tmp_path / name, secrets=True, cover=True, audio="aac", rotation=90), tmp_path / "b.mp4"
    planted = source.read_bytes()
    assert sum(secret.encode() in planted for secret in SECRETS) >= 4
    assert probe(source).other_streams
    info, after = copy(source, target, audio_from=source)
    written = target.read_bytes()
    for text in (*SECRETS, "x264", "Lavf", "tmcd", "chap", "covr", "com.apple"):
        assert text.encode() not in written
    assert b"\0\0\0\x08ilst" in written  # the list of tags, with nothing in it
    assert (after.other_streams, len(after.audio), after.rotation) == ([], 1, 0)
    with av.open(str(target)) as container:
        assert set(container.metadata) == {"major_brand", "minor_version", "compatible_brands"}
        assert not container.chapters()
        for stream in container.streams:
            assert stream.metadata["handler_name"] in ("VideoHandler", "SoundHandler")
            assert stream.metadata["language"] == "und"
    copy(source, target, info)
    assert b"Lav" not in target.read_bytes()  # with sound it may stand in the sound itself, put there by its encoder


def test_odd_sizes_grow_by_a_repeated_row_and_column(tmp_path):
    source = make(tmp_path / "a.mkv", codec="ffv1", size=(33, 17), time_base=Fraction(1, 1000), pts=range(0, 400, 40))
    info = probe(source)
    with VideoWriter(tmp_path / "b.mp4", info, quality=0, preset="ultrafast") as out:
        for frame in read_frames(source, info):
            out.write(frame.planes(), frame.pts, frame.duration_pts)
    for (_, _, got), (_, _, stored) in zip(decoded(tmp_path / "b.mp4"), decoded(source), strict=True):
        np.testing.assert_array_equal(got[0], np.pad(stored[0], ((0, 1), (0, 1)), mode="edge"))
        np.testing.assert_array_equal(got[1], stored[1])
        np.testing.assert_array_equal(got[2], stored[2])


@pytest.mark.parametrize("size", [(64, 48), (33, 17)])
def test_lossless_rgb_comes_back_equal(tmp_path, size):
    info = probe(make(tmp_path / "a.mkv", codec="ffv1", size=size, time_base=Fraction(1, 1000), pts=range(5, 405, 40)))
    with VideoWriter(tmp_path / "b.mp4", info, codec="ffv1") as out:
        for i in range(10):
            out.write_rgb(picture(i, *size), 5 + 40 * i, 40)
        with pytest.raises(ValueError, match="write_rgb"):
            out.write(Planes(*(np.zeros((2, 2), np.uint8),) * 1, *(np.zeros((1, 1), np.uint8),) * 2), 999, 1)
    after = probe(tmp_path / "b.mp4")
    frames = list(read_frames(tmp_path / "b.mp4", after))
    assert [f.pts for f in frames] == list(range(5, 405, 40))
    for i, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.rgb(), picture(i, *size))


@pytest.mark.parametrize("colors", [None, BT709_TV])
def test_rgb_colours_and_their_tags(tmp_path, colors):
    info = probe(make(tmp_path / "a.mp4", color_range=2, colorspace=6))
    palette = [(255, 255, 255), (255, 0, 0), (0, 255, 255), (100, 150, 200), (0, 0, 0), (255, 0, 255)]
    with VideoWriter(tmp_path / "b.mp4", info, quality=1, preset="ultrafast", colors=colors) as out:
        for i, color in enumerate(palette):
            out.write_rgb(np.full((48, 64, 3), color, np.uint8), i * 1001, 1001)
    after = probe(tmp_path / "b.mp4")
    assert after.colors == (colors or info.colors)
    for frame, color in zip(read_frames(tmp_path / "b.mp4", after), palette, strict=True):
        assert np.abs(frame.rgb().astype(int) - color).max() <= 4


def test_equal_input_gives_equal_bytes(tmp_path):
    source = make(tmp_path / "a.mp4", audio="aac")
    for name in ("b.mp4", "c.mp4"):
        copy(source, tmp_path / name, audio_from=source)
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "c.mp4").read_bytes()


def test_an_error_of_the_caller_leaves_nothing(tmp_path):
    source = make(tmp_path / "a.mp4")
    info = probe(source)
    (tmp_path / "out").mkdir()

    def fail_half_way():
        with VideoWriter(tmp_path / "out/b.mp4", info, **FAST) as out:
            for frame in read_frames(source, info):
                out.write(frame.planes(), frame.pts, frame.duration_pts)
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fail_half_way()
    assert not list((tmp_path / "out").iterdir())


def test_wrong_pictures_and_times_are_refused(tmp_path):
    info = probe(make(tmp_path / "a.mp4"))
    with VideoWriter(tmp_path / "b.mp4", info, **FAST) as out:
        out.write_rgb(picture(0, 64, 48), 10, 10)
        with pytest.raises(ValueError, match="not after"):
            out.write_rgb(picture(1, 64, 48), 10, 10)
        with pytest.raises(ValueError, match="expected a picture"):
            out.write_rgb(picture(1, 48, 64), 20, 10)


def test_no_frame_is_an_error(tmp_path):
    info = probe(make(tmp_path / "a.mp4"))
    with pytest.raises(VideoError, match=r"b\.mp4: there is no frame"), VideoWriter(tmp_path / "b.mp4", info, **FAST):
        pass
    assert not (tmp_path / "b.mp4").exists()


def test_a_place_that_cannot_be_written(tmp_path):
    source = make(tmp_path / "a.mp4")
    with pytest.raises(VideoError, match=r"b\.mp4: cannot be written") as caught:
        copy(source, source / "b.mp4")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on file size")
@pytest.mark.parametrize("limit", [100, 20_000, 60_000])
def test_a_full_disk_leaves_nothing(tmp_path, limit):
    source = make(tmp_path / "a.mp4", size=(320, 240), options={"crf": "1"}, pts=range(0, 60 * 1001, 1001))
    info = probe(source)
    (tmp_path / "out").mkdir()
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        with pytest.raises(VideoError, match=r"b\.mp4: cannot be written \(File too large\)"):
            copy(source, tmp_path / "out/b.mp4", info)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list((tmp_path / "out").iterdir())


def test_sound_that_does_not_say_how_long_it_lasts_is_there_to_its_end(tmp_path):
    source = make(tmp_path / "a.mkv", audio="aac", time_base=Fraction(1, 1000), pts=range(0, 800, 40))
    rate = b"\xb5\x88" + struct.pack(">d", 8000)
    assert source.read_bytes().count(rate) == 1
    source.write_bytes(source.read_bytes().replace(rate, b"\xb5\x88" + struct.pack(">d", 128000)))
    before = sound(source)
    assert {duration for *_, duration, _ in before} == {0}
    copy(source, tmp_path / "b.mp4", audio_from=source)
    after = sound(tmp_path / "b.mp4")
    assert [data for *_, data in after] == [data for *_, data in before]
    assert {duration for *_, duration, _ in after} == {Fraction(1024, 8000)}


def test_sound_whose_times_go_back_is_refused_and_says_what_to_do(tmp_path):
    """Two transport streams, one behind the other, as broken recordings are."""
    one = make(
        tmp_path / "1.ts", audio="aac", sound_rate=48000, time_base=Fraction(1, 90000), pts=range(0, 90000, 4500)
    )
    source = tmp_path / "a.ts"
    source.write_bytes(one.read_bytes() * 2)
    info = probe(source)
    assert any("sound keeps its own" in warning for warning in info.warnings)
    with pytest.raises(VideoError, match=r"a\.ts: its audio cannot be copied.*privacy\.audio: drop"):
        copy(source, tmp_path / "b.mp4", audio_from=source)
    assert not (tmp_path / "b.mp4").exists()
