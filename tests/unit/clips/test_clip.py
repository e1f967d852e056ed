"""The file of a video's clips."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest
from builders import HOSTILE
from test_sampling import table

from objmask.clips.clip import Clips, assemble
from objmask.errors import DataError


def clips(count=1, frames=3, *, label="typing", subject="7", video="typing/a"):
    rng = np.random.default_rng(0)
    shape = (count, frames)
    return Clips(
        rng.integers(0, 256, (*shape, 4, 5, 3), np.uint8),
        np.arange(count * frames, dtype=np.int64).reshape(shape),
        np.arange(count * frames, dtype=np.float64).reshape(shape) / 30,
        label,
        subject,
        video,
    )


@pytest.mark.parametrize("label", ["typing", "", "<script>alert('x')</script>", "日本語 ☕", *HOSTILE])
def test_what_is_written_is_read(tmp_path, label):
    written = clips(2, label=label, subject=label, video=f"{label}/a")
    written.write(tmp_path / "a.npz")
    read = Clips.read(tmp_path / "a.npz")
    assert (read.label, read.subject, read.video) == (label, label, f"{label}/a")
    assert (read.frames == written.frames).all()
    assert (read.time_s == written.time_s).all()
    assert (read.frame_number == written.frame_number).all()


def test_plain_numpy_reads_it_without_pickle(tmp_path):
    clips().write(tmp_path / "one.npz")
    clips(2).write(tmp_path / "two.npz")
    with np.load(tmp_path / "one.npz", allow_pickle=False) as one:
        assert one["frames"].shape == (3, 4, 5, 3)
        assert one["frames"].dtype == np.uint8
        assert (str(one["label"]), str(one["subject"]), str(one["video"])) == ("typing", "7", "typing/a")
        assert one["label"].dtype.kind == "U"
        assert one["frame_number"].tolist() == [0, 1, 2]
    with np.load(tmp_path / "two.npz", allow_pickle=False) as two:
        assert two["frames"].shape == (2, 3, 4, 5, 3)


def test_equal_clips_give_equal_bytes(tmp_path):
    clips().write(tmp_path / "a.npz")
    clips().write(tmp_path / "folder/b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "folder/b.npz").read_bytes()
    # No time of writing in it, which two tests a second apart would not show.
    assert {entry.date_time for entry in zipfile.ZipFile(tmp_path / "a.npz").infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert os.listdir(tmp_path / "folder") == ["b.npz"]


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "pickle", "other"])
def test_a_damaged_file_is_one_line(tmp_path, damage):
    path = tmp_path / "a.npz"
    clips().write(path)
    data = path.read_bytes()
    if damage == "pickle":
        np.savez(path, frames=np.array([{}], object), label=np.array("a"))
    elif damage == "other":
        np.savez(path, frames=np.zeros(3))
    else:
        path.write_bytes({"empty": b"", "text": b"x" * 100, "cut": data[: len(data) // 2]}[damage])
    with pytest.raises(DataError, match="run again"):
        Clips.read(path)


def test_assembled_clips_say_which_frames_they_show():
    rows = np.array([[0, 0, 2], [1, 2, -1]])
    pictures = ((row, np.full((8, 6, 3), 50 * (row + 1), np.uint8)) for row in (0, 1, 2))
    settings = {"size": (2, 3), "resize": "area", "label": "a", "subject": "", "video": "v"}
    result = assemble(rows, table([0, 40, 80], start=700), pictures, upside_down=False, **settings)
    assert result.frames.shape == (2, 3, 3, 2, 3)
    assert result.frames[:, :, 0, 0, 0].tolist() == [[50, 50, 150], [100, 150, 0]]
    assert result.frame_number.tolist() == [[0, 0, 2], [1, 2, -1]]
    assert result.time_s[0].tolist() == pytest.approx([0, 0, 0.08])
    assert np.isnan(result.time_s[1, 2])


def test_upside_down_is_a_turn_and_no_mirror():
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0], picture[0, 1] = (255, 0, 0), (0, 255, 0)
    settings = {"size": (2, 2), "resize": "nearest", "label": "a", "subject": "", "video": "v"}
    result = assemble(np.array([[0]]), table([0]), iter([(0, picture)]), upside_down=True, **settings)
    assert result.frames[0, 0].tolist() == [[[0, 0, 0]] * 2, [[0, 255, 0], [255, 0, 0]]]


def test_shapes_are_checked():
    good = clips()
    with pytest.raises(ValueError, match="frames"):
        Clips(good.frames[0], good.frame_number, good.time_s, "", "", "")
    with pytest.raises(ValueError, match="time_s"):
        Clips(good.frames, good.frame_number, good.time_s[:, :2], "", "", "")
