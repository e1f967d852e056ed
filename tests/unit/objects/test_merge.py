"""What is painted and counted: one steady mask an object and frame."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import found, random_detections, same

from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.objects.merge import Seen, merged

BOX = (0.2, 0.2, 0.6, 0.6)


def one(
    carried: int = 0, number: int = 0, box: tuple[float, float, float, float] = BOX, score: float = 0.9
) -> Detections:
    source = "flow" if carried else "detected"
    made = found(("cup", score, box), side=21)
    return replace(made, track_ids=(number,), carried=(carried,), sources=(source,))


def frame(*parts: Detections, before: float = 0, after: float = 0) -> Seen:
    return Seen(Detections.concatenate(parts), before, after)


def alone(seen: Seen) -> Detections:
    (made,) = merged([seen])
    return made


def pixels(made: Detections, i: int = 0) -> np.ndarray:
    patch = paste(made.masks[i], made.boxes[i], 101, 101, 0.5).trimmed()
    return np.array([patch.top, patch.left, patch.rows.stop - 1, patch.columns.stop - 1])


def test_what_was_found_counts_once_as_what_scores_most():
    made = alone(frame(one(score=0.4), one(score=0.8, box=(0.3, 0.2, 0.6, 0.6)), one(-1), one(2)))
    assert made.scores.tolist() == [pytest.approx(0.8)]
    assert made.boxes[0].tolist() == pytest.approx([0.3, 0.2, 0.6, 0.6])


def test_detections_without_a_track_stay_as_they_are():
    raw = random_detections(np.random.default_rng(1), 12)
    raw = replace(raw, track_ids=())
    for made in merged([frame(raw)] * 3):
        assert same(made, raw)


def test_a_missed_object_is_between_the_masks_from_both_sides():
    """Nearer in time weighs more: of masks one frame and three frames away, three to one."""
    both = alone(frame(one(1, box=(0.2, 0.2, 0.6, 0.6)), one(-3, box=(0.2, 0.3, 0.6, 0.7)), before=1, after=3))
    assert len(both) == 1
    assert both.carried == (1,)
    assert pixels(both) == pytest.approx([20, 20, 60, 60], abs=1)  # not [20, 25, 60, 65]
    middle = alone(frame(one(2, box=(0.2, 0.2, 0.6, 0.6)), one(-2, box=(0.2, 0.21, 0.6, 0.61)), before=2, after=2))
    assert len(middle) == 1
    assert pixels(middle).tolist()[0::2] == [20, 60]
    assert 20 <= pixels(middle)[1] <= 21


@pytest.mark.parametrize(
    ("carried", "before", "after", "kept"),
    [
        (1, 0, 0, False),  # the network looked here and did not find it
        (2, 0, 0, False),
        (1, 1, 4, True),
        (2, 2, 3, True),
        (2, 2, 2, True),
        (3, 3, 2, False),  # nearer to the look that saw nothing
        (4, 1, 4, False),  # a later look has seen nothing already
        (-1, 4, 1, True),
        (-2, 2, 2, False),  # the middle belongs to what was before
        (-3, 2, 3, False),
        (-1, math.inf, 1, True),
        (1, 1, math.inf, True),
    ],
)
def test_a_mask_from_one_side_counts_where_the_network_did_not_look_up_to_the_middle(carried, before, after, kept):
    assert len(alone(frame(one(carried), before=before, after=after))) == kept


def test_a_steady_object_is_not_changed_by_smoothing():
    given = one()
    for made in merged([frame(given)] * 5):
        assert np.array_equal(made.boxes, given.boxes)
        assert np.array_equal(made.masks[0], given.masks[0])
        assert made.scores == given.scores


def test_an_object_in_even_motion_is_not_held_back():
    boxes = [(0.2, 0.1 * k, 0.6, 0.1 * k + 0.3) for k in range(6)]
    for given, made in zip(boxes, merged([frame(one(box=box)) for box in boxes]), strict=True):
        assert made.boxes[0] == pytest.approx(given, abs=1e-6)


def test_a_box_that_jumps_for_one_frame_jumps_less():
    boxes = [BOX, BOX, (0.2, 0.3, 0.6, 0.7), BOX, BOX]
    made = [one.boxes[0][1] for one in merged([frame(one(box=box)) for box in boxes])]
    assert made == pytest.approx([0.2, 0.225, 0.25, 0.225, 0.2])


def test_masks_of_other_objects_are_not_mixed_in():
    left, right = one(number=1), one(number=2, box=(0.2, 0.7, 0.6, 0.9))
    made = list(merged([frame(left, right), frame(right, left), frame(left, right)]))
    assert made[1].track_ids == (2, 1)
    assert made[1].boxes == pytest.approx(np.array([right.boxes[0], left.boxes[0]]))


@pytest.mark.parametrize("seed", range(5))
def test_never_two_masks_of_one_track(seed):
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(8):
        some = random_detections(rng, 20)
        some = replace(some, carried=tuple(rng.integers(-4, 5, 20).tolist()))
        frames.append(Seen(some, float(rng.integers(0, 3)), float(rng.integers(0, 3))))
    count = 0
    for given, made in zip(frames, merged(frames), strict=True):
        numbers = [number for number in made.track_ids if number >= 0]
        assert len(numbers) == len(set(numbers))
        assert made.track_ids.count(-1) == given.found.track_ids.count(-1)
        count += len(numbers)
    assert count


def test_of_two_tracks_of_one_class_in_one_place_the_surer_counts():
    """A second, weaker opinion on one object is no second object; beside it, or of another class, it is."""
    sure, twin = one(number=3, score=0.8), one(number=1, score=0.4, box=(0.2, 0.25, 0.6, 0.65))
    beside, other = (
        one(number=2, score=0.3, box=(0.2, 0.45, 0.6, 0.85)),
        replace(twin, classes=("book",), track_ids=(5,)),
    )
    for made in merged([frame(twin, beside, other, sure)] * 3):
        assert made.track_ids == (2, 5, 3)
    assert alone(frame(one(number=1), one(number=0))).track_ids == (0,)


def test_one_mask_in_the_hole_of_another_is_an_object_of_its_own():
    ring = np.full((21, 21), 255, np.uint8)
    ring[4:17, 4:17] = 0
    both = Detections.concatenate([one(number=0), one(number=1)])
    both = replace(both, masks=(ring, np.where(ring == 0, 255, 0).astype(np.uint8)))
    assert alone(frame(both)).track_ids == (0, 1)


def test_no_frames_and_empty_frames():
    assert list(merged([])) == []
    assert [len(made) for made in merged([frame(Detections.empty())] * 3)] == [0, 0, 0]
