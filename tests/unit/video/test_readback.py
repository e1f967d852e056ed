"""A video that does not show what was asked for never gets its name."""

import os
from array import array
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import STEP, make

from objmask.errors import VideoError
from objmask.video import BT709_TV, VideoWriter, probe, read_frames
from objmask.video.audio import AudioCopy
from objmask.video.info import ColorTags
from objmask.video.readback import Asked, AskedSound, check

FIRST = 900


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A video with sound, what was asked of it, and its source."""
    folder = tmp_path_factory.mktemp("written")
    source = make(folder / "a.mp4", audio="aac", pts=range(FIRST, FIRST + 20 * STEP, STEP), extra_sound_s=0.3)
    info = probe(source)
    with VideoWriter(folder / "b.mp4", info, preset="ultrafast", audio_from=source) as out:
        for frame in read_frames(source, info):
            out.write(frame.planes(), frame.pts, frame.duration_pts)
    pts = array("q", range(FIRST, FIRST + 20 * STEP, STEP))
    asked = Asked("h264", 64, 48, info.colors, Fraction(1), info.time_base, pts=pts, end_pts=FIRST + 20 * STEP)
    with AudioCopy(source, info) as sound:
        packets = []
        while sound._next is not None:
            packets.append(sound._next.pts)
            sound._next = sound._following()
    return folder / "b.mp4", asked, AskedSound("aac", Fraction(1, 8000), packets, Fraction(0))


def fault(path, asked, sound):
    with pytest.raises(VideoError, match=r"^x\.mp4: read back, ") as caught:
        check(path, Path("x.mp4"), asked, sound)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_was_asked_for_passes(written):
    check(written[0], Path("x.mp4"), *written[1:])


@pytest.mark.parametrize(
    ("change", "message"),
    {
        "a frame more": ({"pts": array("q", range(FIRST, FIRST + 21 * STEP, STEP))}, "shows 20 frames instead of 21"),
        "a frame less": ({"pts": array("q", range(FIRST, FIRST + 19 * STEP, STEP))}, "shows 20 frames instead of 19"),
        "from zero on": ({"pts": array("q", range(0, 20 * STEP, STEP))}, r"shows frame 0 0\.03"),
        "a tick": ({"pts": array("q", [*range(FIRST, FIRST + 19 * STEP, STEP), FIRST + 19 * STEP - 1])}, "frame 19 "),
        "another end": ({"end_pts": FIRST + 20 * STEP + 1}, "the last frame for another time"),
        "another clock": ({"time_base": Fraction(1, 30001)}, "shows frame 0"),
        "codec": ({"codec": "ffv1"}, "codec is h264 instead of ffv1"),
        "size": ({"width": 62}, "size"),
        "colour": ({"colors": ColorTags("pc", 1, 1, 1)}, "colour"),
        "samples": ({"sample_aspect": Fraction(4, 3)}, "samples are 1 wide instead of 4/3"),
    }.values(),
)
def test_any_difference_is_named(written, change, message):
    path, asked, sound = written
    with pytest.raises(VideoError, match=message):
        check(path, Path("x.mp4"), replace(asked, **change), sound)


def test_sound_that_is_missing_late_or_too_much_is_named(written):
    path, asked, sound = written
    assert "1 video and 1 audio streams" in fault(path, asked, None)
    assert "late" in fault(path, asked, replace(sound, pts=sound.pts[:-1]))
    assert "pieces of sound" in fault(path, asked, replace(sound, pts=sound.pts[:-2]))
    assert "pieces of sound" in fault(path, asked, replace(sound, pts=[*sound.pts, sound.pts[-1] + 1024]))
    assert "late" in fault(path, asked, replace(sound, pts=[pts - 9 for pts in sound.pts]))
    assert "opus" in fault(path, asked, replace(sound, codec="opus"))
    # Before zero nothing is heard.
    check(path, Path("x.mp4"), asked, replace(sound, pts=[-3000, -2000, *sound.pts]))


@pytest.mark.parametrize("lost", [1, 100, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_a_file_that_lost_its_tail_is_found(tmp_path, lost, codec):
    path, info = tmp_path / "b.mp4", probe(make(tmp_path / "a.mp4"))
    rng = np.random.default_rng(0)
    with VideoWriter(path, info, codec=codec, preset="ultrafast") as out:
        for number in range(20):
            out.write_rgb(rng.integers(0, 256, (48, 64, 3), np.uint8), number * STEP, STEP)
    colors = info.colors if codec == "h264" else ColorTags("pc", 0, 1, 13)
    times = array("q", range(0, 20 * STEP, STEP))
    asked = Asked(codec, 64, 48, colors, Fraction(1), info.time_base, pts=times, end_pts=20 * STEP)
    check(path, Path("x.mp4"), asked, None)
    size = path.stat().st_size
    os.truncate(path, size - lost if isinstance(lost, int) else round(size * (1 - lost)))
    fault(path, asked, None)


def test_times_below_zero_never_get_through(tmp_path):
    info = replace(probe(make(tmp_path / "a.mp4")), start_pts=-5000)

    def write():
        with VideoWriter(tmp_path / "b.mp4", info, preset="ultrafast") as out:
            for number in range(20):
                out.write_rgb(np.zeros((48, 64, 3), np.uint8), number * STEP - 5000, STEP)

    with pytest.raises(VideoError, match=r"b\.mp4: read back, it shows 1[45] frames instead of 20"):
        write()
    assert os.listdir(tmp_path) == ["a.mp4"]


LIMITS = {
    "a long frame": (Fraction(1, 90000), [0, 2**31 - 2], None),
    "longer than MP4 can hold": (Fraction(1, 90000), [0, 2**31 - 1], r"0\.000 s lasts 23860\.929 s, longer than MP4"),
    "in nanoseconds": (Fraction(1, 10**9), [0, 33333333, 66666666], None),
    "a gap in nanoseconds": (Fraction(1, 10**9), [0, 33333333, 3 * 10**9], "longer than MP4 can hold"),
    "the finest clock": (Fraction(1, 2**31 - 1), [0, 10**7, 3 * 10**7], None),
    "a clock of hours": (Fraction(3600), [0, 1, 5], None),
    "no unit fraction": (Fraction(1001, 30000), [3, 4, 5, 9], None),
    "since 1970": (Fraction(1, 90000), [1764000000 * 90000 + k for k in (0, 3000, 6001)], None),
    "since 1970 in nanoseconds": (Fraction(1, 10**9), [1764000000 * 10**9 + k for k in (0, 33333333, 70000000)], None),
    "many long frames": (Fraction(1, 90000), [k * 2**30 for k in range(6)], None),
}


@pytest.mark.parametrize(("time_base", "pts", "refused"), LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_times_are_exact_or_the_job_fails_by_name(tmp_path, time_base, pts, refused, codec):
    info = replace(probe(make(tmp_path / "a.mp4")), time_base=time_base, start_pts=pts[0], end_pts=pts[-1] + 1)

    def write():
        with VideoWriter(tmp_path / "b.mp4", info, codec=codec, preset="ultrafast") as out:
            for time, following in zip(pts, [*pts[1:], pts[-1] + 1], strict=True):
                out.write_rgb(np.zeros((48, 64, 3), np.uint8), time, following - time)

    if refused:
        with pytest.raises(VideoError, match=refused):
            write()
        assert os.listdir(tmp_path) == ["a.mp4"]
        return
    write()
    after = probe(tmp_path / "b.mp4")
    assert [f.pts * after.time_base for f in read_frames(tmp_path / "b.mp4", after)] == [p * time_base for p in pts]


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 50), (3, 1), (16384, 16)])
def test_sizes_from_one_pixel_to_what_h264_takes(tmp_path, size):
    info = replace(probe(make(tmp_path / "a.mp4")), width=size[0], height=size[1])
    with VideoWriter(tmp_path / "b.mp4", info, preset="ultrafast", colors=BT709_TV) as out:
        for number in range(3):
            out.write_rgb(np.zeros((size[1], size[0], 3), np.uint8), number * STEP, STEP)
    after = probe(tmp_path / "b.mp4")
    assert (after.frames, after.width, after.height) == (3, *(side + side % 2 for side in size))
