"""The table of what is painted: it is read as it was decided, or refused with one line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from builders import PALETTE, found, random_detections, rewrite, write_detections
from refusals import RefusesWhatIsWrong, changed, refused
from scenes import info

from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import frames_path
from objmask.detections.masks import Patch
from objmask.detections.runs import encode
from objmask.errors import DataError
from objmask.files.parquet import metadata_of
from objmask.objects.tables import Tables, read_tables
from objmask.painted.decide import PaintRules, painted_by_frame
from objmask.painted.objects import PaintedObject
from objmask.painted.paint import write_painted
from objmask.painted.table import PaintedTable
from objmask.progress import Progress

INFO = info(60, 40, sha256="v" * 64)
RULES = PaintRules(PALETTE, 0.3, 0.5)
WHOLE = (0.0, 0.0, 1.0, 1.0)


def tables_of(folder: Path, *frames: Detections) -> Tables:
    write_detections(folder / "detections/a.parquet", frames, model="office", model_sha256="1" * 64)
    return read_tables([folder / "detections/a.parquet"], INFO.sha256)


def paint(out: Path, tables: Tables) -> Path:
    with Progress("paint", len(tables[0][1]), bar=False) as bar:
        write_painted(INFO, tables, RULES, out, bar)
    return out


def read(path: Path, facts: object = INFO) -> list[tuple[PaintedObject, ...]]:
    return list(PaintedTable.read(path, facts).objects())  # type: ignore[arg-type]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Three frames: two objects of which one covers the other, none, and one."""
    cup, person = ("cup", 0.9, (0.2, 0.2, 0.8, 0.8)), ("person", 0.7, WHOLE)
    return paint(tmp_path / "a.parquet", tables_of(tmp_path, found(cup, person), found(), found(cup)))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_read_as_it_was_decided(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    under = found(("tv", 0.4, WHOLE), ("cup", 0.35, WHOLE))
    frames = [
        Detections.concatenate([random_detections(rng, int(count)), under.take(range(count % 3))])
        for count in rng.integers(0, 9, 12)
    ]
    tables = tables_of(tmp_path, *frames)
    decided = list(painted_by_frame(tables, RULES, INFO.height, INFO.width))
    painted = PaintedTable.read(paint(tmp_path / "a.parquet", tables), INFO)
    assert list(painted.objects()) == decided
    assert any(one.visible for objects in decided for one in objects)
    assert any(one.covered for objects in decided for one in objects)
    assert painted.frames.detections.tolist() == [len(objects) for objects in decided]
    assert len(painted) == 12
    for name in ("number", "pts", "duration_pts"):
        assert getattr(painted.frames, name).tolist() == getattr(tables[0][1], name).tolist()
    assert (painted.frames.time_base, painted.frames.start_pts) == (tables[0][1].time_base, tables[0][1].start_pts)
    assert (painted.height, painted.width) == (40, 60)


def test_what_is_known_of_a_frame_comes_from_all_models(tmp_path: Path) -> None:
    """A frame that a model did not see is not known, and does not count; a carried mask is known all the same."""
    files = []
    for model, every, carried in (("a", 2, False), ("b", 3, True)):
        path = tmp_path / f"{model}.parquet"
        metadata = {"time_base": "1/30000", "start_pts": 0, "video_sha256": INFO.sha256, "model": model}
        metadata |= {"model_sha256": model * 64, "carried": carried}
        with DetectionWriter(path, frames_path(path), metadata) as writer:
            for n in range(7):
                writer.write(n, 1001 * n, 1001, inferred=n % every == 0, found=found())
        files.append(path)
    painted = PaintedTable.read(paint(tmp_path / "p.parquet", read_tables(files, INFO.sha256)), INFO)
    assert painted.frames.known.tolist() == [True, False, True, False, True, False, True]
    # Frames 0 and 6 were seen by both networks.
    assert painted.inferred == 2
    assert painted.models == {"a": "a" * 64, "b": "b" * 64}


def test_a_video_without_frames_or_objects(tmp_path: Path) -> None:
    assert read(paint(tmp_path / "a.parquet", tables_of(tmp_path))) == []
    assert read(paint(tmp_path / "b.parquet", tables_of(tmp_path, found(), found()))) == [(), ()]


def test_equal_decisions_give_equal_bytes(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, *(random_detections(np.random.default_rng(k), 5) for k in range(5)))
    one, two = paint(tmp_path / "one/a.parquet", tables), paint(tmp_path / "two/a.parquet", tables)
    assert one.read_bytes() == two.read_bytes()
    assert frames_path(one).read_bytes() == frames_path(two).read_bytes()


def test_rows_are_as_documented(good: Path) -> None:
    cup, person, _ = pq.read_table(good).to_pylist()
    inside = Patch(8, 12, np.ones((24, 36), bool))
    hollow = np.ones((40, 60), bool)
    hollow[inside.rows, inside.columns] = False
    assert cup == {
        "frame": 0,
        "class": "cup",
        "group": "drink",
        "score": pytest.approx(0.9),
        "own_score": pytest.approx(0.9),
        "lifted": False,
        "source": "detected",
        "carried": 0,
        "track_id": -1,
        "model": "office",
        "visible": encode(inside, 40, 60),
        "covered": b"",
    }
    assert (person["visible"], person["covered"]) == (encode(Patch(0, 0, hollow), 40, 60), encode(inside, 40, 60))


class TestRefuses(RefusesWhatIsWrong):
    verb, facts, read = "paint", INFO, staticmethod(read)


@pytest.mark.parametrize(
    "changes", [{"models": None}, {"models": ["office"]}, {"inferred": None}, {"inferred": "some"}], ids=str
)
def test_what_paint_does_not_write_is_refused(good: Path, changes: dict[str, Any]) -> None:
    rewrite(pq.read_table(good), good, {**metadata_of(good), **changes})
    refused(lambda: read(good), r"a\.parquet: not what paint writes; run paint again")


OTHER_SIZE = encode(Patch(0, 0, np.ones((3, 3), bool)), 60, 41)
DAMAGE = {
    "counts of another size": {"visible": OTHER_SIZE},
    "covered counts of another size": {"covered": OTHER_SIZE},
    "no counts": {"visible": b"\xff\x00"},
    "half of the counts": {"visible": encode(Patch(3, 3, np.eye(9) > 0), 40, 60)[:9]},
    "a score beyond 1": {"score": 7.0},
    "a score below 0": {"own_score": -0.5},
    "no number as score": {"score": float("nan")},
    "a source that there is not": {"source": "magic"},
}


@pytest.mark.parametrize("columns", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_row_is_one_line_that_names_its_frame(good: Path, columns: Mapping[str, object]) -> None:
    rewrite(changed(good, columns), good)
    refused(lambda: read(good), r"a\.parquet: frame 2 is damaged; run paint again")


def test_what_comes_before_a_damaged_row_is_given(good: Path) -> None:
    whole = read(good)
    rewrite(changed(good, {"score": 7.0}), good)
    objects = PaintedTable.read(good, INFO).objects()
    assert [next(objects), next(objects)] == whole[:2]


def test_two_tables_of_two_videos_are_not_taken_for_a_pair(good: Path, tmp_path: Path) -> None:
    """Of the same video, but of a run with other frames."""
    other = paint(tmp_path / "b.parquet", tables_of(tmp_path / "b", found(("cup", 0.9, WHOLE)), found()))
    frames_path(good).write_bytes(frames_path(other).read_bytes())
    refused(lambda: read(good), "run paint again")


def test_a_failure_leaves_no_table(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, found(("cup", 0.9, WHOLE)), found(("cup", 0.8, WHOLE)))
    path = tables[0][0]
    rewrite(pq.read_table(path).take([0]), path)
    with pytest.raises(DataError, match="rows of frame 1 are missing"):
        paint(tmp_path / "out/a.parquet", tables)
    assert list((tmp_path / "out").iterdir()) == []
