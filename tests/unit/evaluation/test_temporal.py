"""Figures over time of tiny videos, worked out by hand."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import PALETTE, TIME_BASE, found, write_detections
from scenes import info

from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.detections.masks import Patch
from objmask.evaluation.document import AnnotatedInstance
from objmask.evaluation.ground_truth_objects import (
    GroundTruthObject,
    GroundTruthObjects,
    annotated,
    referred,
    tells_apart,
)
from objmask.evaluation.identity import Identities
from objmask.evaluation.leaks import Leaks
from objmask.evaluation.steadiness import Consistency, Flicker, Presence
from objmask.evaluation.temporal import Temporal, TemporalSettings
from objmask.evaluation.videos import AnnotatedFrame
from objmask.objects.tables import read_tables

needs_motmetrics = pytest.mark.skipif(importlib.util.find_spec("motmetrics") is None, reason="needs motmetrics")
SHAPE = (20, 30)


def shown_object(
    number: int = 1, name: str = "person", top: int = 0, left: int = 0, height: int = 10, width: int = 10
) -> GroundTruthObject:
    return GroundTruthObject(number, name, Patch(top, left, np.ones((height, width), np.bool_)))


def area(top: int, left: int, height: int, width: int) -> np.ndarray:
    hidden = np.zeros(SHAPE, np.bool_)
    hidden[top : top + height, left : left + width] = True
    return hidden


def test_a_frame_leaks_when_less_than_95_percent_of_an_object_is_hidden():
    leaks = Leaks({"person"})
    assert leaks.add((shown_object(),), area(0, 0, 10, 10), 0.1) == []
    assert leaks.add((shown_object(),), area(0, 0, 10, 30), 0.1) == []
    almost = area(0, 0, 10, 10)
    almost[0, :5] = False
    assert leaks.add((shown_object(),), almost, 0.1) == []
    almost[0, 5] = False
    assert [one.number for one in leaks.add((shown_object(),), almost, 0.1)] == [1]
    assert (leaks.frames, leaks.leaked, leaks.longest) == (4, 1, 1)
    assert (leaks.sensitive, leaks.sensitive_hidden) == (400, 100 + 100 + 95 + 94)
    assert (leaks.other, leaks.other_hidden) == (4 * 500, 200)


def test_frames_without_a_sensitive_object_make_no_rate_better():
    leaks = Leaks({"person"})
    leaks.add((shown_object(),), area(0, 0, 0, 0), 0.1)
    for shown_objects in ((), (shown_object(name="cup"),)):
        leaks.add(shown_objects, area(0, 0, 0, 0), 0.1)
    assert (leaks.frames, leaks.leaked) == (1, 1)


def test_the_longest_leak_is_one_object_on_end():
    """Two objects that leak one after the other, and one that leaks twice, are no long leak."""
    leaks = Leaks({"person"})
    one, other = shown_object(1), shown_object(2, left=15)
    for shown_objects, hidden in (
        ((one, other), area(0, 15, 10, 10)),
        ((one, other), area(0, 0, 10, 10)),
        ((one, other), area(0, 0, 20, 30)),
        ((one, other), area(0, 0, 10, 10)),
    ):
        leaks.add(shown_objects, hidden, 0.5)
    assert (leaks.leaked, leaks.longest, leaks.longest_s) == (3, 1, 0.5)
    leaks.add((one, other), area(0, 0, 10, 10), 0.25)
    assert (leaks.longest, leaks.longest_s) == (2, 0.75)
    leaks.end_video()
    leaks.add((one, other), area(0, 0, 10, 10), 0.5)
    assert leaks.longest == 2


def labels(*groups_at: tuple[int, tuple[int, int, int, int]]) -> np.ndarray:
    made = np.zeros(SHAPE, np.uint8)
    for group, place in groups_at:
        made[area(*place)] = group
    return made


PAINTED, BARE = labels((1, (0, 0, 10, 10))), labels()


@pytest.mark.parametrize(
    ("pictures", "events", "painted"),
    [
        ([PAINTED] * 4, 0, 4),
        ([BARE] * 4, 0, 0),  # nothing flickers never: recall beside it says why
        ([PAINTED, BARE, PAINTED, BARE], 3, 2),
        ([labels((2, (0, 0, 10, 10))), PAINTED], 1, 1),  # another group's colour is not its own
        ([labels((1, (0, 0, 5, 10))), labels((1, (0, 0, 4, 10)))], 1, 1),  # half of it counts
    ],
)
def test_flicker_counts_paint_that_comes_and_goes_while_the_object_stays(pictures, events, painted):
    flicker = Flicker(PALETTE.index_of)
    for picture in pictures:
        flicker.add((shown_object(),), picture, 0.5)
    assert (flicker.events, flicker.painted, flicker.sights) == (events, painted, len(pictures))
    assert flicker.per_object_minute == pytest.approx(events / (len(pictures) * 0.5 / 60))


def test_paint_is_in_place_on_an_object_of_its_group():
    flicker = Flicker(PALETTE.index_of)
    flicker.add((shown_object(), shown_object(2, "cup", left=5)), labels((1, (0, 0, 10, 20)), (3, (0, 12, 5, 8))), 0.5)
    assert (flicker.painted_px, flicker.right_px) == (200, 100 + 3 * 5)


def test_an_object_that_comes_or_goes_itself_does_not_flicker():
    flicker = Flicker(PALETTE.index_of)
    for shown_objects, picture in (((), BARE), ((shown_object(),), PAINTED), ((), PAINTED), ((shown_object(),), BARE)):
        flicker.add(shown_objects, picture, 0.5)
    flicker.end_video()
    flicker.add((shown_object(),), PAINTED, 0.5)
    flicker.add((shown_object(name="dog"),), BARE, 0.5)
    assert (flicker.events, flicker.sights) == (0, 3)
    assert math.isnan(Flicker(PALETTE.index_of).per_object_minute)


def test_groups_that_come_and_go_when_nobody_knows_what_is_there():
    presence = Presence()
    for picture in (PAINTED, labels((1, (0, 0, 1, 1)), (3, (5, 5, 2, 2))), BARE):
        presence.add(picture, 1.0)
    presence.end_video()
    presence.add(PAINTED, 1.0)
    assert presence.events == 3
    assert presence.per_group_minute == pytest.approx(3 / (4 / 60))


def back(dx: float) -> np.ndarray:
    motion = np.zeros((*SHAPE, 2), np.float32)
    motion[..., 0] = -dx
    return motion


def test_paint_that_moves_with_the_picture_is_consistent():
    consistency = Consistency(SHAPE)
    for k in range(4):
        consistency.add(labels((1, (2, 3 * k, 10, 8))), back(3) if k else None)
    assert consistency.mean == 1
    consistency.add(labels((1, (2, 9, 10, 8))), back(3))
    assert consistency.sum - 3 == pytest.approx(5 / 11)


def test_what_comes_into_the_picture_is_no_inconsistency():
    consistency = Consistency(SHAPE)
    consistency.add(labels(), None)
    consistency.add(labels((1, (0, 0, 20, 3))), back(3))
    assert math.isnan(consistency.mean)
    consistency.add(labels((2, (0, 0, 20, 10))), back(0))
    assert (consistency.sum, consistency.count) == (0, 2)
    consistency.end_video()
    consistency.add(PAINTED, back(0))
    assert consistency.count == 2


@needs_motmetrics
def test_identities_are_as_motmetrics_counts_them():
    """Eight frames of two objects; in the last two their tracks change places."""
    identities = Identities()
    one, other = shown_object(1), shown_object(2, left=15)
    for k in range(8):
        numbers = (7, 9) if k < 6 else (9, 7)
        identities.add((one, other), list(zip(numbers, (one.patch, other.patch), strict=True)))
    identities.end_video()
    made = identities.figures()
    assert (made.idf1, made.switches) == (pytest.approx(12 / 16), 2)
    for _ in range(8):
        identities.add((one,), [(7, one.patch)])
    identities.add((one,), [])
    identities.add((), [(3, one.patch)])
    identities.end_video()
    made = identities.figures()
    assert (made.idf1, made.switches) == (pytest.approx(2 * 20 / (25 + 25)), 2)


@needs_motmetrics
def test_a_mask_that_covers_less_than_half_is_another_object():
    identities = Identities()
    identities.add((shown_object(),), [(1, shown_object(left=4).patch)])
    identities.end_video()
    assert identities.figures().idf1 == 0
    assert math.isnan(Identities().figures().idf1)


PERSON, CUP = ("person", 0.9, (0.0, 0.0, 0.5, 0.5)), ("cup", 0.9, (0.6, 0.6, 0.9, 0.9))


def settings(*, tracks: bool = False, hold: int = 0) -> TemporalSettings:
    privacy = Hiding(objects=frozenset({"person", "tv"}), shape="box", grow=0.0, hold=hold)
    return TemporalSettings(privacy, PALETTE, 0.3, 0.5, tracks)


def judge(
    folder: Path, frames: list[Detections], ground_truth: list[GroundTruthObjects | None], **changes: object
) -> tuple[Temporal, list[int]]:
    video = replace(info(64, 48), sha256="v" * 64, time_base=TIME_BASE)
    path = folder / "a.parquet"
    write_detections(path, frames)
    made = Temporal(settings(**changes))  # type: ignore[arg-type]
    return made, made.add(video, read_tables([path], video.sha256), ground_truth, [None] * len(frames))


def test_a_video(tmp_path):
    shown_objects: GroundTruthObjects = (shown_object(width=20, height=20), shown_object(2, "cup", 30, 40, 10, 15))
    frames = [found(PERSON, CUP), found(CUP), found(), found(PERSON), found(PERSON, CUP)]
    made, leaking = judge(tmp_path, frames, [shown_objects] * 5)
    figures = made.figures()
    assert leaking == [1, 2]
    assert figures["sensitive_frames"] == 5
    assert figures["leaked_per_1000"] == 400
    assert figures["longest_leak_frames"] == 2
    assert figures["longest_leak_s"] == pytest.approx(2002 / 30000)
    assert figures["hidden_share"] == pytest.approx(3 / 5)
    assert 0 < figures["over_blur"] < 0.2
    assert figures["painted_share"] == pytest.approx(6 / 10)
    assert figures["flicker_per_object_minute"] == pytest.approx(4 / (10 * 1001 / 30000 / 60))
    assert math.isnan(figures["consistency"])
    assert math.isnan(figures["id_switches"])
    held, _ = judge(tmp_path, frames, [shown_objects] * 5, hold=1)
    assert held.figures()["leaked_per_1000"] == 0
    assert held.figures()["over_blur"] > figures["over_blur"]


def test_empty_masks_better_no_figure(tmp_path):
    """Nothing found: all leaks, nothing painted; what cannot be said is no number, never a perfect one."""
    made, leaking = judge(tmp_path, [Detections.empty()] * 5, [(shown_object(),)] * 5)
    figures = made.figures()
    assert leaking == [0, 1, 2, 3, 4]
    assert (figures["leaked_per_1000"], figures["hidden_share"], figures["painted_share"]) == (1000, 0, 0)
    assert math.isnan(figures["consistency"])
    assert math.isnan(figures["group_flicker_per_minute"])


def test_frames_whose_truth_is_not_known_count_for_nothing(tmp_path):
    made, leaking = judge(tmp_path, [Detections.empty()] * 3, [(shown_object(),), None, (shown_object(),)])
    assert leaking == [0, 2]
    assert (made.leaks.frames, made.leaks.longest, made.flicker.events) == (2, 1, 0)


def test_the_truth_is_read_frame_by_frame(tmp_path):
    """That of a long video would not fit memory."""
    video = replace(info(64, 48), sha256="v" * 64, time_base=TIME_BASE)
    write_detections(tmp_path / "a.parquet", [found(PERSON)] * 4)
    read = 0

    def truth() -> Iterator[GroundTruthObjects | None]:
        nonlocal read
        for known in (True, False, True, True):
            read += 1
            yield (shown_object(),) if known else None

    def backs() -> Iterator[None]:
        for row in range(4):
            assert read == row + 1
            yield None

    made = Temporal(settings())
    assert made.add(video, read_tables([tmp_path / "a.parquet"], video.sha256), truth(), backs()) == []
    assert (read, made.frames) == (4, 3)


def test_a_video_of_which_nothing_is_known(tmp_path):
    made, leaking = judge(tmp_path, [found(PERSON)] * 2, [None, None])
    assert leaking == []
    assert math.isnan(made.figures()["leaked_per_1000"])


class Frame(AnnotatedFrame):
    """Whose masks are squares at the place that an instance names."""

    def mask(self, instance: AnnotatedInstance) -> np.ndarray:
        top, left, side = instance.segmentation
        made = np.zeros((self.height, self.width), np.uint8)
        made[top : top + side, left : left + side] = 1
        return made


def test_annotations_say_which_object_they_are_about():
    objects = [
        AnnotatedInstance("person", place, (0, 0, 1, 1), 1.0, False, number)
        for number, place in ((4, (2, 3, 8)), (5, (9, 9, 4)))
    ]
    frames = {2: Frame("a", 2, 20, 30, tuple(objects))}
    assert list(annotated(frames, [0, 1])) == [None, None]
    ((one,),) = annotated(frames, [2])  # the other has too few pixels
    assert (one.number, one.patch.top, one.patch.left, one.patch.mask.shape) == (4, 2, 3, (8, 8))
    for unsaid in (None, -1):
        some = {**frames, 3: Frame("a", 3, 20, 30, (replace(objects[0], number=unsaid),))}
        assert not tells_apart(some.values())
        assert [
            shown_objects and [one.number for one in shown_objects] for shown_objects in annotated(some, [1, 2, 3])
        ] == [None, [-1], [-1]]
    crowd = replace(objects[0], number=None, crowd=True)
    some = {2: Frame("a", 2, 20, 30, (objects[0], crowd))}
    assert tells_apart(some.values())
    assert not tells_apart([Frame("a", 2, 20, 30, (objects[0], objects[0]))])
    assert [(one.number, one.crowd) for one in next(annotated(some, [2])) or ()] == [(4, False), (-1, True)]
    assert not any(one.crowd for one in next(annotated(some, [2], crowds=True)) or ())


def test_crowds_are_neither_right_nor_wrong():
    crowd = replace(shown_object(-1, left=15), crowd=True)
    leaks, flicker = Leaks({"person"}), Flicker(PALETTE.index_of)
    leaks.add((shown_object(), crowd), area(0, 0, 10, 30), 0.1)
    assert (leaks.sensitive, leaks.other, leaks.other_hidden) == (100, 400, 100)
    assert leaks.add((shown_object(), crowd), area(0, 0, 10, 10), 0.1) == []
    assert leaks.add((crowd,), area(0, 0, 0, 0), 0.1) == []
    assert (leaks.frames, leaks.leaked) == (2, 0)
    flicker.add((shown_object(), crowd), labels((1, (0, 0, 10, 30))), 0.5)
    assert (flicker.sights, flicker.painted_px, flicker.right_px) == (1, 200, 100)
    flicker.add((crowd,), BARE, 0.5)
    assert (flicker.sights, flicker.seconds, flicker.events) == (1, 0.5, 0)


@needs_motmetrics
def test_a_track_on_a_crowd_is_no_mistake():
    one, crowd = shown_object(), replace(shown_object(-1, left=15, width=12), crowd=True)
    identities = Identities()
    for _ in range(3):
        identities.add((one, crowd), [(7, one.patch), (8, shown_object(left=15, height=5).patch)])
        identities.add((one, crowd), [(7, one.patch), (9, shown_object(left=12, width=6, top=5).patch)])
    identities.end_video()
    made = identities.figures()
    assert (made.idf1, made.switches) == (pytest.approx(2 * 6 / (6 + 9)), 0)  # track 9 lies on it by a quarter


def test_a_better_model_stands_in_where_it_was_sure():
    sure = replace(
        found(PERSON, CUP, ("tv", 0.4, CUP[2])),
        track_ids=(0, 1, 2),
        carried=(0, 2, 0),
        sources=("detected", "flow", "detected"),
    )
    raw = found(PERSON)
    ground_truth = list(referred([sure, raw, Detections.empty()], info(64, 48), score=0.5, threshold=0.5))
    assert [[one.number for one in shown_objects] for shown_objects in ground_truth] == [[0], [], []]
