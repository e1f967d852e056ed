"""The tables of several models and of one video, and what is said of them in a table that is made from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import found, same, write_detections
from scenes import info

from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import frames_path
from objmask.errors import DataError
from objmask.objects.tables import (
    Tables,
    found_by_frame,
    found_by_model,
    known_rows,
    objects_by_frame,
    objects_by_model,
    read_tables,
    table_metadata,
)

SHA256 = "5" * 64
BOX = (0.1, 0.1, 0.6, 0.6)


def written(folder: Path, numbers: Sequence[int], model: str, every: int = 1, **more: object) -> Path:
    path = folder / f"{model}.parquet"
    metadata = {"time_base": "1/30000", "start_pts": 0, "video_sha256": SHA256, "model": model, **more}
    with DetectionWriter(path, frames_path(path), metadata) as writer:
        for n in numbers:
            writer.write(n, 1001 * n, 1001, inferred=n % every == 0, found=Detections.empty())
    return path


def test_two_models_must_have_seen_the_same_frames(tmp_path: Path) -> None:
    assert len(read_tables([written(tmp_path, range(5), "a"), written(tmp_path, range(5), "c")], SHA256)) == 2
    with pytest.raises(DataError, match="other frames"):
        read_tables([written(tmp_path, range(5), "a"), written(tmp_path, range(4), "b")], SHA256)


@pytest.mark.parametrize("whose", ["rows", "frames"])
def test_detections_of_another_video_are_refused(tmp_path: Path, whose: str) -> None:
    """Two clips of equal length have equal frame numbers and times."""
    path, other = written(tmp_path, range(5), "a"), written(tmp_path, range(5), "b", video_sha256="6" * 64)
    if whose == "frames":
        path, other = frames_path(path), frames_path(other)
    path.write_bytes(other.read_bytes())
    with pytest.raises(DataError, match="another video"):
        read_tables([tmp_path / "a.parquet"], SHA256)


def test_a_frame_is_known_when_all_models_know_it(tmp_path: Path) -> None:
    files = [written(tmp_path, range(7), "a", every=2), written(tmp_path, range(7), "b", every=3)]
    assert known_rows(read_tables(files, SHA256)).tolist() == [True, *[False] * 5, True]
    assert known_rows(read_tables(files[:1], SHA256)).tolist() == [True, False] * 3 + [True]
    # Tracks carry masks to the frames between.
    carried = written(tmp_path, range(7), "c", every=2, carried=True)
    assert known_rows(read_tables([carried], SHA256)).all()


@pytest.fixture
def models(tmp_path: Path) -> Tables:
    """Two models with other detections, and a cup that a person added to the second frame."""
    for model, items in (("office", [("tv", 0.9, BOX)]), ("faces", [("person", 0.4, BOX), ("person", 0.8, BOX)])):
        write_detections(tmp_path / f"{model}.parquet", [found(*items)] * 3, model=model, model_sha256=model * 3)
    added = {"add": {"class": "cup", "from_s": 0.03, "to_s": 0.04, "box": BOX}}
    files = [tmp_path / "office.parquet", tmp_path / "faces.parquet"]
    return read_tables(files, "v" * 64, json.dumps([added]))


@pytest.mark.parametrize(
    ("by_model", "by_frame"), [(found_by_model, found_by_frame), (objects_by_model, objects_by_frame)]
)
def test_each_model_has_its_own_and_what_people_added_is_of_none(models: Tables, by_model, by_frame) -> None:
    said = [[(name, one.classes) for name, one in parts] for parts in by_model(models)]
    of_models = [("office", ("tv",)), ("faces", ("person", "person"))]
    assert said == [of_models, [*of_models, ("", ("cup",))], of_models]
    for parts, together in zip(by_model(models), by_frame(models), strict=True):
        assert same(Detections.concatenate([one for _, one in parts]), together)


def test_a_table_that_is_made_from_them_says_so(models: Tables, tmp_path: Path) -> None:
    video = replace(info(64, 48), sha256="v" * 64)
    said = table_metadata(video, models)
    assert said["models"] == {"office": "office" * 3, "faces": "faces" * 3}
    assert (said["video_sha256"], said["size"], said["inferred"]) == ("v" * 64, [48, 64], 3)
    assert (said["time_base"], said["start_pts"]) == ("1/30000", 0)
    assert "numpy" in said["versions"]
    files = [written(tmp_path, range(12), "a", every=2), written(tmp_path, range(12), "b", every=3)]
    both = read_tables(files, SHA256)
    assert table_metadata(video, both)["inferred"] == np.count_nonzero(np.arange(12) % 6 == 0)
