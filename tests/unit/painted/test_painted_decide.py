"""What is painted of a frame: each pixel has one owner, and every object says how it came by its pixels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import PALETTE, found, random_detections, write_detections

from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.detections.runs import decode
from objmask.objects.tables import Tables, read_tables
from objmask.painted.decide import LARGE, LIKE, SMALL, SUPPORT, PaintRules, paint_frame, painted_by_frame, painted_map
from objmask.painted.objects import PaintedObject, labels_of

SIZE = (40, 60)
WHOLE = (0.0, 0.0, 1.0, 1.0)
LEFT, RIGHT = (0.0, 0.0, 1.0, 0.7), (0.0, 0.3, 1.0, 1.0)


def rules(score: float = 0.0, threshold: float = 0.5) -> PaintRules:
    return PaintRules(PALETTE, score, threshold)


def paint(detections: Detections, score: float = 0.0, size: tuple[int, int] = SIZE) -> tuple[PaintedObject, ...]:
    return paint_frame(detections, [f"m{i}" for i in range(len(detections))], rules(score), *size)


def pixels(counts: bytes, size: tuple[int, int] = SIZE) -> np.ndarray:
    picture = np.zeros(size, bool)
    if counts:
        patch = decode(counts, *size)
        picture[patch.rows, patch.columns] = patch.mask
    return picture


def labels(detections: Detections, size: tuple[int, int]) -> list[int]:
    """The first row of the painted map."""
    row: list[int] = labels_of(paint(detections, size=size), PALETTE, *size)[0].tolist()
    return row


def test_the_more_confident_one_is_on_top() -> None:
    low, high = ("bottle", 0.4, LEFT), ("tv", 0.9, RIGHT)
    for items in ((low, high), (high, low)):
        assert labels(found(*items), (4, 11)) == [3] * 3 + [2] * 8
    assert labels(found(("bottle", 0.4, LEFT), ("tv", 0.3, RIGHT)), (4, 11)) == [3] * 8 + [2] * 3


def test_of_two_that_are_equally_sure_the_first_is_on_top() -> None:
    assert labels(found(("cup", 0.5, WHOLE), ("tv", 0.5, WHOLE)), (2, 2)) == [3, 3]
    assert labels(found(("tv", 0.5, WHOLE), ("cup", 0.5, WHOLE)), (2, 2)) == [2, 2]


@pytest.mark.parametrize(
    ("person", "other", "on_top"),
    [(0.9, 0.3, True), (0.5, 0.5, True), (0.5, 0.59, True), (0.5, 0.61, False), (0.05, 0.9, False), (0.95, 1.0, True)],
)
def test_a_person_is_on_top_of_what_scores_alike(person: float, other: float, on_top: bool) -> None:
    assert LIKE == 0.1
    items = [("person", person, LEFT), ("cup", other, RIGHT)]
    for some in (items, items[::-1]):
        assert labels(found(*some), (4, 11)) == ([1] * 8 + [3] * 3 if on_top else [1] * 3 + [3] * 8)


def test_between_two_persons_and_between_two_things_the_score_alone_decides() -> None:
    assert labels(found(("cup", 0.55, LEFT), ("tv", 0.6, RIGHT)), (4, 11)) == [3] * 3 + [2] * 8
    one, other = paint(found(("person", 0.55, LEFT), ("person", 0.6, RIGHT)), size=(4, 11))
    assert (one.score, other.score) == (np.float32(0.6), np.float32(0.55))
    assert pixels(one.visible, (4, 11))[0].tolist() == [False] * 3 + [True] * 8
    assert pixels(other.visible, (4, 11))[0].tolist() == [True] * 3 + [False] * 8


def test_who_lies_on_top_may_score_less_than_who_lies_below() -> None:
    """The surest comes first in any case, whichever pixels it has."""
    cup, person = paint(found(("person", 0.5, LEFT), ("cup", 0.55, RIGHT)), size=(4, 11))
    assert (cup.name, person.name) == ("cup", "person")
    assert pixels(cup.covered, (4, 11))[0].tolist() == [False] * 3 + [True] * 5 + [False] * 3
    assert person.covered == b""


def test_what_has_no_group_or_too_low_a_score_has_no_pixels_and_covers_nothing() -> None:
    dog, cup, tv = paint(found(("tv", 0.2, WHOLE), ("dog", 0.9, WHOLE), ("cup", 0.3, WHOLE)), 0.3)
    assert (dog.name, dog.group, dog.visible, dog.covered, dog.shown) == ("dog", "", b"", b"", False)
    assert (tv.name, tv.group, tv.visible, tv.covered, tv.shown) == ("tv", "screen", b"", b"", False)
    # A score is a float32: what was set as 0.3 is reached by what is stored as 0.3.
    assert (cup.group, cup.shown, cup.covered) == ("drink", True, b"")
    assert pixels(cup.visible).all()


def test_what_is_covered_as_a_whole_is_still_there() -> None:
    tv, cup = paint(found(("cup", 0.3, (0.3, 0.3, 0.6, 0.6)), ("tv", 0.9, WHOLE)))
    assert (cup.visible, cup.shown) == (b"", True)
    assert (
        pixels(cup.covered).sum()
        == paste(np.full((2, 2), 255, np.uint8), np.float32([0.3, 0.3, 0.6, 0.6]), *SIZE, 0.5).mask.sum()
    )
    assert pixels(tv.visible).all()


def test_a_mask_without_a_pixel_has_none() -> None:
    between = found(("cup", 0.9, (0.5001, 0.5001, 0.5002, 0.5002)))
    faint = replace(found(("cup", 0.9, WHOLE)), masks=(np.full((2, 2), 100, np.uint8),))
    for some in (between, faint):
        [one] = paint(some)
        assert (one.visible, one.covered, one.shown, one.group) == (b"", b"", False, "drink")


def test_an_empty_frame() -> None:
    assert not painted_map(Detections.empty(), rules(), *SIZE).any()
    assert paint(Detections.empty()) == ()
    assert not labels_of((), PALETTE, *SIZE).any()


def test_objects_that_share_a_pixel_make_no_map() -> None:
    """What is decided never does; a table of somebody else may."""
    objects = [*paint(found(("cup", 0.5, LEFT))), *paint(found(("tv", 0.5, RIGHT)))]
    with pytest.raises(ValueError, match="share a pixel"):
        labels_of(objects, PALETTE, *SIZE)
    with pytest.raises(ValueError, match="not 41 x 60"):
        labels_of(objects[:1], PALETTE, 41, 60)


def test_a_hundred_objects_on_one_pixel() -> None:
    items = [("cup", 0.01 * k, WHOLE) for k in range(1, 100)]
    objects = paint(found(("tv", 1.0, WHOLE), *items), size=(1, 1))
    assert [one.visible != b"" for one in objects] == [True] + [False] * 99
    assert [one.covered != b"" for one in objects] == [False] + [True] * 99


def reference(some: Detections, score: float, threshold: float) -> np.ndarray:
    """Pixel by pixel: which detection owns it; -1: none."""
    claim = np.full(SIZE, -1.0)
    owner = np.full(SIZE, -1)
    for i, name in enumerate(some.classes):
        if name not in PALETTE.index_of or some.scores[i] < np.float32(score):
            continue
        patch = paste(some.masks[i], some.boxes[i], *SIZE, threshold)
        inside = np.zeros(SIZE, bool)
        inside[patch.rows, patch.columns] = patch.mask
        mine = float(some.scores[i]) + (0.1 if name == "person" else 0.0)
        owner[inside & (mine > claim)] = i
        claim[inside & (mine > claim)] = mine
    return owner


@pytest.mark.parametrize("seed", range(8))
def test_visible_and_covered_pixels_are_those_of_each_mask_and_share_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    some = random_detections(rng, 15)
    if seed % 2:
        # Small ones lie anywhere; large ones cover each other.
        some = replace(some, boxes=(some.boxes * 0.2 + rng.random((15, 1), np.float32) * 0.7).astype(np.float32))
    score, threshold = (0.0, 0.3)[seed % 2], (0.5, 0.2)[seed // 2 % 2]
    owner = reference(some, score, threshold)
    objects = paint_frame(some, [str(i) for i in range(15)], rules(score, threshold), *SIZE)
    assert [one.score for one in objects] == sorted(some.scores.tolist(), reverse=True)
    assert sorted(int(one.model) for one in objects) == list(range(15))
    for one in objects:
        i = int(one.model)
        seen, under = pixels(one.visible), pixels(one.covered)
        assert np.array_equal(seen, owner == i)
        assert not (seen & under).any()
        if one.shown:
            patch = paste(some.masks[i], some.boxes[i], *SIZE, threshold)
            assert (seen | under)[patch.rows, patch.columns].tolist() == patch.mask.tolist()
            assert (seen | under).sum() == patch.mask.sum()
    expected = np.array([PALETTE.index_of.get(name, 0) for name in some.classes] + [0])[owner]
    assert np.array_equal(labels_of(objects, PALETTE, *SIZE), expected)
    assert np.array_equal(painted_map(some, rules(score, threshold), *SIZE), expected)
    assert (owner >= 0).any()


def test_each_object_says_what_it_is_and_where_it_comes_from() -> None:
    some = replace(
        found(("person", 0.8, LEFT), ("cup", 0.7, RIGHT), ("tv", 0.6, WHOLE), ("dog", 0.5, WHOLE)),
        sources=("detected", "flow", "manual", "tracked"),
        track_ids=(4, 7, -1, 9),
        carried=(0, -2, 0, 3),
        found_scores=(0.2, 0.7, 0.6, 0.5),
    )
    objects = paint_frame(some, ["a", "b", "", "a"], rules(0.3), *SIZE)
    said = [(one.name, one.group, one.source, one.carried, one.track_id, one.model) for one in objects]
    assert said == [
        ("person", "person", "detected", 0, 4, "a"),
        ("cup", "drink", "flow", -2, 7, "b"),
        ("tv", "screen", "manual", 0, -1, ""),
        ("dog", "", "tracked", 3, 9, "a"),
    ]
    # What was missed in this frame has no score of its own in it.
    assert [one.own_score for one in objects] == pytest.approx([0.2, 0, 0.6, 0])
    assert [one.score for one in objects] == pytest.approx([0.8, 0.7, 0.6, 0.5])


@pytest.mark.parametrize(
    ("own", "carried", "score", "name", "lifted"),
    [
        *[(0.2, 0, 0.8, "cup", True), (0.3, 0, 0.8, "cup", False), (0.8, 0, 0.8, "cup", False)],
        # Missed, not painted, or in no group: nothing was lifted.
        *[(0.2, 1, 0.8, "cup", False), (0.1, 0, 0.2, "cup", False), (0.2, 0, 0.8, "dog", False)],
    ],
)
def test_lifted_is_what_only_its_track_makes_sure_enough(
    own: float, carried: int, score: float, name: str, lifted: bool
) -> None:
    one = replace(found((name, score, WHOLE)), found_scores=(own,), carried=(carried,))
    assert [found.lifted for found in paint(one, 0.3)] == [lifted]


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Four frames of two models, and a cup that a person added to the third."""
    frames: Sequence[Detections] = [found(), found(("tv", 0.9, LEFT)), found(("tv", 0.9, LEFT)), found()]
    write_detections(tmp_path / "a.parquet", frames, model="office")
    write_detections(tmp_path / "b.parquet", [found(("person", 0.6, RIGHT))] * 4, model="faces")
    added = {"add": {"class": "cup", "from_s": 0.06, "to_s": 0.07, "box": WHOLE}}
    return read_tables([tmp_path / "a.parquet", tmp_path / "b.parquet"], "v" * 64, json.dumps([added]))


def test_of_each_frame_the_objects_of_all_models_and_people(tables: Tables) -> None:
    said = [[(one.name, one.model) for one in objects] for objects in painted_by_frame(tables, rules(), *SIZE)]
    person, tv = ("person", "faces"), ("tv", "office")
    assert said == [[person], [tv, person], [("cup", ""), tv, person], [person]]


def test_frames_that_nobody_wants_have_none(tables: Tables) -> None:
    every = list(painted_by_frame(tables, rules(), *SIZE))
    assert list(painted_by_frame(tables, rules(), *SIZE, wanted={1, 3})) == [(), every[1], (), every[3]]


# What only a track makes sure


def weak(share: float, own: float, score: float = 0.6, **changes: object) -> Detections:
    """A cup with such a share of the picture, whose track has a better score than the network gave it here."""
    side = share**0.5
    one = found(("cup", score, (0.0, 0.0, side, side)))
    values = {"track_ids": (4,), "found_scores": (own,), **changes}
    return replace(one, **values)  # type: ignore[arg-type]


def painted(folder: Path, frames: Sequence[Detections], corrections: str | None = None) -> list[bool]:
    """Whether anything is painted of each frame."""
    write_detections(folder / "a.parquet", frames, model="office")
    tables = read_tables([folder / "a.parquet"], "v" * 64, corrections)
    every = painted_by_frame(tables, rules(0.3), *SIZE)
    return [any(one.shown for one in objects) for objects in every]


@pytest.mark.parametrize(
    ("share", "own", "shown"),
    [
        *[(LARGE, 0.14, False), (LARGE, 0.16, True), (0.9, 0.14, False), (0.9, 0.16, True)],
        # In the middle half as much is enough; a small one needs nothing.
        *[
            ((SMALL + LARGE) / 2, 0.07, False),
            ((SMALL + LARGE) / 2, 0.08, True),
            (SMALL - 0.001, 0.0, True),
            (0.005, 0.0, True),
        ],
    ],
)
def test_a_large_area_that_only_its_track_makes_sure_needs_support(
    tmp_path: Path, share: float, own: float, shown: bool
) -> None:
    assert (SMALL, LARGE, SUPPORT) == (0.02, 0.1, 0.5)
    assert painted(tmp_path, [weak(share, own)] * 12) == [shown] * 12


def test_support_comes_from_the_frames_near_in_time(tmp_path: Path) -> None:
    """Nowhere it is as sure as it need be in one frame; on average it is, or not."""
    strong, faint = weak(0.5, 0.29), weak(0.5, 0.02)
    assert painted(tmp_path, [strong, weak(0.5, 0.1)] * 8) == [True] * 16
    assert not any(painted(tmp_path, [strong, *[faint] * 3] * 4))
    # What lies more than half a second away does not count.
    frames = [*[weak(0.5, 0.9)] * 5, *[faint] * 30]
    assert painted(tmp_path, frames)[:5] == [True] * 5
    assert not any(painted(tmp_path, frames)[21:])


@pytest.mark.parametrize(
    "changes",
    [
        {"found_scores": (0.3,)},
        {"track_ids": (-1,)},
        {"sources": ("manual",), "found_scores": (1.0,), "track_ids": (-1,)},
    ],
    ids=["sure in this frame", "without track", "added"],
)
def test_what_is_sure_without_its_track_needs_none(tmp_path: Path, changes: dict[str, object]) -> None:
    frames = [*[weak(0.9, 0.0)] * 9, weak(0.9, 0.0, **changes)]
    assert painted(tmp_path, frames) == [False] * 9 + [True]


def test_what_people_confirm_needs_none(tmp_path: Path) -> None:
    confirmed = json.dumps([{"confirm": {"track": 4, "to_s": 0.08}}])
    assert painted(tmp_path, [weak(0.9, 0.0)] * 6, confirmed) == [True] * 3 + [False] * 3


def test_what_has_no_support_is_there_with_a_score_of_0(tmp_path: Path) -> None:
    write_detections(tmp_path / "a.parquet", [Detections.concatenate([weak(0.9, 0.05), found(("tv", 0.4, LEFT))])])
    tables = read_tables([tmp_path / "a.parquet"], "v" * 64)
    [(tv, cup)] = painted_by_frame(tables, rules(0.3), *SIZE)
    assert (cup.name, cup.score, cup.own_score, cup.shown, cup.lifted) == ("cup", 0, np.float32(0.05), False, False)
    assert (tv.shown, tv.covered) == (True, b"")
