"""The bytes that are read are those that were hashed, whatever happens to the file in between and meanwhile."""

import shutil
from itertools import pairwise

import numpy as np
import pytest
from clips import make

from objmask.errors import DataError, ObjmaskError, VideoError
from objmask.files.whole import sha256_of
from objmask.video import VideoWriter, probe, read_frames
from objmask.video.fingerprint import BLOCK_BYTES, CheckedFile, fingerprint, regular_file

CONTAINERS = ("mp4", "mkv", "avi", "ts")
RAW = {"qp": "0", "preset": "ultrafast"}


def noisy(path, *, seed=0, frames=40, codec="libx264", **stored):
    """A video of noise, which takes many blocks; `seed` changes pictures and nothing else."""
    import clips

    rng = np.random.default_rng(seed)
    calm = clips.picture
    clips.picture = lambda i, width, height: rng.integers(0, 256, (height, width, 3), np.uint8)
    try:
        return make(path, size=(320, 240), pts=range(0, frames * 1001, 1001), codec=codec, **stored)
    finally:
        clips.picture = calm


@pytest.fixture(scope="module", params=CONTAINERS)
def large(request, tmp_path_factory):
    """A video of at least four blocks, in a container, and its probe."""
    path = noisy(tmp_path_factory.mktemp("large") / f"a.{request.param}", options=RAW)
    assert path.stat().st_size > 4 * BLOCK_BYTES
    return path, probe(path)


@pytest.fixture(scope="module", params=CONTAINERS)
def huge(request, tmp_path_factory):
    """Two videos longer than what is kept in memory, that differ in their pictures alone, and the first one's probe."""
    folder = tmp_path_factory.mktemp("huge")
    one, other = (noisy(folder / f"{k}.{request.param}", seed=k, frames=130, options=RAW) for k in (0, 1))
    assert one.stat().st_size > 14 * BLOCK_BYTES
    return one, other, probe(one)


def pictures(path, info, **which):
    return [(f.number, f.pts, f.planes().y.tobytes()) for f in read_frames(path, info, **which)]


def test_a_fingerprint_is_that_of_other_tools_and_of_every_block(tmp_path):
    path = tmp_path / "a"
    for size in (0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES):
        path.write_bytes(np.random.default_rng(size).bytes(size))
        sha256, blocks = fingerprint(path)
        assert sha256 == sha256_of(path)
        with regular_file(path) as descriptor:
            file = CheckedFile(path, descriptor, blocks)
            read = b"".join(iter(lambda: file.read(100_000), b""))  # noqa: B023
            assert read == path.read_bytes()
            assert file.seek(-1, 2) == (size - 1 if size else -1)


def test_what_is_read_is_what_plain_decoding_gives(large):
    path, info = large
    import av

    with av.open(str(path)) as container:
        plain = [frame.to_ndarray(format="yuv420p")[:240].tobytes() for frame in container.decode(video=0)]
    whole = pictures(path, info)
    assert [y for _, _, y in whole] == plain
    for start in (0, 9, 25, 39):
        assert pictures(path, info, start=start, stop=start + 3) == whole[start : start + 3]


def test_a_bit_that_differs_is_found_in_whichever_block_it_is(large, tmp_path):
    """In each block in turn: a refusal; or, where nothing reads that place, the same pictures."""
    path, info = large
    whole, data = pictures(path, info), bytearray(path.read_bytes())
    other, refused = tmp_path / path.name, 0
    starts = range(0, len(data), BLOCK_BYTES)
    for start in starts:
        data[start + 77] ^= 4
        other.write_bytes(data)
        data[start + 77] ^= 4
        for on_truncated in ("fail", "keep"):
            try:
                assert pictures(other, info, on_truncated=on_truncated) == whole
            except DataError as error:
                assert "is not the file that was probed" in str(error)  # noqa: PT017
                refused += 1
    assert refused == 2 * len(starts)


@pytest.mark.parametrize("change", ["longer", "shorter", "empty", "another", "gone", "folder"])
def test_another_file_at_its_path_is_refused(large, tmp_path, change):
    path, info = large
    other = tmp_path / path.name
    shutil.copy(path, other)
    match change:
        case "longer":
            other.write_bytes(path.read_bytes() + b"\0")
        case "shorter":
            other.write_bytes(path.read_bytes()[:-1])
        case "empty":
            other.write_bytes(b"")
        case "another":
            noisy(other, seed=1, options=RAW)
        case "gone" | "folder":
            other.unlink()
            if change == "folder":
                other.mkdir()
    with pytest.raises(DataError if other.is_file() else VideoError, match=path.name):
        pictures(other, info)


def written_while_changing(path, info, target, change):
    """Copies a video; `change` happens after its first frame."""
    with VideoWriter(target, info, preset="ultrafast", quality=0, audio_from=path) as out:
        for frame in read_frames(path, info):
            out.write(frame.planes(), frame.pts, frame.duration_pts)
            if frame.number == 0:
                change()


def test_written_over_while_it_is_read_nothing_is_published(huge, tmp_path):
    path, other, info = huge
    source = tmp_path / path.name
    shutil.copy(path, source)
    (tmp_path / "out").mkdir()

    def change():
        with source.open("r+b") as file:  # the same inode
            file.write(other.read_bytes())

    with pytest.raises(DataError, match="is not the file that was probed"):
        written_while_changing(source, info, tmp_path / "out/b.mp4", change)
    assert not list((tmp_path / "out").iterdir())


def test_replaced_while_it_is_read_the_old_one_is_what_is_published(huge, tmp_path):
    path, new, info = huge
    source, other = tmp_path / path.name, tmp_path / f"other{path.suffix}"
    shutil.copy(path, source)
    shutil.copy(new, other)
    written_while_changing(path, info, tmp_path / "expected.mp4", lambda: None)
    written_while_changing(source, info, tmp_path / "b.mp4", lambda: other.replace(source))
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "expected.mp4").read_bytes()
    with pytest.raises(DataError, match="is not the file that was probed"):
        written_while_changing(source, info, tmp_path / "c.mp4", lambda: None)
    assert not (tmp_path / "c.mp4").exists()


@pytest.mark.parametrize("on_truncated", ["fail", "keep"])
def test_written_to_while_it_is_probed_nothing_is_said_of_it(huge, tmp_path, on_truncated):
    path, _, _ = huge
    source = tmp_path / path.name
    shutil.copy(path, source)

    def change(done):
        if done == 1:
            with source.open("r+b") as file:
                file.seek(11 * BLOCK_BYTES + BLOCK_BYTES // 2)
                file.write(b"\1" * BLOCK_BYTES)

    with pytest.raises(DataError, match="is being written to"):
        probe(source, on_truncated=on_truncated, progress=change)


def test_sound_is_held_against_the_fingerprint_too(tmp_path):
    source = noisy(tmp_path / "a.mp4", audio="aac", options={"qp": "0"})
    info = probe(source)
    kept = tmp_path / "kept.mp4"
    shutil.copy(source, kept)
    assert probe(source) == info
    data = bytearray(source.read_bytes())
    data[len(data) // 2] ^= 1
    source.write_bytes(data)

    def write():
        with VideoWriter(tmp_path / "b.mp4", info, preset="ultrafast", audio_from=source) as out:
            for frame in read_frames(kept, info):
                out.write(frame.planes(), frame.pts, frame.duration_pts)

    with pytest.raises(DataError, match=r"a\.mp4: is not the file that was probed"):
        write()
    assert not (tmp_path / "b.mp4").exists()


def test_a_drive_that_fails_is_not_blamed_on_the_video(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(3 * BLOCK_BYTES))
    _, blocks = fingerprint(path)
    with regular_file(path) as descriptor, path.open("ab") as unreadable:
        file = CheckedFile(path, descriptor, blocks)
        file._descriptor = unreadable.fileno()
        with pytest.raises(ObjmaskError, match="cannot be read") as caught:
            file.read(10)
        assert type(caught.value) is ObjmaskError
        assert file.read(10) == b""
        with pytest.raises(ObjmaskError, match="cannot be read"):
            file.check()


def test_checked_blocks_take_bounded_memory(tmp_path):
    path = tmp_path / "a"
    data = np.random.default_rng(1).bytes(40 * BLOCK_BYTES)
    path.write_bytes(data)
    _, blocks = fingerprint(path)
    with regular_file(path) as descriptor:
        file = CheckedFile(path, descriptor, blocks)
        places = [*range(0, 40 * BLOCK_BYTES, BLOCK_BYTES // 2)]
        for place in places:
            file.seek(place)
            assert file.read(8) == data[place : place + 8]
        assert len(file._kept) <= 8
        assert all(b > a for a, b in pairwise(file._kept))
