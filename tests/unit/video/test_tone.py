"""Levels by the formulas of ITU-R BT.2100, computed here in the other direction than the code goes."""

from dataclasses import replace

import av
import numpy as np
import pytest
from clips import write_frames

from objmask.inference.frame_store import scaled
from objmask.video import BT709_TV, ColorTags, Planes, VideoWriter, probe, read_frames
from objmask.video.planes import rgb_to_planes
from objmask.video.tone import kind_of, needs_mapping, to_standard, viewed

PQ, HLG = ColorTags("tv", 9, 9, 16), ColorTags("tv", 9, 9, 18)
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])  # ITU-R BT.2087


def pq_of(nits):
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = (np.asarray(nits, float) / 10000) ** m1
    return ((c1 + c2 * power) / (1 + c3 * power)) ** m2


def hlg_of(nits):
    shown = np.asarray(nits, float) / 1000
    scene = shown * np.maximum(shown @ [0.2627, 0.6780, 0.0593], 1e-12)[..., None] ** (1 / 1.2 - 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-12)) + c)


def signal(rgb, transfer, white=203.0):
    """Non-linear BT.2020 in 0..1 of BT.709 levels shown on a BT.1886 display whose white is `white` cd/m2."""
    light = white * (np.asarray(rgb) / 255.0) ** 2.4 @ TO_BT2020.T
    return pq_of(light) if transfer == 16 else hlg_of(light)


def coded(rgb, transfer, pix_fmt="yuv420p10le", **tags):
    """A frame of one colour in 10-bit 4:2:0 of narrow range, by BT.2020's matrix."""
    red, green, blue = signal(rgb, transfer)
    y = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    frame = av.VideoFrame(32, 16, pix_fmt)
    levels = (64 + 876 * y, 512 + 896 * (blue - y) / 1.8814, 512 + 896 * (red - y) / 1.4746)
    for plane, level in zip(frame.planes, levels, strict=True):
        np.frombuffer(memoryview(plane), "<u2")[:] = round(float(level))
    return frame


GREYS = [(v, v, v) for v in (0, 16, 64, 118, 128, 200, 255)]
COLOURS = [(200, 40, 40), (40, 180, 60), (30, 60, 200), (220, 200, 40), (180, 60, 170), (250, 180, 150)]


@pytest.mark.parametrize("tags", [PQ, HLG], ids=["PQ", "HLG"])
def test_what_does_not_exceed_diffuse_white_keeps_its_levels(tags):
    # 16-bit input and float32 arithmetic stay far under half a level; one is left for rounding on an edge.
    rgb = np.array([GREYS + COLOURS], np.uint8)
    levels = np.rint(65535 * signal(rgb, tags.transfer)).astype(np.uint16)
    assert np.abs(to_standard(levels, tags).astype(int) - rgb).max() <= 1


@pytest.mark.parametrize("tags", [PQ, HLG], ids=["PQ", "HLG"])
@pytest.mark.parametrize("rgb", GREYS + COLOURS, ids=str)
def test_ten_bits_of_a_file_keep_their_levels(tmp_path, tags, rgb):
    path = write_frames(tmp_path / "a.mkv", [coded(rgb, tags.transfer)], tags=tags)
    info = probe(path)
    assert info.colors == tags
    got = next(read_frames(path, info)).rgb().astype(int)
    # A step of ten bits is 1/876 of luma and 1/896 of chroma. PQ spreads it over up to 0.012 x light around white and
    # more in the dark: under two levels where light counts, and a saturated colour's weakest channel, which is the
    # difference of large numbers, by a few more.
    assert np.abs(got - rgb).max() <= (2 if len(set(rgb)) == 1 else 5)


def test_reference_white_is_white_in_both():
    assert to_standard(np.full((4, 4, 3), round(65535 * float(pq_of(203.0))), np.uint16), PQ).min() >= 254
    # ITU-R BT.2408: 75 % HLG.
    assert to_standard(np.full((4, 4, 3), round(65535 * 0.75), np.uint16), HLG).min() >= 254


def ramp(top):
    """A picture of greys up to `top` cd/m2, with a tenth of it at the top."""
    light = np.concatenate([np.geomspace(1, top, 900), np.full(100, top)])
    return np.repeat(np.rint(65535 * pq_of(light)).astype(np.uint16)[None, :, None], 3, 2).repeat(8, 0), light


@pytest.mark.parametrize("top", [250, 1000, 4000, 10000])
def test_highlights_are_rolled_off_and_not_cut(top):
    levels, light = ramp(top)
    got = to_standard(levels, PQ)[0, :, 0].astype(int)
    assert got.max() >= 254
    assert (np.diff(got) >= 0).all()
    bright = np.unique(got[light > 203])
    assert len(bright) > 8 or top < 300  # there is still something to be seen above white
    # Up to half of white nothing changes; at white the curve's lower bound is 1/2 + 1/2 x 1/2.
    dark = light <= 101
    assert np.abs(got[dark] - 255 * (light[dark] / 203) ** (1 / 2.4)).max() <= 1
    assert got[np.searchsorted(light, 203)] >= 255 * 0.75 ** (1 / 2.4) - 1


def test_a_few_glints_do_not_darken_the_picture():
    levels = np.full((100, 100, 3), round(65535 * float(pq_of(100.0))), np.uint16)
    glint = levels.copy()
    glint[:2, :2] = 65535
    np.testing.assert_array_equal(to_standard(glint, PQ)[50:], to_standard(levels, PQ)[50:])


@pytest.mark.parametrize("primaries", [9, 11, 12])
def test_colours_beyond_bt709_lose_saturation_and_not_their_order(primaries):
    tags = ColorTags("tv", 1, primaries, 1)
    share = np.linspace(0, 1, 200)
    for channel in range(3):
        picture = np.repeat((share[::-1] * 65535).astype(np.uint16)[None, :, None], 3, 2)
        picture[..., channel] = 65535  # from white to the purest colour there is
        got = to_standard(picture, tags)[0].astype(int)
        assert (got[0] == 255).all()
        others = [k for k in range(3) if k != channel]
        assert (np.diff(got[:, others].sum(1)) <= 1).all()
        assert got[-1, channel] == got[-1].max()


def test_grey_stays_grey_whatever_the_primaries():
    levels = np.repeat(np.linspace(0, 65535, 256).astype(np.uint16)[None, :, None], 3, 2)
    for primaries in (1, 9, 11, 12):
        got = to_standard(levels, ColorTags("tv", 1, primaries, 1))[0].astype(int)
        assert np.abs(got - np.arange(256)[:, None]).max() <= 1


def test_which_pictures_are_mapped():
    assert [needs_mapping(ColorTags("tv", 1, 1, t)) for t in (1, 2, 13, 14, 16, 18)] == [False] * 4 + [True] * 2
    assert [needs_mapping(ColorTags("tv", 1, p, 1)) for p in (1, 2, 5, 6, 9, 12)] == [False] * 4 + [True] * 2
    assert viewed(PQ) == BT709_TV
    assert viewed(ColorTags("pc", 6, 5, 6)) == ColorTags("pc", 6, 5, 6)
    assert kind_of(PQ) != kind_of(HLG) != kind_of(BT709_TV)


def test_primaries_that_are_not_said_are_bt2020s_with_high_dynamic_range():
    rgb = np.array([COLOURS], np.uint8)
    levels = np.rint(65535 * signal(rgb, 16)).astype(np.uint16)
    np.testing.assert_array_equal(to_standard(levels, ColorTags("tv", 9, 2, 16)), to_standard(levels, PQ))


@pytest.mark.parametrize("tags", [PQ, HLG, ColorTags("tv", 9, 9, 14)], ids=["PQ", "HLG", "BT.2020"])
def test_protected_video_keeps_the_source_and_an_overlay_becomes_bt709(tmp_path, tags):
    frames = [coded((200, 150, 100), 16) for _ in range(3)]
    source = write_frames(tmp_path / "a.mkv", frames, tags=tags)
    info = probe(source)
    assert any("BT.709" in warning for warning in info.warnings)
    for name, colors in (("protected.mp4", None), ("overlay.mp4", viewed(info.colors))):
        with VideoWriter(tmp_path / name, info, quality=0, colors=colors) as writer:
            for frame in read_frames(source, info):
                planes = frame.viewed_planes() if colors else frame.planes()
                writer.write(planes, frame.pts, frame.duration_pts)
    written = probe(tmp_path / "protected.mp4")
    assert written.colors == tags
    assert probe(tmp_path / "overlay.mp4").colors == BT709_TV
    # Eight bits of what had ten: a step of eight is four of ten.
    luma = next(read_frames(tmp_path / "protected.mp4", written)).planes().y
    stored = np.frombuffer(memoryview(frames[0].planes[0]), "<u2")[0] / 4
    assert np.abs(luma - stored).max() <= 1
    both = [next(read_frames(p, probe(p))).rgb().astype(int) for p in (source, tmp_path / "overlay.mp4")]
    assert np.abs(both[0] - both[1]).max() <= 3  # rounded to YUV and back


def test_a_colour_of_an_overlay_is_that_colour():
    for colour in [(255, 0, 0), (0, 255, 255), (100, 150, 200)]:
        planes = rgb_to_planes(np.full((8, 8, 3), colour, np.uint8), viewed(PQ))
        assert isinstance(planes, Planes)
        kr, kb = 0.2126, 0.0722  # ITU-R BT.709
        y = 16 + 219 / 255 * (kr * colour[0] + (1 - kr - kb) * colour[1] + kb * colour[2])
        assert np.abs(planes.y - y).max() <= 1


def test_a_part_of_another_range_makes_all_of_it_bt709(tmp_path):
    parts = [
        write_frames(tmp_path / "a.h264", [av.VideoFrame(32, 16, "yuv420p")] * 2, codec="libx264", tags=BT709_TV),
        write_frames(
            tmp_path / "b.h264", [coded((200, 150, 100), 16)] * 2, codec="libx264", tags=PQ, options={"crf": "1"}
        ),
    ]
    path = tmp_path / "c.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    info = probe(path)
    assert any("transfer changes from BT709 to SMPTE2084 at frame 2" in warning for warning in info.warnings)
    assert info.colors == BT709_TV
    last = list(read_frames(path, info))[-1]
    assert np.abs(last.rgb().astype(int) - (200, 150, 100)).max() <= 5
    y = 16 + 219 / 255 * (0.2126 * 200 + 0.7152 * 150 + 0.0722 * 100)
    assert np.abs(last.planes().y - y).max() <= 4


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_small_picture_is_the_large_one_scaled_down(tmp_path, rotation):
    """For what a network takes, fewer pixels are mapped; it must see the same."""
    frames = [av.VideoFrame(128, 64, "yuv420p10le")]
    for plane in frames[0].planes:
        rows = np.frombuffer(memoryview(plane), "<u2").reshape(plane.height, -1)
        y, x = np.mgrid[: plane.height, : plane.line_size // 2] * (64 // plane.height)
        rows[:] = 300 + x + y if plane is frames[0].planes[0] else 500 + x // 4
    path = write_frames(tmp_path / "a.mkv", frames, tags=PQ)
    info = probe(path)
    info = replace(info, rotation=rotation, width=info.height, height=info.width) if rotation else info
    frame = next(read_frames(path, info))
    size = (info.width // 2, info.height // 2)
    small, large = frame.rgb(size), scaled(frame.rgb(), size)
    assert small.shape == large.shape
    # A smooth picture: means of levels of PQ and of BT.709 are the same but for the curvature between neighbours.
    assert np.abs(small.astype(int) - large).max() <= 3
    assert frame.rgb((info.width * 2, info.height * 2)).shape == frame.rgb().shape


def test_standard_range_takes_no_notice_of_what_is_enough(tmp_path):
    path = write_frames(tmp_path / "a.mkv", [av.VideoFrame(64, 32, "yuv420p")], tags=BT709_TV)
    frame = next(read_frames(path, probe(path)))
    assert frame.rgb((32, 16)).shape == (32, 64, 3)
