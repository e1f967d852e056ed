"""Interlaced pictures: fields survive in what is written, and networks see no combs."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.codec.context import Flags
from clips import make, write_frames

from objmask.config.hiding import HiddenLook
from objmask.detections.masks import Patch
from objmask.errors import VideoError
from objmask.hidden.areas import to_blocks, whole_pairs
from objmask.hidden.causes import Cause, HiddenArea
from objmask.render.privacy import Privacy
from objmask.video import Planes, VideoWriter, probe, read_frames
from objmask.video.fields import Marker, field_order_of, merged
from objmask.video.planes import from_planes

INTERLACED = Flags.interlaced_dct | Flags.interlaced_me
RED, BLUE = (220, 30, 30), (30, 30, 220)


def striped(i=0, pix_fmt="yuv444p", size=(64, 48)):
    """A picture whose top field is red and whose bottom field is blue, with a bar that moves from field to field."""
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    rgb[0::2], rgb[1::2] = RED, BLUE
    rgb[0::2, 4 * i : 4 * i + 4] = rgb[1::2, 4 * i + 2 : 4 * i + 6] = 255
    return av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format=pix_fmt)


def clip(path, order, pix_fmt="yuv444p", size=(64, 48), count=6):
    """The same pictures as H.264; 4:2:0 is made of each field by itself."""
    marker = Marker(order)
    frames = [marker.mark(striped(i, size=size)) for i in range(count)]
    if pix_fmt != "yuv444p":
        frames = [frame.reformat(format=pix_fmt) for frame in frames]
    options = {"crf": "1", "g": "3", "bf": "0"}
    return write_frames(path, frames, codec="libx264", flags=INTERLACED, options=options)


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
def test_probe_names_the_order_of_fields(tmp_path, order, name):
    info = probe(clip(tmp_path / name, order, "yuv420p"))
    assert info.field_order == info.written_fields == order
    word = {"tff": "top", "bff": "bottom"}[order]
    assert any(f"interlaced, {word} field first" in warning for warning in info.warnings)


def test_a_progressive_video_has_no_fields(tmp_path):
    info = probe(make(tmp_path / "a.mp4"))
    assert (info.field_order, info.written_fields) == (None, None)


def test_some_interlaced_pictures_are_counted(tmp_path):
    # MPEG-2 says of each picture by itself whether it is interlaced.
    marker = Marker("tff")
    plain = [striped(i, "yuv420p") for i in range(5)]
    parts = [
        write_frames(tmp_path / "a.m2v", plain[:2], codec="mpeg2video", options={"g": "1"}),
        write_frames(
            tmp_path / "b.m2v",
            [marker.mark(f) for f in plain[2:]],
            codec="mpeg2video",
            flags=INTERLACED,
            options={"g": "1"},
        ),
    ]
    path = tmp_path / "c.m2v"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    info = probe(path)
    marked = [frame.picture.interlaced_frame for frame in read_frames(path, info)]
    assert marked == sorted(marked)
    assert 0 < sum(marked) < len(marked)
    assert any(f"interlaced in {sum(marked)} of {len(marked)} frames" in warning for warning in info.warnings)


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("size", [(64, 48), (64, 50), (62, 34)])
def test_written_fields_are_read_back(tmp_path, order, size):
    source = clip(tmp_path / "a.mkv", order, "yuv422p", size)
    info = probe(source)
    with VideoWriter(tmp_path / "b.mp4", info, quality=1, fields=info.written_fields) as writer:
        for frame in read_frames(source, info):
            writer.write(frame.planes(), frame.pts, frame.duration_pts)
    after = probe(tmp_path / "b.mp4")
    assert (after.field_order, after.frames) == (order, info.frames)
    assert (after.width, after.height) == (size[0], -(-size[1] // 4) * 4)
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert all(frame.interlaced_frame for frame in container.decode(video=0))
    both = zip(read_frames(source, info), read_frames(tmp_path / "b.mp4", after), strict=True)
    for before, now in both:
        for name in "yuv":
            wanted, got = getattr(before.planes(), name), getattr(now.planes(), name)[: -(-size[1] // 2) * 2]
            # x264's crf 1 is all but lossless.
            assert np.abs(got[: len(wanted)].astype(int) - wanted).mean() < 2


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv422p10le"])
def test_colours_of_fields_are_not_mixed(tmp_path, pix_fmt):
    source = clip(tmp_path / "a.mkv", "tff", pix_fmt)
    frame = next(read_frames(source, probe(source)))
    planes = frame.planes()
    still = slice(20, None)  # right of the bar
    for plane, red, blue in ((planes.u, 100, 211), (planes.v, 211, 117)):
        # Levels of both colours by BT.601, up to coding; mixed, they would be halfway.
        assert np.abs(plane[0::2, still].astype(int) - red).mean() < 6
        assert np.abs(plane[1::2, still].astype(int) - blue).mean() < 6


def test_networks_see_both_fields_and_no_combs(tmp_path):
    source = clip(tmp_path / "a.mkv", "tff", "yuv444p")
    for i, frame in enumerate(read_frames(source, probe(source))):
        rgb = frame.rgb().astype(int)
        inside = rgb[1:-1]
        assert np.abs(np.diff(inside[:, 40:], axis=0)).max() <= 4  # of coding: no line differs from the next
        mixed = (np.array(RED) + BLUE) / 2
        assert np.abs(inside[:, 40:] - mixed).mean() < 6
        bar = inside[:, 4 * i : 4 * i + 6].mean((0, 2))
        assert (bar[[2, 3]] > 240).all()  # both fields
        assert (bar[[0, 5]] > 150).all()  # one of them, and still to be seen


def test_merging_is_a_mean_of_three_lines():
    rng = np.random.default_rng(0)
    woven = rng.integers(0, 256, (11, 7, 3), np.uint8)
    lines = woven.astype(int)
    expected = (lines[:-2] + 2 * lines[1:-1] + lines[2:]) / 4
    assert np.abs(merged(woven)[1:-1] - expected).max() <= 0.5
    for shape in ((1, 5), (2, 5), (3, 5, 3)):
        assert merged(np.full(shape, 77, np.uint8)).tolist() == np.full(shape, 77).tolist()


def test_chunks_of_an_interlaced_video_equal_the_whole(tmp_path):
    source = clip(tmp_path / "a.mp4", "tff", "yuv420p", count=12)
    info = probe(source)
    whole = [frame.rgb() for frame in read_frames(source, info)]
    parts = [frame.rgb() for k in range(0, 12, 5) for frame in read_frames(source, info, start=k, stop=k + 5)]
    assert len(parts) == len(whole) == 12
    for mine, theirs in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_turned_picture_has_no_fields(tmp_path):
    marker = Marker("tff")
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", 25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.flags |= INTERLACED
        stream.set_display_rotation(90)
        for i in range(3):
            frame = marker.mark(striped(i)).reformat(format="yuv420p")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    info = probe(tmp_path / "a.mp4")
    assert (info.field_order, info.written_fields, info.rotation) == ("tff", None, 270)
    assert any("all outputs too, as it is turned" in warning for warning in info.warnings)
    planes = next(read_frames(tmp_path / "a.mp4", info)).planes()
    assert np.abs(np.diff(planes.u[:, 1:-1].astype(int), axis=1)).max() <= 6  # no alternating columns


def test_an_uneven_number_of_lines_repeats_both_fields():
    frame = striped(size=(64, 50)).reformat(format="yuv420p")
    planes = [np.frombuffer(memoryview(p), np.uint8).reshape(p.height, -1)[:, : p.width] for p in frame.planes]
    grown = from_planes(Planes(*planes), 4)
    assert grown.height == 52
    luma = np.frombuffer(memoryview(grown.planes[0]), np.uint8).reshape(52, -1)[:, :64]
    np.testing.assert_array_equal(luma[50:], planes[0][48:50])


@pytest.mark.parametrize("top", range(8))
@pytest.mark.parametrize("tall", [1, 2, 3, 5])
@pytest.mark.parametrize("style", ["solid", "pixelate", "blur"])
def test_nothing_hidden_is_left_in_the_chroma_of_either_field(top, tall, style):
    """Pictures that differ only in what is hidden must become the same, seen field by field."""
    lines = slice(16 + top, 16 + top + tall)

    def protected(colours):
        rgb = np.full((48, 64, 3), 90, np.uint8)
        rgb[lines, 20:40] = 0
        rgb[lines, 20:40][0::2], rgb[lines, 20:40][1::2] = colours
        marked = Marker("tff").mark(av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuv444p"))
        # Each chroma sample is the mean of the two lines of its own field beside it, and of no others.
        u, v = (np.frombuffer(memoryview(p), np.uint8).reshape(48, -1)[:, :64].astype(float) for p in marked.planes[1:])
        y = np.frombuffer(memoryview(marked.planes[0]), np.uint8).reshape(48, -1)[:, :64].copy()
        small = []
        for plane in (u, v):
            halved = np.zeros((24, 32))
            for k in (0, 1):
                field = plane[k::2].reshape(12, 2, 32, 2).mean((1, 3))
                halved[k::2] = field
            small.append(halved.round().astype(np.uint8))
        return Planes(y, *small)

    mask = np.zeros((48, 64), np.bool_)
    mask[lines, 20:40] = True
    patch = whole_pairs(to_blocks(Patch(0, 0, mask).trimmed()), 24)
    first, second = (protected(c) for c in ((RED, BLUE), (BLUE, RED)))
    privacy, area = Privacy(HiddenLook(style=style)), HiddenArea(patch, (Cause("tv"),))
    out = [privacy.render(picture, [area]) for picture in (first, second)]
    outside = np.ones((24, 32), np.bool_)
    outside[patch.rows, patch.columns] = ~patch.mask
    for name in "uv":
        a, b = (getattr(picture, name) for picture in out)
        np.testing.assert_array_equal(a[outside], b[outside])
    hidden = patch.mask.repeat(2, 0).repeat(2, 1)
    rows = slice(2 * patch.top, 2 * patch.top + hidden.shape[0])
    assert hidden[lines.start - rows.start : lines.stop - rows.start].any(1).all()
    assert patch.top % 2 == 0
    assert patch.mask.shape[0] % 2 == 0
    if style == "solid":
        for name in "yuv":
            np.testing.assert_array_equal(getattr(out[0], name), getattr(out[1], name))


def test_pairs_at_the_lower_edge_end_with_the_frame():
    patch = whole_pairs(Patch(4, 1, np.ones((1, 2), np.bool_)), 5)
    assert (patch.top, patch.mask.shape) == (4, (1, 2))
    patch = whole_pairs(Patch(3, 0, np.array([[True, False], [False, False], [False, True]])), 12)
    assert patch.top == 2
    assert patch.mask.astype(int).tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]


def test_field_order_of_a_marked_picture():
    for order in ("tff", "bff"):
        assert field_order_of(Marker(order).mark(striped())) == order


def test_lost_fields_are_noticed_when_the_video_is_read_back(tmp_path, monkeypatch):
    source = clip(tmp_path / "a.mkv", "tff", "yuv420p")
    info = probe(source)
    monkeypatch.setattr(Marker, "mark", lambda self, frame: frame)

    def write():
        with VideoWriter(tmp_path / "b.mp4", info, fields="tff") as writer:
            for frame in read_frames(source, info):
                writer.write(frame.planes(), frame.pts, frame.duration_pts)

    with pytest.raises(VideoError, match="its order of fields is bff instead of tff"):
        write()
    assert not (tmp_path / "b.mp4").exists()
