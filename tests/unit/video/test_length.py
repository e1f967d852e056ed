"""Rates that are none, and what a file is said to have missing."""

from __future__ import annotations

from fractions import Fraction

import av
import clips
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objmask.errors import VideoError
from objmask.video.length import nominal_rate
from objmask.video.probe import probe
from objmask.video.reader import read_frames
from objmask.video.timing import choose_rule, nominal_step

MS = Fraction(1, 1000)


def webm(path, pts, rate=None, duration=True):
    """VP8 with times in milliseconds; `rate`: what the track says by its default duration, None = nothing."""
    with av.open(str(path), "w", container_options={} if duration else {"live": "1"}) as out:
        stream = out.add_stream("libvpx", rate or 1000, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.time_base = stream.codec_context.time_base = MS
        for i, time in enumerate(pts):
            frame = av.VideoFrame.from_ndarray(clips.picture(i, 32, 32), "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = time, MS
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


EVEN = [round(i * 1000 / 15) for i in range(43)]
UNEVEN = [0, 40, 85, 300, 1100, 1140, 1190, 3000, 3040, 3085, 3130]


@pytest.mark.parametrize("declared", [None, 30, 1000])
@pytest.mark.parametrize("pts", [EVEN, UNEVEN, [-200 + p for p in EVEN], [5000 + p for p in UNEVEN]])
def test_a_clock_is_no_rate(tmp_path, pts, declared):
    info = probe(webm(tmp_path / "a.webm", pts, declared))
    assert info.frames == info.packets == len(pts)
    assert info.declared_frames in (None, len(pts))
    assert not info.truncated
    assert info.warnings == [] or (len(info.warnings) == 1 and "frames" not in info.warnings[0]), info.warnings
    assert 10 < info.rate < 31


def test_a_live_recording_without_a_duration(tmp_path):
    info = probe(webm(tmp_path / "a.webm", EVEN, duration=False))
    assert (info.frames, info.declared_frames, info.declared_duration_s) == (43, None, None)
    assert info.warnings == []


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
@pytest.mark.parametrize("pts", [EVEN, [i * 200 for i in range(40)]])
def test_what_is_cut_off_still_counts_as_cut_off(tmp_path, pts, share):
    data = webm(tmp_path / "a.webm", pts).read_bytes()
    path = tmp_path / "cut.webm"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(VideoError, match="truncated"):
        probe(path)
    assert probe(path, on_truncated="keep").truncated


def test_avi_whose_pictures_stay_for_many_ticks_lacks_none(tmp_path):
    """Its header counts the ticks of its clock, and files of screens and microscopes leave out what does not change."""
    pts = [0, 11, 17, 24, 31, 37, 43, 49, 56]
    path = clips.make(tmp_path / "a.avi", codec="mpeg4", time_base=Fraction(1, 15), pts=pts)
    info = probe(path)
    assert (info.frames, info.truncated, info.warnings) == (len(pts), False, [])


@pytest.mark.parametrize("suffix", [".avi", ".mp4"])
def test_a_file_that_ends_within_its_last_picture_is_cut_off(tmp_path, suffix):
    """Whatever its header says of its length."""
    path = clips.make(
        tmp_path / f"a{suffix}",
        codec="mjpeg",
        pix_fmt="yuvj420p",
        time_base=Fraction(1, 15),
        pts=range(20),
        container_options={"movflags": "faststart"} if suffix == ".mp4" else {},
    )
    with av.open(str(path)) as container:
        last = [packet for packet in container.demux(video=0) if packet.size][-1]
        end = last.pos + last.size // 2
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(VideoError, match="truncated"):
        probe(path)
    info = probe(path, on_truncated="keep")
    assert info.truncated
    assert any("TRUNCATED" in warning for warning in info.warnings)
    assert len(list(read_frames(path, info, on_truncated="keep"))) == info.frames


def test_frames_that_an_edit_list_leaves_out_are_not_missing(cases):
    info = probe(cases / "kitchen_hands.mp4")
    assert (info.frames, info.declared_frames, info.warnings) == (74, 74, [])


def test_an_avi_of_few_pictures_that_is_cut_off(cases):
    with pytest.raises(VideoError, match="truncated, breaks off"):
        probe(cases / "tree.avi")
    info = probe(cases / "tree.avi", on_truncated="keep")
    assert (info.frames, info.truncated) == (69, True)
    assert not any("451" in warning for warning in info.warnings)


@given(
    declared=st.one_of(st.none(), st.just(Fraction(0)), st.fractions(Fraction(1, 10**6), 10**9, max_denominator=10**6)),
    steps=st.lists(st.integers(-5, 10**7), max_size=30),
    time_base=st.sampled_from([MS, Fraction(1, 90000), Fraction(1, 10**9), Fraction(1001, 30000), Fraction(5, 1)]),
)
def test_any_rate_is_usable(declared, steps, time_base):
    pts = [sum(steps[:i]) for i in range(len(steps) + 1)]
    rate = nominal_rate(declared, pts, choose_rule(pts), time_base)
    assert rate > 0
    assert rate == declared or (rate.numerator < 2**31 and rate.denominator < 2**31)
    assert nominal_step(rate, time_base) >= 1
