"""Whose fault a failure is, with real causes: a full disk, no more open files, a disk that dies, files that are bad."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import av
import clips
import pytest
from snakemake_runs import mounted

from objmask.errors import MachineError, ObjmaskError, VideoError, is_machines, is_of_bytes
from objmask.video.probe import probe
from objmask.video.source import Damage, open_video, read_packets
from objmask.video.writer import VideoWriter

MACHINES = ("ENOMEM", "EMFILE", "ENFILE", "EIO", "ENOSPC", "EDQUOT", "EROFS", "ESTALE", "ETIMEDOUT")
FILES = ("EINVAL", "EACCES", "ENOENT", "EISDIR", "EPERM")
LIMITED = """
import resource, sys
from pathlib import Path
from objmask.inputs.index import RequestedVideo, index_videos
from objmask.video.probe import probe
path = Path(sys.argv[1])
probe(path)  # whatever is loaded late is loaded
{limit}
for what in (lambda: probe(path), lambda: index_videos([RequestedVideo("one", path, "")], path.with_suffix(".json"))):
    try:
        print(what())
    except Exception as error:
        print(type(error).__name__, error)
{free}
print(index_videos([RequestedVideo("one", path, "")], path.with_suffix(".json")))
"""
NO_FILES = """
import os
before = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, before[1]))
"""
FILES_AGAIN = "resource.setrlimit(resource.RLIMIT_NOFILE, before)"


@pytest.mark.parametrize("name", MACHINES)
def test_errors_of_the_machine(name):
    number = getattr(errno, name)
    assert is_machines(OSError(number, os.strerror(number)))
    assert is_machines(av.error.classes.get(number, av.FFmpegError)(number, os.strerror(number)))


@pytest.mark.parametrize("name", FILES)
def test_errors_of_a_file(name):
    number = getattr(errno, name)
    assert not is_machines(OSError(number, os.strerror(number)))
    assert not is_machines(av.error.classes.get(number, av.FFmpegError)(number, os.strerror(number)))


def test_what_has_no_number():
    assert is_machines(MemoryError())
    assert not is_machines(ValueError("12"))
    assert not is_machines(None)
    assert not is_machines(av.error.InvalidDataError(0x41444E49, "of the file"))


def test_what_was_raised_from_an_error_of_the_machine_is_one():
    def wrapped(cause: Exception) -> VideoError:
        try:
            try:
                raise cause
            except OSError as error:
                raise VideoError("cannot be read") from error
        except VideoError as error:
            return error

    for error in (wrapped(OSError(errno.EIO, "")), MachineError("cannot be written")):
        assert is_machines(error)
        assert not is_of_bytes(error)
    for number in (errno.EACCES, errno.ENOENT):  # of the file, and no more when its place has changed
        assert not is_machines(wrapped(OSError(number, "")))
        assert not is_of_bytes(wrapped(OSError(number, "")))
    for error in (wrapped(OSError(errno.EINVAL, "")), VideoError("truncated")):
        assert not is_machines(error)
        assert is_of_bytes(error)
    assert not is_of_bytes(ObjmaskError("too few videos"))


def test_no_more_open_files_is_no_fault_of_a_video(tmp_path):
    path = clips.make(tmp_path / "one.mp4")
    script = LIMITED.format(limit=NO_FILES, free=FILES_AGAIN)
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    first, second, third = done.stdout.splitlines()
    assert first.startswith("MachineError")
    assert "Too many open files" in first
    assert "the machine's fault" in first
    assert "replace the file" not in first
    assert "machine_failed=True" in second
    assert "unreadable=''" in third  # not remembered
    assert "machine_failed=False" in third


class Failing:
    """A file that cannot be read any more from some place on, as of a disk that dies."""

    def __init__(self, path: Path, whole: int, number: int) -> None:
        self._stream, self._whole, self._number = path.open("rb"), whole, number

    def read(self, size: int) -> bytes:
        if self._stream.tell() + size > self._whole:
            raise OSError(self._number, os.strerror(self._number))
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


@pytest.mark.parametrize("keep", ["fail", "keep"])
def test_a_disk_that_fails_is_no_damage_of_the_video(tmp_path, keep):
    path = clips.make(tmp_path / "one.mkv", size=(320, 240), options={"qp": "1"})
    with av.open(Failing(path, path.stat().st_size // 2, errno.EIO)) as container:
        packets = read_packets(container, [container.streams.video[0]], Damage(path, keep))
        with pytest.raises(MachineError, match=r"Input/output error.*machine"):
            list(packets)


def test_a_cut_file_is_unusable_or_kept(tmp_path):
    path = clips.make(tmp_path / "one.mp4", container_options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    with pytest.raises(VideoError, match="truncated") as raised:
        probe(path)
    assert is_of_bytes(raised.value)
    assert probe(path, on_truncated="keep").truncated


@pytest.mark.parametrize("content", [b"", b"no video" * 100])
def test_what_is_no_video_is_unusable(tmp_path, content):
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(VideoError) as raised, open_video(tmp_path / "x.mp4"):
        pass
    assert is_of_bytes(raised.value)


def test_a_full_disk_is_no_fault_of_the_video(tmp_path):
    path = clips.make(tmp_path / "one.mp4", size=(320, 240))
    info = probe(path)
    try:
        with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=16k", "none") as folder:
            with pytest.raises(MachineError, match="No space left"):
                _write(folder / "x.mp4", info)
            assert not list(folder.iterdir())
    except OSError as error:
        pytest.skip(f"cannot mount here: {error}")


def _write(path, info):
    import numpy as np

    noise = np.random.default_rng(1)
    with VideoWriter(path, info, quality=0) as writer:
        for i in range(20):
            picture = noise.integers(0, 255, (info.height, info.width, 3), dtype=np.uint8)
            writer.write_rgb(picture, i * clips.STEP, clips.STEP)
