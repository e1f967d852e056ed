"""What is opened, and that nothing else is: lists of files, names like addresses, pipes; and huge pictures."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
import clips
import pytest

from objmask.errors import VideoError
from objmask.video.probe import check_decodes, count_packets, probe
from objmask.video.source import MAX_PIXELS, open_video

IN_OPEN = 0x20


@contextmanager
def watched(folder: Path) -> Iterator[Callable[[], list[str]]]:
    """Yields a function that tells which files of a folder were opened since, as the kernel saw it."""
    libc = ctypes.CDLL(None, use_errno=True)
    notify = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if notify < 0 or libc.inotify_add_watch(notify, os.fsencode(folder), IN_OPEN) < 0:
        pytest.skip("needs inotify")

    def opened() -> list[str]:
        found = []
        try:
            data = os.read(notify, 1 << 16)
        except BlockingIOError:
            return []
        while data:
            length = int.from_bytes(data[12:16], "little")
            found.append(data[16 : 16 + length].rstrip(b"\0").decode())
            data = data[16 + length :]
        return found

    try:
        yield opened
    finally:
        os.close(notify)


HLS = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
DASH = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"
mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL>
<SegmentList><SegmentURL media="{}"/></SegmentList></Representation></AdaptationSet></Period></MPD>"""
IMF = """<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">
<Id>urn:uuid:{}</Id></CompositionPlaylist>"""
LISTS = {
    "hls": HLS,
    "hls master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n",
    "ffconcat": "ffconcat version 1.0\nfile '{}'\n",
    "dash": DASH,
    "imf": IMF,
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\na=control:{}\n",
    "asx": '<asx version="3.0"><entry><ref href="{}"/></entry></asx>',
    "reference": "[Reference]\r\nRef1={}\r\n",
    "ram": "{}\n",
    "smil": '<smil><body><video src="{}"/></body></smil>',
    "edl": "# mpv EDL v0\n{}\n",
    "vobsub": "# VobSub index file, v7\nid: en, index: 0\n{}\n",
}


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv", ".m3u8", ".MPD", ".txt"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_other_files_is_refused_and_nothing_in_it_is_opened(tmp_path, kind, suffix):
    (tmp_path / "named").mkdir()
    entry = clips.make(tmp_path / "named/entry.ts")
    path = tmp_path / f"list{suffix}"
    with socket.create_server(("127.0.0.1", 0)) as server, watched(tmp_path / "named") as opened:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/entry.ts"
        for target in ("named/entry.ts", str(entry), f"file:{entry}", address):
            path.write_text(LISTS[kind].replace("{}", target))
            for look in (probe, count_packets, check_decodes):
                with pytest.raises(VideoError, match="cannot be opened as a video"):
                    look(path)
        assert opened() == []
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_watch_sees_an_open(tmp_path):
    (tmp_path / "named").mkdir()
    clips.make(tmp_path / "named/entry.mp4")
    with watched(tmp_path / "named") as opened:
        probe(tmp_path / "named/entry.mp4")
        assert "entry.mp4" in opened()


def data_reference(path: Path, other: Path) -> Path:
    """A MOV whose pictures are said to lie in another file, by an alias as QuickTime writes it."""
    data = clips.make(path).read_bytes()
    old = b"\0\0\0\x0curl \0\0\0\1"
    name = os.fsencode(str(other))
    volume, leaf = b"disk".ljust(27, b"\0"), os.fsencode(other.name)
    record = b"\0" * 8 + bytes([4]) + volume + b"\0" * 12 + bytes([len(leaf)]) + leaf.ljust(63, b"\0") + b"\0" * 16
    record += b"\xff\xff\xff\xff" + b"\0" * 16
    record += (2).to_bytes(2, "big") + len(name).to_bytes(2, "big") + name + b"\0" * (len(name) % 2) + b"\xff\xff\0\0"
    new = (12 + len(record)).to_bytes(4, "big") + b"alis" + b"\0\0\0\0" + record
    assert data.count(old) == 1
    at = data.index(old)
    grown = len(new) - len(old)
    out = bytearray(data[:at] + new + data[at + len(old) :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start = out.index(box) - 4
        out[start : start + 4] = (int.from_bytes(out[start : start + 4], "big") + grown).to_bytes(4, "big")
    path.write_bytes(out)
    return path


def test_a_movie_whose_pictures_lie_elsewhere_opens_nothing_else(tmp_path):
    (tmp_path / "named").mkdir()
    other = clips.make(tmp_path / "named/other.mov")
    path = data_reference(tmp_path / "a.mov", other)
    with watched(tmp_path / "named") as opened:
        with suppress(VideoError):
            probe(path)
        assert opened() == []


@pytest.mark.parametrize(
    "name",
    ["img%03d.mp4", "%d.mp4", "concat:a.mp4|b.mp4", "http:x.mp4", "file:a.mp4", "pipe:0.mp4", "-i.mp4", "a*.mp4"],
)
def test_a_name_is_a_name_and_no_pattern_or_address(tmp_path, monkeypatch, name):
    """Also as it is given where one stands in its folder."""
    monkeypatch.chdir(tmp_path)
    for other in ("img001.mp4", "1.mp4", "a.mp4", "b.mp4", "x.mp4"):
        clips.make(tmp_path / other, pts=range(0, 5005, 1001))
    clips.make(tmp_path / "made.mp4").rename(tmp_path / name)
    assert probe(Path(name)).frames == len(clips.REGULAR)
    (tmp_path / name).unlink()
    with pytest.raises(VideoError, match="No such file"):
        probe(Path(name))


@pytest.mark.parametrize("name", ["img%03d.jpg", "img001.jpg", "a.png"])
def test_a_picture_is_no_video(tmp_path, name):
    codec, pix_fmt = ("png", "rgb24") if name.endswith("png") else ("mjpeg", "yuvj444p")
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt, context.time_base = 32, 32, pix_fmt, clips.TIME_BASE
    frame = av.VideoFrame.from_ndarray(clips.picture(0, 32, 32), "rgb24").reformat(format=pix_fmt)
    (tmp_path / name).write_bytes(b"".join(map(bytes, [*context.encode(frame), *context.encode(None)])))
    with pytest.raises(VideoError, match="cannot be opened as a video"):
        probe(tmp_path / name)


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder"])
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path, kind):
    path = tmp_path / "a.mp4"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    server = socket.socket(socket.AF_UNIX)
    if kind == "socket":
        server.bind(str(path))
    with server, pytest.raises(VideoError, match=r"a\.mp4.*cannot be opened"):
        probe(path)


def test_pictures_of_any_size_can_be_declared_and_are_refused_before_one_is_made(tmp_path):
    data = clips.make(tmp_path / "a.avi", codec="ffv1", size=(64, 48)).read_bytes()
    small, huge = (
        width.to_bytes(4, "little") + height.to_bytes(4, "little") for width, height in ((64, 48), (32768, 32768))
    )
    assert small in data
    (tmp_path / "huge.avi").write_bytes(data.replace(small, huge))
    with pytest.raises(VideoError, match=r"huge\.avi.*pictures of"):
        probe(tmp_path / "huge.avi", on_truncated="keep")


@pytest.mark.parametrize("size", [(16390, 16), (8208, 8192)])
def test_the_largest_size(tmp_path, size):
    path = clips.make(tmp_path / "a.mkv", codec="ffv1", size=size, pts=(0,), pix_fmt="yuv420p")
    with pytest.raises(VideoError, match=r"declares pictures of.*scale"):
        probe(path)
    assert MAX_PIXELS == 8192 * 8192


def test_pictures_that_grow_within_the_stream_are_bounded_too(tmp_path):
    with open_video(clips.make(tmp_path / "a.mp4")) as (_, stream):
        assert int(stream.codec_context.options["max_pixels"]) == MAX_PIXELS


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".avi", ".mpg", ".mp4", ".flv", ".asf", ".m2v", ".mjpeg"])
def test_formats_are_told_by_their_bytes(tmp_path, suffix):
    codec = {".mpg": "mpeg2video", ".m2v": "mpeg2video", ".mjpeg": "mjpeg"}.get(suffix, "libx264")
    rate, pix_fmt = Fraction(1, 25), "yuvj420p" if suffix == ".mjpeg" else "yuv420p"
    options = {"bf": "0"} if codec == "libx264" else {}
    made = clips.make(
        tmp_path / f"a{suffix}", codec=codec, time_base=rate, pts=range(20), pix_fmt=pix_fmt, options=options
    )
    made.rename(tmp_path / "a.mov")
    assert count_packets(tmp_path / "a.mov") == 20
