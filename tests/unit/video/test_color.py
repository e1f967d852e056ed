"""What of a picture's colours is read, converted, warned about or refused."""

import re
from fractions import Fraction

import av
import numpy as np
import pytest
from clips import make, picture, write_frames

from objmask.errors import VideoError
from objmask.video import ColorTags, probe, read_frames

LEVELS = np.array([16, 50, 128, 200, 235])


def grey(pix_fmt, color_range):
    """A frame of columns of LEVELS in so many bits."""
    frame = av.VideoFrame(len(LEVELS), 8, pix_fmt)
    frame.color_range = color_range
    bits = frame.format.components[0].bits
    columns = np.tile(LEVELS << (bits - 8), (8, 1)).astype(">u2" if pix_fmt.endswith("be") else "<u2")
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8)[: 8 * plane.line_size].reshape(8, plane.line_size)
    rows[:, : columns.nbytes // 8] = columns.view(np.uint8).reshape(8, -1)
    return frame


@pytest.mark.parametrize("color_range", ["tv", "pc"])
@pytest.mark.parametrize("pix_fmt", ["gray10le", "gray12le", "gray16le"])
def test_deep_grey_keeps_its_luma(tmp_path, pix_fmt, color_range):
    tags = ColorTags(color_range, 2)
    path = write_frames(tmp_path / "a.mkv", [grey(pix_fmt, {"tv": 1, "pc": 2}[color_range])], tags=tags)
    info = probe(path)
    frame = next(read_frames(path, info))
    assert info.color_range == color_range
    # FFmpeg's scaler cuts bits of the full range off without rounding.
    assert np.abs(frame.planes().y[0].astype(int) - LEVELS).max() <= 1
    seen = (LEVELS - 16) * 255 / 219 if color_range == "tv" else LEVELS
    # It makes 253 of white when it turns more than 8 bits into RGB.
    assert np.abs(frame.rgb()[0, :, 1] - seen).max() <= 2.5
    assert not info.warnings


def ten_bits():
    frame = av.VideoFrame(32, 16, "yuv420p10le")
    for plane, level in zip(frame.planes, (400, 500, 550), strict=True):
        np.frombuffer(memoryview(plane), "<u2")[:] = level
    return frame


@pytest.mark.parametrize(
    ("tags", "warning"),
    [
        (ColorTags("tv", 2, 2, 2), "10 bits and no word on the transfer"),
        (ColorTags("tv", 9, 9, 16), r"high dynamic range \(PQ\)"),
        (ColorTags("tv", 9, 9, 18), r"high dynamic range \(HLG\)"),
        (ColorTags("tv", 9, 9, 14), "wide gamut"),
        (ColorTags("tv", 1, 12, 1), "wide gamut"),
        (ColorTags("tv", 1, 1, 8), "linear light"),
        (ColorTags("tv", 10, 9, 14), "constant luminance"),
    ],
    ids=str,
)
def test_what_is_guessed_or_converted_is_said(tmp_path, tags, warning):
    info = probe(write_frames(tmp_path / "a.mkv", [ten_bits()], tags=tags))
    assert [w for w in info.warnings if re.search(warning, w)]


def test_ten_bits_that_say_bt709_need_no_warning(tmp_path):
    assert probe(write_frames(tmp_path / "a.mkv", [ten_bits()], tags=ColorTags("tv", 1, 1, 1))).warnings == []


@pytest.mark.parametrize(("matrix", "name"), [(8, "YCgCo"), (14, "ICtCp"), (11, "Y'D'zD'x")])
def test_colours_that_would_be_quite_other_ones_are_refused(tmp_path, matrix, name):
    path = write_frames(tmp_path / "a.mkv", [ten_bits()], tags=ColorTags("tv", matrix, 9, 16))
    with pytest.raises(VideoError, match=rf"a\.mkv: its colours are encoded as {name}.*convert it") as caught:
        probe(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix"), [(9, 16, 9), (2, 18, 9), (9, 14, 9), (1, 1, 6), (2, 2, 6)]
)
def test_a_matrix_that_is_not_said_follows_what_is(tmp_path, primaries, transfer, matrix):
    info = probe(write_frames(tmp_path / "a.mkv", [ten_bits()], tags=ColorTags("tv", 2, primaries, transfer)))
    assert info.colorspace == matrix


def test_transparency_is_left_out_and_said_so(tmp_path):
    frame = av.VideoFrame(32, 16, "yuva420p")
    for plane, level in zip(frame.planes, (120, 90, 140, 0), strict=True):
        np.frombuffer(memoryview(plane), np.uint8)[:] = level
    path = write_frames(tmp_path / "a.mkv", [frame], tags=ColorTags("tv", 1))
    info = probe(path)
    assert any("transparency" in warning for warning in info.warnings)
    planes = next(read_frames(path, info)).planes()
    assert {(int(planes.y.min()), int(planes.u.max()), int(planes.v.max()))} == {(120, 90, 140)}


NARROW, FULL, OLD = ColorTags("tv", 1, 1, 1), ColorTags("pc", 1, 1, 1), ColorTags("tv", 6, 1, 1)


def part(path, tags, pix_fmt="yuv420p"):
    """H.264 of five pictures, all but lossless."""
    scaler = {1: 1, 6: 5}[tags.matrix]
    frames = [
        av.VideoFrame.from_ndarray(picture(i, 64, 48), "rgb24").reformat(
            format=pix_fmt,
            src_color_range=2,
            dst_colorspace=scaler,
            dst_color_range={"tv": 1, "pc": 2}[tags.range],
        )
        for i in range(5)
    ]
    return write_frames(path, frames, codec="libx264", tags=tags, options={"crf": "1", "bf": "0"})


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ((NARROW,), (FULL,), "colour range changes from narrow to full at frame 5"),
        ((FULL,), (NARROW,), "colour range changes from full to narrow at frame 5"),
        ((OLD,), (NARROW,), "colour matrix changes from BT.601 to BT.709 at frame 5"),
        ((NARROW,), (NARROW, "yuv444p"), "pixel format changes from yuv420p to yuv444p at frame 5"),
        ((NARROW, "yuv422p"), (FULL, "yuv420p10le"), "pixel format changes from yuv422p to yuv420p10le at frame 5"),
    ],
    ids=str,
)
def test_what_changes_in_mid_stream_is_converted_and_named(tmp_path, first, then, said):
    path = tmp_path / "a.h264"
    parts = [part(tmp_path / f"{k}.h264", *how) for k, how in enumerate((first, then))]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    info = probe(path)
    assert any(said in warning for warning in info.warnings), info.warnings
    assert info.colors == first[0]
    frames = list(read_frames(path, info))
    # Both parts show the same pictures: only coding, another way of halving chroma, and rounding may tell them apart.
    # FFmpeg's scaler changes a matrix by way of 8-bit RGB, with a level lost in each direction.
    for before, after in zip(frames[:5], frames[5:], strict=True):
        assert np.abs(before.rgb().astype(int) - after.rgb()).mean() < 3
        for name in "yuv":
            planes = [getattr(frame.planes(), name).astype(int) for frame in (before, after)]
            assert np.abs(planes[0] - planes[1]).mean() < 2


def test_a_matrix_that_cannot_be_read_is_named_in_mid_stream_too(tmp_path):
    parts = [part(tmp_path / "0.h264", NARROW), part(tmp_path / "1.h264", NARROW)]
    strange = write_frames(
        tmp_path / "2.h264",
        [av.VideoFrame(64, 48, "yuv420p")] * 2,
        codec="libx264",
        tags=ColorTags("tv", 8, 1, 1),
        options={"bf": "0"},
    )
    path = tmp_path / "a.h264"
    path.write_bytes(b"".join(one.read_bytes() for one in (*parts, strange)))
    assert any("colour matrix changes from BT.709 to YCgCo at frame 10" in warning for warning in probe(path).warnings)


def test_a_shape_of_pixels_that_changes_is_named(tmp_path):
    parts = [
        make(tmp_path / f"{k}.h264", time_base=Fraction(1, 30), pts=range(5), aspect=Fraction(k), options={"bf": "0"})
        for k in (1, 2)
    ]
    path = tmp_path / "a.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert any("shape of a pixel changes from 1 to 2" in warning for warning in probe(path).warnings)


@pytest.mark.parametrize(("tags", "refused"), [(None, True), (ColorTags("tv", 9, 9, 16), False)])
def test_dolby_vision_alone_is_refused(tmp_path, tags, refused):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w", container_options={"strict": "unofficial"}) as out:
        stream = out.add_stream("libx265", 25, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        context = stream.codec_context
        context.codec_tag = "dvh1"
        if tags is not None:
            context.colorspace, context.color_primaries, context.color_trc = tags.matrix, tags.primaries, tags.transfer
        for i in range(3):
            frame = av.VideoFrame(64, 64, "yuv420p10le")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    if refused:
        with pytest.raises(VideoError, match=r"a\.mp4: Dolby Vision.*convert it"):
            probe(path)
    else:
        assert probe(path).colors == tags
