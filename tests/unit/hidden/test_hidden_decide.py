"""What is hidden of a frame: all that is to be, for as long as it is to be, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from builders import METADATA, write_detections
from hypothesis import given
from hypothesis import strategies as st
from scenes import PALETTE, found, hidden_areas, info, same_areas

from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import frames_path
from objmask.errors import DataError
from objmask.hidden.causes import WHOLE_FRAME, ZONE, Cause, HiddenArea, hides_objects
from objmask.hidden.decide import (
    HELD_LEAST,
    HELD_WHOLE,
    LARGE,
    LEAST,
    SMALL,
    Hider,
    hidden_by_frame,
    refuse_gaps,
    to_hide,
)
from objmask.objects.tables import Tables, read_tables
from objmask.streams.neighbours import beside, sliding

INFO = info(64, 48, sha256="v" * 64)
SENSITIVE = PALETTE.hidden(["toilet"])
MIDDLE, CORNER, DOT = (0.3, 0.2, 0.7, 0.6), (0.0, 0.0, 0.3, 0.3), (0.5, 0.5, 0.505, 0.505)
QUARTER = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))


SURE = Hiding().large_score


def hiding(**changes: object) -> Hiding:
    return Hiding(**{"objects": SENSITIVE, "hold": 0, "threshold": 0.3, **changes})  # type: ignore[arg-type]


def pixels(areas: Sequence[HiddenArea], width: int = 64, height: int = 48) -> np.ndarray:
    blocks = np.zeros(((height + 1) // 2, (width + 1) // 2), bool)
    for area in areas:
        blocks[area.patch.rows, area.patch.columns] |= area.patch.mask
    return blocks.repeat(2, 0).repeat(2, 1)[:height, :width]


def hidden(detections: Detections, width: int = 64, height: int = 48, **changes: object) -> np.ndarray:
    """The hidden pixels of a frame that stands alone."""
    return pixels(hidden_areas(detections, hiding(**changes), info(width, height)), width, height)


def test_what_is_not_sensitive_or_too_uncertain_is_not_hidden() -> None:
    assert not hidden(found(("cup", 0.9, MIDDLE), ("person", 0.05, CORNER))).any()
    assert hidden(found(("toilet", 0.9, MIDDLE)))[15:33, 13:38].all()
    assert hidden(found(("person", 0.3, MIDDLE))).any()
    assert not hidden(found(("person", 0.29, MIDDLE))).any()
    assert hidden(found(("person", 0.1, DOT))).any()
    assert hidden(found(("person", 0.1, MIDDLE)), large_score=0.1).any()


def test_what_network_or_track_takes_for_sensitive_is_hidden() -> None:
    one = found(("cup", 0.9, MIDDLE))
    assert hidden(replace(one, found_as=("person",))).any()
    assert hidden(replace(one, classes=("person",), found_as=("cup",))).any()


def test_an_object_with_an_empty_mask_is_hidden_by_its_box() -> None:
    faint = found(("person", 0.9, MIDDLE), mask=np.full((8, 8), 40, np.uint8))
    assert hidden(faint)[16:32, 14:36].all()
    assert np.array_equal(hidden(faint), hidden(found(("person", 0.9, MIDDLE))))


def test_an_object_between_pixels_is_hidden() -> None:
    assert hidden(found(("person", 0.9, (20.3 / 47, 0.2, 20.6 / 47, 0.2001))))[20:22, 12:14].all()


@pytest.mark.parametrize("size", [(64, 48), (63, 47), (321, 181), (2, 2), (1, 1)], ids=str)
@pytest.mark.parametrize("shape", ["mask", "ellipse", "box"])
def test_each_shape_hides_the_mask_and_its_margin(size: tuple[int, int], shape: str) -> None:
    """A box hides more than an ellipse, and that more than the mask alone."""
    corner = np.zeros((9, 9), np.uint8)
    corner[:3, :5] = 255
    one = found(("person", 0.9, MIDDLE), mask=corner)
    parts = {name: hidden(one, *size, shape=name, grow=0.0) for name in ("mask", "ellipse", "box")}
    assert not (parts["mask"] & ~parts[shape]).any()
    assert not (parts[shape] & ~parts["box"]).any()
    assert parts[shape].any()
    grown = hidden(one, *size, shape=shape, grow=0.3)
    assert not (parts[shape] & ~grown).any()
    if min(size) > 40:
        assert grown.sum() > 1.5 * parts[shape].sum()


def test_what_may_be_off_is_hidden_that_much_farther() -> None:
    """A carried mask may be wrong by its drift, a share of the frame's height."""
    one = found(("person", 0.9, MIDDLE))
    near, far = hidden(one, grow=0.0), hidden(replace(one, drifts=(0.1,)), grow=0.0)
    rows = [np.flatnonzero(some.any(1)) for some in (near, far)]
    assert rows[0][0] - rows[1][0] in (4, 5, 6)
    assert not (near & ~far).any()


@pytest.mark.parametrize("hold", [0, 1, 3])
def test_hold_hides_the_place_in_neighbouring_frames(hold: int) -> None:
    frames = [Detections.empty()] * 10
    frames[5] = found(("person", 0.9, MIDDLE))
    hider = Hider(hiding(), INFO)
    reasons = (hider.prepare([("m", one)]) for one in frames)
    areas = [hider.areas(around, here) for around, here in sliding(reasons, beside(hold))]
    assert [bool(some) for some in areas] == [abs(i - 5) <= hold for i in range(10)]
    # Only in its own frame the network found it.
    assert [[cause.found for area in some for cause in area.causes] for some in areas if some] == [
        [i == 5] for i in range(5 - hold, 6 + hold)
    ]


LEFT, RIGHT = (0.2, 0.1, 0.6, 0.4), (0.2, 0.6, 0.6, 0.9)
HALF = np.repeat(np.array([[255, 0]], np.uint8), 4, 1).repeat(8, 0)
"""The left half of a mask."""


def held(*frames: Detections, here: int = 1) -> np.ndarray:
    """The pixels that are hidden of one of some frames, all of which hide in it."""
    hider = Hider(hiding(grow=0.0), INFO)
    return pixels(hider.areas([hider.prepare([("m", one)]) for one in frames], here))


def person(box: tuple[float, ...], track: int = 3, carried: int = 0, mask: np.ndarray | None = None) -> Detections:
    one = found(("person", 0.9, box), mask=mask)  # type: ignore[arg-type]
    return replace(one, track_ids=(track,), carried=(carried,), sources=("flow" if carried else "detected",))


def test_what_is_held_of_a_track_moves_with_it() -> None:
    """Where the object was before shows what is behind it, and is not hidden."""
    assert np.array_equal(held(person(LEFT), person(RIGHT)), held(found(), person(RIGHT)))
    both = held(person(LEFT, -1), person(RIGHT, -1))
    assert np.array_equal(both, held(found(), person(LEFT)) | held(found(), person(RIGHT)))
    assert np.array_equal(held(person(LEFT, 3), person(RIGHT, 4)), both)


@pytest.mark.parametrize("here", [0, 1, 2])
def test_what_a_mask_lacks_beside_those_before_and_after_is_hidden_in_its_box(here: int) -> None:
    frames = [person(LEFT), person(RIGHT), person(LEFT)]
    expected = held(*frames, here=here)
    frames[here] = person((LEFT, RIGHT, LEFT)[here], mask=HALF)
    assert np.array_equal(held(*frames, here=here), expected)
    assert held(*[frames[here]] * 3, here=here).sum() < 0.7 * expected.sum()


@pytest.mark.parametrize(("aside", "place_stays"), [(0.01, False), (0.1, True)])
def test_a_box_that_jumps_aside_hides_where_it_was_expected_as_well(aside: float, place_stays: bool) -> None:
    before, after = ((0.2, left, 0.6, left + 0.3) for left in (0.2, 0.4))
    between, jumped = ((top, 0.3, top + 0.4, 0.6) for top in (0.2, 0.2 + aside))
    steady = held(person(before), person(between), person(after))
    assert np.array_equal(steady, held(found(), person(between)))
    shown = held(person(before), person(jumped), person(after))
    alone = held(found(), person(jumped))
    assert np.array_equal(shown, alone | steady if place_stays else alone)
    # From one side only, nobody knows whether it jumped or went.
    assert np.array_equal(held(person(between), person(jumped)), alone)


def test_where_it_is_expected_goes_by_the_distance_of_the_frames() -> None:
    before, far = person((0.2, 0.1, 0.6, 0.4)), person((0.2, 0.5, 0.6, 0.8))
    quarter, jumped = person((0.2, 0.2, 0.6, 0.5)), person((0.4, 0.2, 0.8, 0.5))
    shown = held(before, jumped, found(), found(), far)
    assert np.array_equal(shown, held(found(), quarter) | held(found(), jumped))


@pytest.mark.parametrize(("width", "place_stays"), [(0.15, True), (0.21, False)])
def test_in_a_much_smaller_box_there_is_no_room_for_what_is_held(width: float, place_stays: bool) -> None:
    """It shows a part of the object only, so the place before stays hidden too."""
    left, top, bottom = LEFT[1], LEFT[0], LEFT[2]
    before, here = person(LEFT), person((top, left, bottom, left + width))
    assert np.array_equal(held(before, here), held(found(), before if place_stays else here))


def test_where_a_track_is_carried_its_place_is_that_of_the_carried_mask() -> None:
    carried = person(RIGHT, carried=1)
    assert np.array_equal(held(person(LEFT), carried), held(found(), carried))
    # Where it is not carried, and not found, the place where it was found stays hidden.
    assert np.array_equal(held(person(LEFT), found()), held(found(), person(LEFT)))
    assert np.array_equal(
        held(person(LEFT), person(RIGHT, 4)), held(found(), person(LEFT)) | held(found(), person(RIGHT))
    )


def test_where_a_track_is_found_what_is_carried_before_and_after_hides_nothing_more() -> None:
    carried = person(LEFT, carried=1)
    assert np.array_equal(held(carried, person(RIGHT)), held(found(), person(RIGHT)))
    assert np.array_equal(held(carried, found()), held(found(), person(LEFT)))


def test_a_carried_mask_that_is_not_hidden_holds_no_place_for_its_track() -> None:
    """Too large for how sure it is; what the network did find a frame before goes on hiding its place."""
    before = person(LEFT)
    weak = replace(person(RIGHT, carried=1), scores=np.full(1, 0.15, np.float32), found_scores=(0.15,))
    assert not held(found(), weak).any()
    assert np.array_equal(held(before, weak), held(found(), person(LEFT)))


def test_tracks_of_two_models_with_one_number_are_two_objects() -> None:
    hider = Hider(hiding(grow=0.0), INFO)
    around = [hider.prepare([("a", person(LEFT))]), hider.prepare([("b", person(RIGHT))])]
    assert np.array_equal(pixels(hider.areas(around, 1)), held(person(LEFT, -1), person(RIGHT, -1)))


def test_interlaced_chroma_is_hidden_in_whole_pairs_of_lines() -> None:
    zone = ((0.1, 0.15), (0.4, 0.15), (0.4, 0.3))
    one = found(("person", 0.9, (0.55, 0.2, 0.85, 0.6)))
    areas = hidden_areas(one, hiding(zones=(zone,)), INFO, interlaced=True)
    whole = np.logical_or.reduce([pixels(areas), hidden(one, zones=(zone,))])
    lines = whole[::2].reshape(12, 2, 64)
    assert np.array_equal(pixels(areas), lines.any(1).repeat(4, 0))
    assert pixels(areas).sum() > hidden(one, zones=(zone,)).sum()


def test_zones_are_hidden_always_and_are_no_object() -> None:
    [area] = hidden_areas(Detections.empty(), hiding(zones=(QUARTER,)), INFO)
    assert pixels([area])[:24, :32].all()
    assert not pixels([area])[26:].any()
    assert area.causes == (Cause(ZONE, found=True, blocks=int(area.patch.mask.sum())),)
    assert not hides_objects([area])
    assert hides_objects(hidden_areas(found(("person", 0.9, CORNER)), hiding(zones=(QUARTER,)), INFO))
    assert not hides_objects([])


def test_whole_frame_when_nothing_was_found() -> None:
    whole = {"whole_frame_when": "no_detection"}
    assert hidden(Detections.empty(), 63, 47, **whole).all()
    assert hidden(found(("cup", 0.9, MIDDLE)), 63, 47, **whole).all()
    assert not hidden(found(("person", 0.9, DOT)), 63, 47, **whole).all()
    [area] = hidden_areas(Detections.empty(), hiding(**whole), info(63, 47))
    assert area.causes == (Cause(WHOLE_FRAME, blocks=24 * 32),)
    assert hides_objects([area])


def test_whole_frame_beside_a_zone_is_one_area_with_both_causes() -> None:
    [area] = hidden_areas(Detections.empty(), hiding(zones=(QUARTER,), whole_frame_when="no_detection"), INFO)
    assert [cause.name for cause in area.causes] == [WHOLE_FRAME, ZONE]
    assert area.patch.mask.all()


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": ("manual",)},  # people added it
        {"sources": ("flow",), "carried": (1,)},  # missed, and carried here
        {"found_scores": (0.05,)},  # only its track makes it sure
        {"found_as": ("cup",)},  # only its track says what it is
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whole_frame_goes_by_what_the_network_found_in_the_very_frame(changes: dict) -> None:
    seen = found(("person", 1.0, DOT))
    assert not hidden(seen, whole_frame_when="no_detection").all()
    assert hidden(replace(seen, **changes), whole_frame_when="no_detection").all()


def test_whole_frame_goes_by_the_frame_itself_whatever_is_held() -> None:
    hider = Hider(hiding(whole_frame_when="no_detection"), INFO)
    frames = [found(("person", 0.9, CORNER)), Detections.empty()]
    reasons = (hider.prepare([("m", one)]) for one in frames)
    areas = [hider.areas(around, here) for around, here in sliding(reasons, beside(3))]
    assert [pixels(some).all() for some in areas] == [False, True]


def test_an_object_found_twice_is_one_area() -> None:
    twice = found(("tv", 0.9, (0.2, 0.2, 0.8, 0.8)), ("laptop", 0.5, (0.22, 0.18, 0.78, 0.79)))
    [area] = hidden_areas(twice, hiding(), INFO)
    assert {cause.name for cause in area.causes} == {"tv", "laptop"}
    apart = found(("tv", 0.9, (0.0, 0.0, 0.3, 0.3)), ("laptop", 0.5, (0.5, 0.5, 1.0, 1.0)))
    large, small = hidden_areas(apart, hiding(), INFO)
    assert ([cause.name for cause in large.causes], [cause.name for cause in small.causes]) == (["laptop"], ["tv"])


# Why


def test_a_cause_says_which_object_hides_how_much_and_how_sure_it_is() -> None:
    hider = Hider(hiding(), INFO)
    office = replace(
        found(("tv", 0.9, (0.1, 0.1, 0.9, 0.9)), ("tv", 0.8, (0.2, 0.2, 0.5, 0.5))),
        track_ids=(4, 5),
        found_scores=(0.25, 0.8),
    )
    faces = replace(found(("person", 0.7, (0.3, 0.3, 0.6, 0.6))), track_ids=(4,))
    added = replace(found(("phone", 1.0, (0.4, 0.4, 0.5, 0.5))), sources=("manual",), classes=("cell phone",))
    added = replace(added, found_as=("cell phone",))
    parts = [("office", office), ("faces", faces), ("", added)]
    [area] = hider.areas([hider.prepare(parts)], 0)
    said = [(one.name, one.model, one.track_id, one.found) for one in area.causes]
    # The one that hides most comes first; tracks of two models have nothing to do with each other.
    assert said[0] == ("tv", "office", 4, True)
    assert set(said[1:]) == {("tv", "office", 5, True), ("person", "faces", 4, True), ("cell phone", "", -1, False)}
    assert said[-1] == ("cell phone", "", -1, False)
    assert area.causes[0].score == pytest.approx(0.9)
    assert area.causes[0].own_score == pytest.approx(0.25)
    blocks = [one.blocks for one in area.causes]
    assert blocks == sorted(blocks, reverse=True)
    assert blocks[0] == area.patch.mask.sum()
    for one, (model, items) in zip(
        [area.causes[0], area.causes[-1]], [("office", office.take([0])), ("", added)], strict=True
    ):
        assert one.blocks == sum(patch.patch.mask.sum() for patch in hider.areas([hider.prepare([(model, items)])], 0))


def test_one_object_in_several_frames_is_one_cause() -> None:
    """With all blocks that it hides from there; found is only what is found here."""
    hider = Hider(hiding(), INFO)
    places = [(0.1, 0.1, 0.5, 0.5), (0.12, 0.2, 0.32, 0.4), (0.14, 0.3, 0.54, 0.7)]
    frames = [
        replace(found(("person", score, place)), track_ids=(3,), found_scores=(own,))
        for place, score, own in zip(places, (0.5, 0.9, 0.7), (0.3, 0.2, 0.6), strict=True)
    ]
    around = [hider.prepare([("m", one)]) for one in frames]
    # Here it is small: its places before and after stay hidden, as those of one object.
    [area] = hider.areas(around, 1)
    assert area.causes == (
        Cause("person", "m", 3, float(np.float32(0.9)), 0.6, True, blocks=int(area.patch.mask.sum())),
    )
    [held] = hider.areas([around[0], [], around[2]], 1)
    assert [(cause.found, cause.track_id) for cause in held.causes] == [(False, 3)]


def test_objects_without_tracks_are_told_apart_by_class_and_model() -> None:
    one = found(("person", 0.5, MIDDLE), ("person", 0.9, (0.32, 0.2, 0.7, 0.6)), ("tv", 0.3, MIDDLE))
    [area] = hidden_areas(one, hiding(), INFO)
    assert [(cause.name, round(cause.score, 4)) for cause in area.causes] == [("person", 0.9), ("tv", 0.3)]


# What has to be surer


def tracked(score: float, own: float, share: float, carried: int = 0, **changes: object) -> Detections:
    """A person whose mask has such a share of the picture."""
    side = share**0.5
    one = found(("person", score, (0.0, 0.0, side, side)))
    return replace(one, found_scores=(own,), carried=(carried,), track_ids=(1,), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("score", "own", "share", "hides"),
    [
        *[(0.15, 0.02, 0.005, True), (0.15, 0.02, SMALL, True)],  # weak and small
        *[(0.15, 0.02, LARGE, False), (0.15, 0.02, 0.9, False), (0.15, 0.02, 0.06, False)],  # weak and large
        *[(0.31, 0.02, LARGE, True), (0.9, 0.02, 1.0, True), (0.29, 0.02, 0.5, False)],  # large with support
        *[(0.15, 0.15, 1.0, False), (0.1, 0.1, 0.05, False), (0.1, 0.1, SMALL, True)],  # its own score is no more
        *[(0.21, 0.02, 0.055, True), (0.19, 0.02, 0.055, False)],  # half way up
    ],
)
def test_what_hides_much_has_to_be_surer(score: float, own: float, share: float, hides: bool) -> None:
    one = tracked(score, own, share)
    assert (len(to_hide(one, hiding())) == 1) is hides
    assert bool(hidden_areas(one, hiding(), INFO)) is hides


@pytest.mark.parametrize(
    ("share", "mean", "hides"),
    [(LARGE, 0.101, True), (LARGE, 0.099, False), (0.055, 0.051, True), (0.055, 0.049, False), (0.009, 0.0, True)],
)
def test_one_strong_moment_of_a_track_does_not_make_a_large_area_sure(share: float, mean: float, hides: bool) -> None:
    asked: list[int] = []

    def typical(track: int) -> float:
        asked.append(track)
        return mean

    for carried in (0, 2):
        lifted = tracked(0.9, 0.02, share, carried)
        assert (len(to_hide(lifted, hiding(), typical)) == 1) is hides
        assert len(to_hide(lifted, hiding())) == 1  # nothing is known of tracks
        untracked = replace(lifted, track_ids=(-1,))
        assert len(to_hide(untracked, hiding(), typical)) == 1
    assert set(asked) <= {1}
    # The network itself is sure in this very frame, if only for a moment.
    assert len(to_hide(tracked(0.9, 0.3, share), hiding(), typical)) == 1


def test_in_a_video_a_large_mask_goes_no_further_than_its_track_is_sure(tmp_path: Path) -> None:
    """Found once with 0.9 in two seconds; the track has carried it on, and lifted what is weak."""
    strong, weak = tracked(0.9, 0.9, 0.5), tracked(0.9, 0.12, 0.5)
    frames = [strong, *[weak] * 9, *[tracked(0.9, 0.9, 0.5, carried=k) for k in range(10, 30)]]
    hides = [bool(areas) for areas in hidden_by_frame(INFO, tables_of(tmp_path, *frames), hiding())]
    assert hides[0]
    means = [sum(0.9 if k == 0 else 0.12 if k < 10 else 0.0 for k in range(max(0, row - 14), min(30, row + 15)))
             / (min(30, row + 15) - max(0, row - 14)) for row in range(30)]  # fmt: skip
    assert hides[1:] == [mean >= 0.1 for mean in means[1:]]
    assert True in hides[1:]
    assert False in hides[1:]


def test_what_counts_is_how_much_of_the_picture_the_mask_fills() -> None:
    """A large box around a thin mask is no large area; a mask below the threshold hides nothing by itself."""
    thin = np.zeros((100, 100), np.uint8)
    thin[:, :1] = 255
    weak = tracked(0.15, 0.02, 0.9)
    assert len(to_hide(weak, hiding())) == 0
    assert len(to_hide(replace(weak, masks=(thin,)), hiding())) == 1
    half = replace(weak, masks=(np.full((8, 8), 128, np.uint8),))
    assert len(to_hide(half, hiding(threshold=0.3))) == 0
    assert len(to_hide(half, hiding(threshold=0.6))) == 1


@pytest.mark.parametrize("score", [0.3, 0.5, 0.9])
def test_a_higher_score_to_hide_needs_no_more_than_itself(score: float) -> None:
    assert len(to_hide(tracked(score, 0.0, 1.0), hiding(score=score))) == 1
    assert len(to_hide(tracked(score - 0.01, 0.0, 1.0), hiding(score=score))) == 0
    assert len(to_hide(tracked(score - 0.01, 0.0, 1.0), hiding(score=score, large_score=0.0))) == 0


@given(
    st.floats(0, 1, width=32), st.floats(0, 1, width=32), st.floats(1e-3, 1), st.booleans(), st.floats(0, 1, width=32)
)
def test_more_support_or_a_smaller_area_never_hides_less(
    score: float, own: float, share: float, carried: bool, floor: float
) -> None:
    chosen = hiding(score=floor)
    one = tracked(score, own, share, int(carried))
    hides = len(to_hide(one, chosen)) == 1
    if score < np.float32(floor):
        assert not hides
    elif score >= max(np.float32(floor), np.float32(SURE)):
        assert hides
    if hides:
        assert len(to_hide(tracked(min(1.0, score + 0.1), own, share, int(carried)), chosen)) == 1
        assert len(to_hide(tracked(score, own, share / 2, int(carried)), chosen)) == 1


def test_the_others_of_a_frame_stay_as_they_are() -> None:
    weak = tracked(0.15, 0.02, 0.9)
    others = found(("person", 0.9, MIDDLE), ("tv", 0.3, CORNER))
    chosen = to_hide(Detections.concatenate([others.take([0]), weak, others.take([1])]), hiding())
    assert (chosen.classes, chosen.track_ids) == (("person", "tv"), (-1, -1))


# Of a whole video


def tables_of(folder: Path, *frames: Detections, corrections: str | None = None) -> Tables:
    write_detections(folder / "a.parquet", frames, model="office")
    return read_tables([folder / "a.parquet"], INFO.sha256, corrections)


def test_frames_are_hidden_one_by_one_with_what_is_held(tmp_path: Path) -> None:
    frames = [found(), found(), found(("person", 0.9, DOT)), found(), found(), found()]
    tables = tables_of(tmp_path, *frames)
    areas = list(hidden_by_frame(INFO, tables, hiding(hold=1)))
    assert [len(one) for one in areas] == [0, 1, 1, 1, 0, 0]
    # Of 1/30 s each, 0.07 s are two frames.
    assert [len(one) for one in hidden_by_frame(INFO, tables, hiding(hold="0.07 s"))] == [1, 1, 1, 1, 1, 0]
    cut = replace(INFO, cuts=[3])
    assert [len(one) for one in hidden_by_frame(cut, tables, hiding(hold=2))] == [1, 1, 1, 0, 0, 0]
    some = list(hidden_by_frame(INFO, tables, hiding(hold=1), wanted={1, 4}))
    assert [len(one) for one in some] == [0, 1, 0, 0, 0, 0]
    assert same_areas(some[1], areas[1])


SIZES = [(0.001, 5), (HELD_WHOLE - 1e-6, 5), (0.09, 2), (HELD_LEAST, 1), (0.9, 1)]
"""Share of the picture, and the frames on either side of five in which it is held: of 0.09 half way, 0.6, nearly."""


@pytest.mark.parametrize(("share", "reach"), SIZES)
def test_large_objects_are_held_for_less_of_a_time_and_for_all_of_a_number(
    tmp_path: Path, share: float, reach: int
) -> None:
    assert LEAST == 1 / 5
    side = share**0.5
    frames = [found()] * 6 + [found(("person", 0.9, (0.0, 0.0, side, side)))] + [found()] * 6
    tables = tables_of(tmp_path, *frames)
    for hold, expected in (("0.17 s", reach), (5, 5)):
        held = [bool(areas) for areas in hidden_by_frame(INFO, tables, hiding(hold=hold))]
        assert held == [abs(row - 6) <= expected for row in range(13)], hold


def test_what_people_drop_add_or_confirm_decides(tmp_path: Path) -> None:
    """Confirmed, it is as sure as what people added, however much it hides."""
    weak = tracked(0.15, 0.02, 0.9)
    frames = [found(("person", 0.9, MIDDLE)), weak]
    said = [{"drop": {"class": "person", "to_s": 0.01}}, {"confirm": {"track": 1}}]
    added = {"add": {"class": "tv", "from_s": 0, "to_s": 0.01, "box": list(CORNER)}}
    plain = list(hidden_by_frame(INFO, tables_of(tmp_path / "0", *frames), hiding()))
    assert [len(one) for one in plain] == [1, 0]
    tables = tables_of(tmp_path / "1", *frames, corrections=json.dumps([*said, added]))
    changed = list(hidden_by_frame(INFO, tables, hiding()))
    assert [[(cause.name, cause.model) for area in one for cause in area.causes] for one in changed] == [
        [("tv", "")],
        [("person", "office")],
    ]


def test_frames_without_inference_are_refused(tmp_path: Path) -> None:
    for name, every in (("a", 1), ("b", 3)):
        path = tmp_path / f"{name}.parquet"
        with DetectionWriter(path, frames_path(path), METADATA) as writer:
            for n in range(6):
                writer.write(n, 1001 * n, 1001, inferred=n % every == 0, found=Detections.empty())
    refuse_gaps(read_tables([tmp_path / "a.parquet"], "v" * 64))
    both = read_tables([tmp_path / "a.parquet", tmp_path / "b.parquet"], "v" * 64)
    with pytest.raises(DataError, match=r"b\.parquet: 4 of 6 frames, the first 1.*detect\.every"):
        refuse_gaps(both)


def test_times_of_a_variable_rate_decide_what_is_held(tmp_path: Path) -> None:
    frames = [found(("person", 0.9, DOT)), found(), found(), found()]
    path = tmp_path / "a.parquet"
    write_detections(path, frames, pts=[0, 50, 100, 101], time_base=str(Fraction(1, 1000)), model="office")
    tables = read_tables([path], INFO.sha256)
    assert [len(one) for one in hidden_by_frame(INFO, tables, hiding(hold="0.1 s"))] == [1, 1, 1, 0]
