"""The table of what is hidden: it is read as it was decided, or refused with one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import random_detections, rewrite, write_detections
from refusals import RefusesWhatIsWrong, changed, refused
from scenes import found, info, noise, same_areas

from objmask.config.hiding import HiddenLook, Hiding
from objmask.detections.arrays import Detections
from objmask.detections.frames_table import frames_path
from objmask.detections.masks import Patch
from objmask.detections.runs import decode, encode
from objmask.errors import DataError
from objmask.files.parquet import metadata_of
from objmask.hidden.causes import WHOLE_FRAME, ZONE, HiddenArea, hides_objects
from objmask.hidden.decide import hidden_by_frame
from objmask.hidden.hide import write_hidden
from objmask.hidden.table import HiddenTable
from objmask.objects.tables import Tables, read_tables
from objmask.progress import Progress
from objmask.render.privacy import Privacy
from objmask.video.info import VideoInfo

INFO = info(64, 48, sha256="v" * 64)
ZONES = (((0.0, 0.0), (0.3, 0.0), (0.3, 0.3)),)
HIDING = Hiding(large_score=0.0, objects=frozenset({"person", "cup"}), hold=0)
PERSON, CUP = ("person", 0.9, (0.1, 0.1, 0.4, 0.4)), ("cup", 0.8, (0.6, 0.6, 0.9, 0.95))


def tables_of(folder: Path, *frames: Detections) -> Tables:
    write_detections(folder / "detections/a.parquet", frames, model="office", model_sha256="1" * 64)
    return read_tables([folder / "detections/a.parquet"], INFO.sha256)


def hide(out: Path, tables: Tables, hiding: Hiding = HIDING, facts: VideoInfo = INFO) -> tuple[Path, list[bool]]:
    with Progress("hide", len(tables[0][1]), bar=False) as bar:
        return out, write_hidden(facts, tables, hiding, out, bar)


def read(path: Path, facts: VideoInfo = INFO) -> list[list[HiddenArea]]:
    return list(HiddenTable.read(path, facts).areas())


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Three frames: two areas, none, and one."""
    return hide(tmp_path / "a.parquet", tables_of(tmp_path, found(PERSON, CUP), found(), found(PERSON)))[0]


@pytest.mark.parametrize("size", [(64, 48), (63, 47), (2, 2)], ids=str)
@pytest.mark.parametrize(
    "changes",
    [
        *({"hold": 0}, {"hold": 2, "grow": 0.0}, {"zones": ZONES, "shape": "box"}),
        *({"whole_frame_when": "no_detection"}, {"whole_frame_when": "no_detection", "zones": ZONES, "score": 0.9}),
    ],
    ids=str,
)
def test_it_is_read_as_it_was_decided(tmp_path: Path, size: tuple[int, int], changes: dict[str, Any]) -> None:
    rng = np.random.default_rng(len(str(changes)))
    facts = info(*size, sha256=INFO.sha256, cuts=[7])
    frames = [random_detections(rng, int(count)) for count in rng.integers(0, 5, 12)]
    # Small ones, so that there are several areas.
    frames = [replace(one, boxes=(one.boxes * np.float32(0.4) + rng.random(1, np.float32) / 2)) for one in frames]
    hiding, tables = HIDING.model_copy(update=changes), tables_of(tmp_path, *frames)
    decided = list(hidden_by_frame(facts, tables, hiding))
    path, hides = hide(tmp_path / "a.parquet", tables, hiding, facts)
    hidden = HiddenTable.read(path, facts)
    assert hides == [hides_objects(areas) for areas in decided]
    for areas, expected in zip(hidden.areas(), decided, strict=True):
        # Scores are stored in 32 bits.
        kept = [
            replace(area, causes=tuple(replace(one, own_score=float(np.float32(one.own_score))) for one in area.causes))
            for area in expected
        ]
        assert same_areas(areas, kept)
    assert any(decided)
    assert hidden.frames.detections.tolist() == [len(areas) for areas in decided]
    assert hidden.frames.pts.tolist() == tables[0][1].pts.tolist()
    assert (hidden.models, hidden.size) == ({"office": "1" * 64}, ((size[1] + 1) // 2, (size[0] + 1) // 2))
    assert hidden.hiding == hiding
    assert len(hidden) == 12


@pytest.mark.parametrize("style", ["solid", "pixelate", "blur"])
def test_what_is_read_looks_as_what_was_decided(tmp_path: Path, style: str) -> None:
    """Its cells depend on the rectangle of an area, so that must not change on the way."""
    rng = np.random.default_rng(4)
    tables = tables_of(tmp_path, *(random_detections(rng, 4) for _ in range(6)))
    path, _ = hide(tmp_path / "a.parquet", tables)
    one, other = (Privacy(HiddenLook(style=style, strength=3)) for _ in range(2))  # type: ignore[arg-type]
    changed = 0
    for areas, expected in zip(read(path), hidden_by_frame(INFO, tables, HIDING), strict=True):
        picture = noise(64, 48)
        a, b = one.render(picture, areas), other.render(picture, expected)
        assert all(np.array_equal(x, y) for x, y in ((a.y, b.y), (a.u, b.u), (a.v, b.v)))
        changed += not np.array_equal(a.y, picture.y)
    assert changed >= 3


def test_zones_and_whole_frames_are_told_from_objects(tmp_path: Path) -> None:
    hiding = HIDING.model_copy(update={"zones": ZONES, "whole_frame_when": "no_detection"})
    path, hides = hide(tmp_path / "a.parquet", tables_of(tmp_path, found(CUP), found()), hiding)
    assert [{cause.name for area in areas for cause in area.causes} for areas in read(path)] == [
        {"cup", ZONE},
        {WHOLE_FRAME, ZONE},
    ]
    assert hides == [True, True]
    path, hides = hide(
        tmp_path / "b.parquet", tables_of(tmp_path, found(CUP), found()), HIDING.model_copy(update={"zones": ZONES})
    )
    assert hides == [True, False]
    assert [len(areas) for areas in read(path)] == [2, 1]


def test_a_video_without_frames_or_areas(tmp_path: Path) -> None:
    path, hides = hide(tmp_path / "a.parquet", tables_of(tmp_path))
    assert (read(path), hides) == ([], [])
    path, hides = hide(tmp_path / "b.parquet", tables_of(tmp_path, found(), found()))
    assert (read(path), hides) == ([[], []], [False, False])


def test_equal_decisions_give_equal_bytes(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, *(random_detections(np.random.default_rng(k), 5) for k in range(5)))
    # Sets have no order of their own.
    hiding = [
        HIDING.model_copy(update={"objects": frozenset(names)}) for names in (["cup", "person"], ["person", "cup"])
    ]
    one, two = (hide(tmp_path / f"{k}/a.parquet", tables, some)[0] for k, some in enumerate(hiding))
    assert one.read_bytes() == two.read_bytes()
    assert frames_path(one).read_bytes() == frames_path(two).read_bytes()


def test_rows_are_as_documented(good: Path) -> None:
    first, second, third = pq.read_table(good).to_pylist()
    [cup, person], [], [alone] = read(good)
    assert first == {
        "frame": 0,
        "blocks": encode(cup.patch, 24, 32),
        "objects": ["cup"],
        "models": ["office"],
        "track_ids": [-1],
        "scores": pytest.approx([0.8]),
        "own_scores": pytest.approx([0.8]),
        "found": [True],
        "hides": [int(cup.patch.mask.sum())],
    }
    assert (second["frame"], second["objects"], third["frame"], third["objects"]) == (0, ["person"], 2, ["person"])
    assert np.array_equal(decode(third["blocks"], 24, 32).mask, person.patch.mask)
    assert np.array_equal(person.patch.mask, alone.patch.mask)


class TestRefuses(RefusesWhatIsWrong):
    verb, facts, read = "hide", INFO, staticmethod(read)


@pytest.mark.parametrize(
    "changes",
    [
        *({"models": None}, {"models": ["office"]}, {"hiding": None}, {"hiding": "{"}, {"hiding": {"hold": 0}}),
        *({"hiding": '{"score": 7, "hold": "long"}'}, {"hiding": '{"new": 1}'}),
    ],
    ids=str,
)
def test_what_hide_does_not_write_is_refused(good: Path, changes: dict[str, Any]) -> None:
    rewrite(pq.read_table(good), good, {**metadata_of(good), **changes})
    refused(lambda: read(good), r"a\.parquet: not what hide writes; run hide again")


LISTS = ("objects", "models", "track_ids", "scores", "own_scores", "found", "hides")
DAMAGE = {
    "blocks of another size": {"blocks": encode(Patch(0, 0, np.ones((3, 3), bool)), 48, 64)},
    "no counts": {"blocks": b"\xff\x00"},
    "nothing": {"blocks": b""},
    "no block": {"blocks": encode(Patch(0, 0, np.zeros((3, 3), bool)), 24, 32)},
    "no cause": {key: [] for key in LISTS},
    "a cause without score": {"scores": []},
    "two names of one cause": {"objects": ["person", "cup"]},
    "no number as score": {"scores": [float("nan")]},
    "a score without end": {"scores": [float("inf")]},
    "a score beyond 1": {"scores": [7.0]},
    "a score of its own below 0": {"own_scores": [-0.5]},
}


@pytest.mark.parametrize("columns", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_row_is_one_line_that_names_its_frame(good: Path, columns: Mapping[str, object]) -> None:
    rewrite(changed(good, columns), good)
    refused(lambda: read(good), r"a\.parquet: frame 2 is damaged; run hide again")


def test_a_cause_has_all_its_values(good: Path) -> None:
    table = pq.read_table(good)
    place = table.schema.get_field_index("objects")
    names = pa.field("objects", pa.list_(pa.string()), nullable=False)
    rewrite(table.set_column(place, names, pa.array([["cup"], ["person"], [None]], names.type)), good)
    refused(lambda: read(good), r"a\.parquet: expected the columns")


def test_what_comes_before_a_damaged_row_is_given(good: Path) -> None:
    whole = read(good)
    rewrite(changed(good, {"blocks": b""}), good)
    areas = HiddenTable.read(good, INFO).areas()
    assert all(same_areas(next(areas), expected) for expected in whole[:2])
    with pytest.raises(DataError, match="frame 2"):
        next(areas)


def test_a_frames_table_of_another_run_is_no_part_of_it(good: Path, tmp_path: Path) -> None:
    other, _ = hide(tmp_path / "b.parquet", tables_of(tmp_path / "b", found(PERSON), found()))
    frames_path(good).write_bytes(frames_path(other).read_bytes())
    refused(lambda: read(good), "run hide again")


def test_a_failure_leaves_no_table(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, found(CUP), found(PERSON))
    path = tables[0][0]
    rewrite(pq.read_table(path).take([0]), path)
    with pytest.raises(DataError, match="rows of frame 1 are missing"):
        hide(tmp_path / "out/a.parquet", tables)
    assert list((tmp_path / "out").iterdir()) == []
