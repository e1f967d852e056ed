"""What real files do: read, write and read back keeps every frame and time."""

import pytest
from test_reader import same
from test_writer import copy, seconds, sound

from objmask.errors import VideoError
from objmask.video import count_packets, probe, read_frames

FRAMES = {
    "office/typing/mini_subject_2_typeset.MP4": 185,
    "office/meeting/two_people_at_desk.mp4": 33,
    "office/meeting/signing_book.mkv": 109,
    "office/meeting/one_by_one.mp4": 1394,
    "office/desk/bottles.mp4": 1189,
    "office/desk/coffee.mp4": 287,
    "office/desk/cups.mp4": 300,
    "odd/streamio_awesome movie.mov": 123,
    "odd/phpffmpeg_portrait.MOV": 62,
    "odd/torchcodec_nasa_13013.mp4": 325,
    "odd/torchcodec_av1_video.mkv": 125,
    "odd/torchcodec_h265_10bits.mp4": 30,
    "odd/streamio_file_with_data_streams.mp4": 309,
    "odd/gopro_max-heromode.mp4": 315,
}
UNREADABLE = ("odd/streamio_broken.mp4", "odd/streamio_empty.flv", "odd/phpffmpeg_WrongFile.mp4")


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_and_time_survives(assets, tmp_path, name):
    source, target = assets / "videos" / name, tmp_path / "b.mp4"
    assert count_packets(source) == FRAMES[name]
    has_sound = bool(probe(source).audio)
    before, after = copy(source, target, audio_from=source if has_sound else None)
    assert before.frames == after.frames == FRAMES[name]
    assert not before.truncated
    assert seconds(target, after) == seconds(source, before)
    assert after.end_pts * after.time_base == before.end_pts * before.time_base
    assert (after.width, after.height, after.rotation) == (before.width, before.height, 0)
    assert (after.colors, after.sample_aspect) == (before.colors, before.sample_aspect)
    assert after.other_streams == []
    if has_sound:
        assert len(after.audio) == 1
        if not name.startswith("odd/torchcodec_nasa"):
            assert [p[3] for p in sound(target)] == [p[3] for p in sound(source)]


@pytest.mark.parametrize("name", [n for n in FRAMES if FRAMES[n] < 400])
def test_chunks_of_real_files(assets, name):
    path = assets / "videos" / name
    info = probe(path)
    at = [(i * info.frames // 3, i * info.frames // 3 + 4) for i in range(1, 3)] + [(info.frames - 3, info.frames)]
    wanted = {i for start, stop in at for i in range(start, stop)}
    whole = {f.number: f for f in read_frames(path, info) if f.number in wanted}
    for start, stop in at:
        chunk = list(read_frames(path, info, start=start, stop=stop))
        assert all(same(a, whole[i]) for a, i in zip(chunk, range(start, stop), strict=True))


def test_declared_and_decoded_numbers_are_both_named(assets):
    info = probe(assets / "videos/office/meeting/signing_book.mkv")
    assert (info.declared_frames, info.packets, info.frames) == (110, 109, 109)
    assert any("110" in w and "109" in w for w in info.warnings)


def test_portrait(assets):
    info = probe(assets / "videos/odd/phpffmpeg_portrait.MOV")
    assert (info.rotation, info.stored_width, info.width, info.height) == (90, 568, 320, 568)


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_files_are_one_line(assets, name):
    for look in (probe, count_packets):
        with pytest.raises(VideoError, match=name.split("/")[1]) as caught:
            look(assets / "videos" / name)
        assert "\n" not in str(caught.value)


def test_truncated_download(assets, tmp_path):
    data = (assets / "videos/office/desk/coffee.mp4").read_bytes()
    path = tmp_path / "coffee.mp4"
    path.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(VideoError, match=r"coffee\.mp4: truncated"):
        probe(path)
    info = probe(path, on_truncated="keep")
    assert info.truncated
    assert 140 < info.frames < 180
    assert any("TRUNCATED" in w for w in info.warnings)
    assert len(list(read_frames(path, info, on_truncated="keep"))) == info.frames
