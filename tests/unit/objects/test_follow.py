"""Objects keep their ids, and what was missed is filled in from both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import found

from objmask.detections.arrays import Detections
from objmask.objects.follow import CONFIRMED, SHRUNK, Follower, Sight
from objmask.objects.merge import Seen, merged
from objmask.objects.motion import Motion

SIZE = (61, 101)
STEP_S = 0.0999
GAP_S, EXTEND_S = 0.5, 0.2
Place = Callable[[int], tuple[float, float]]


def square(row: int, at: Place, side: float = 0.2) -> tuple[float, float, float, float]:
    y, x = at(row)
    return y, x, y + side, x + side


def still(row: int) -> tuple[float, float]:
    return 0.3, 0.4


def drifting(row: int) -> tuple[float, float]:
    """Two pixels of the grid to the right a frame."""
    return 0.3, 0.02 * row


def panning(dx: float = 2.0) -> Motion:
    back, forth = (np.full((*SIZE, 2), 0, np.float32) for _ in range(2))
    back[..., 0], forth[..., 0] = -dx, dx
    return Motion(back, forth)


STILL = panning(0)


def sights(frames: Sequence[Detections | None], motion: Motion | None = STILL, step_s: float = STEP_S) -> list[Sight]:
    """None: the network did not look."""
    return [
        Sight(row * step_s, one is not None, one or Detections.empty(), motion if row else None)
        for row, one in enumerate(frames)
    ]


def seen(rows: int, at: Place, missed: Sequence[int] = (), name: str = "cup", score: float = 0.9) -> list[Detections]:
    return [found(*([] if row in missed else [(name, score, square(row, at))]), side=33) for row in range(rows)]


def follow(given: Sequence[Sight], gap_s: float = GAP_S, extend_s: float = EXTEND_S) -> list[Detections]:
    return list(Follower(SIZE, gap_s=gap_s, extend_s=extend_s).follow(given))


def carried(frame: Detections) -> list[int]:
    return sorted(frame.carried)


def test_what_is_found_in_every_frame_is_left_as_it_is():
    frames = seen(12, drifting)
    for row, (before, after) in enumerate(zip(frames, follow(sights(frames, panning())), strict=True)):
        assert after.track_ids == (0,), row
        assert after.carried == (0,)
        assert np.array_equal(after.boxes, before.boxes)
        assert np.array_equal(after.masks[0], before.masks[0])


@pytest.mark.parametrize("motion", [panning(), None], ids=["flow", "straight line"])
def test_a_gap_is_filled_from_both_sides(motion):
    frames = seen(20, drifting, missed=(8, 9, 10))
    filled = follow(sights(frames, motion))
    assert [carried(frame) for frame in filled[7:12]] == [[0], [-3, 1], [-2, 2], [-1, 3], [0]]
    for row in (8, 9, 10):
        assert filled[row].track_ids == (0, 0)
        for box in filled[row].boxes:
            middle = (box[:2] + box[2:]) / 2
            assert middle == pytest.approx([0.4, 0.02 * row + 0.1], abs=0.012)
    assert {source for frame in filled for source in frame.sources} == {
        "detected",
        "tracked" if motion is None else "flow",
    }


def test_a_gap_longer_than_gap_s_is_not_bridged():
    """Found four frames before and four after, so it is carried on for `extend_s` and no farther."""
    filled = follow(sights(seen(16, still, missed=range(4, 12))))
    assert [carried(frame) for frame in filled[3:13]] == [[0], [1], [2], [], [], [], [], [-2], [-1], [0]]
    assert filled[0].track_ids != filled[15].track_ids


@pytest.mark.parametrize(("gap", "same"), [(4, True), (5, False)])
def test_gap_s_is_the_time_between_two_finds(gap, same):
    frames = seen(24, still, missed=range(8, 8 + gap))
    filled = follow(sights(frames, step_s=0.1000001))
    assert (filled[0].track_ids == filled[-1].track_ids) is same


def test_entry_and_exit_of_a_sure_object_are_extended():
    frames = [*seen(5, still, missed=range(5)), *seen(CONFIRMED, still), *seen(5, still, missed=range(5))]
    filled = follow(sights(frames))
    assert [carried(frame) for frame in filled] == [[], [], [], [-2], [-1], [0], [0], [0], [1], [2], [], [], []]


@pytest.mark.parametrize("gap_s", [0, 0.1, 2])
def test_an_exit_is_extended_as_far_as_an_entry_however_soon_an_object_counts_as_lost(gap_s):
    frames = [*seen(6, still, missed=range(6)), *seen(CONFIRMED, still), *seen(6, still, missed=range(6))]
    filled = follow(sights(frames), gap_s, 0.4)
    assert [carried(frame) for frame in filled[:6]] == [[], [], [-4], [-3], [-2], [-1]]
    assert [carried(frame) for frame in filled[-6:]] == [[1], [2], [3], [4], [], []]


def test_what_only_goes_on_after_its_end_is_not_found_again():
    filled = follow(sights(seen(9, still, missed=(3, 4, 5))), 0.15, 0.4)
    assert [frame.track_ids[frame.carried.index(0)] for frame in filled if 0 in frame.carried] == [0] * 3 + [1] * 3


def test_an_entry_is_extended_however_long_it_takes_until_an_object_is_sure():
    frames = [*seen(4, still, missed=range(4)), *seen(9, still, missed=(1, 2, 3, 5, 6, 7)), *seen(1, still)]
    filled = follow(sights(frames))
    assert [carried(frame) for frame in filled[:5]] == [[], [], [-2], [-1], [0]]


def test_what_is_hardly_ever_found_is_not_carried_on():
    frames = [*seen(4, still, missed=range(4)), *seen(CONFIRMED - 1, still), *seen(8, still, missed=range(8))]
    filled = follow(sights(frames))
    assert [len(frame) for frame in filled] == [0] * 4 + [1] * (CONFIRMED - 1) + [0] * 8


@pytest.mark.parametrize("every", [2, 3, 5, 30])
def test_no_frame_that_the_network_did_not_see_is_left_without(every):
    """Also where an object comes between two looks: it may have been there in any of the frames between."""
    count = 3 * every + 1
    whole = seen(count, still, missed=range(every))
    filled = follow(sights([one if row % every == 0 else None for row, one in enumerate(whole)]))
    for row in range(1, count):
        assert len(filled[row]) >= 1, row


def test_of_an_object_that_leaves_the_frames_between_looks_are_filled():
    every, count = 5, 16
    whole = seen(count, still, missed=range(6, count))
    filled = follow(sights([one if row % every == 0 else None for row, one in enumerate(whole)]))
    assert [len(frame) > 0 for frame in filled[:10]] == [True] * 10
    assert len(filled[10]) == 0


def test_objects_that_cross_keep_their_ids():
    """One passes the other, each with its own motion; they share most of their pixels in the middle."""

    def right(row: int) -> tuple[float, float]:
        return 0.3, 0.1 + 0.02 * row

    def down(row: int) -> tuple[float, float]:
        return 0.0 + 0.03 * row, 0.3

    one, other = seen(25, right), seen(25, down, name="book")
    filled = follow(sights([Detections.concatenate(pair) for pair in zip(one, other, strict=True)], STILL))
    assert {frame.track_ids for frame in filled} == {(0, 1)}


def test_two_opinions_on_one_object_are_one_track():
    both = [
        Detections.concatenate(pair)
        for pair in zip(seen(10, still, name="tv"), seen(10, still, name="laptop", score=0.5), strict=True)
    ]
    filled = follow(sights(both))
    assert {frame.track_ids for frame in filled} == {(0, 0)}
    assert {frame.found_as for frame in filled} == {("tv", "laptop")}


def test_a_video_of_nothing_and_one_of_a_single_frame():
    assert follow([]) == []
    (alone,) = follow(sights(seen(1, still)))
    assert (alone.track_ids, alone.carried) == ((0,), (0,))
    assert [len(one) for one in follow(sights([Detections.empty()] * 40))] == [0] * 40
    assert [len(one) for one in follow(sights([None] * 40))] == [0] * 40


def test_an_object_that_leaves_the_picture_leaves_nothing_behind():
    frames = [*seen(6, lambda row: (0.3, 0.7 + 0.02 * row)), *seen(8, still, missed=range(8))]
    filled = follow(sights(frames, panning(30)))
    assert [len(frame) for frame in filled[6:]] == [0] * 8


@pytest.mark.parametrize("missed", [0.0, 0.3])
def test_memory_does_not_grow_with_the_video(missed):
    """Of 2,000 frames no more wait than a second has, however long objects stay."""
    rng = np.random.default_rng(3)
    waiting, most = 0, 0
    frames = seen(2000, still, missed=np.flatnonzero(rng.random(2000) < missed).tolist())

    def given() -> object:
        nonlocal waiting, most
        for sight in sights(frames):
            waiting += 1
            most = max(most, waiting)
            yield sight

    for _ in Follower(SIZE, gap_s=GAP_S, extend_s=EXTEND_S).follow(given()):
        waiting -= 1
    assert waiting == 0
    assert most <= 1 + (GAP_S + EXTEND_S + STEP_S) / STEP_S + 1


def both(first: Sequence[Detections | None], second: Sequence[Detections | None], motion: Motion | None) -> list[Sight]:
    """Two scenes on end; what flow says of a cut is nonsense."""
    joined = sights([*first, *second], motion)
    cut = len(first)
    joined[cut] = replace(joined[cut], motion=panning(30) if motion else None, begins=True)
    return joined


@pytest.mark.parametrize("motion", [STILL, None], ids=["flow", "straight line"])
@pytest.mark.parametrize("missed", [(), (11, 12), (10, 13), (2, 9, 11, 21)])
def test_each_side_of_a_cut_is_followed_as_if_it_were_alone(motion, missed):
    frames = seen(22, still, missed)
    frames = [None if row in (4, 5, 16) else one for row, one in enumerate(frames)]
    first, second = frames[:12], frames[12:]
    alone = follow(sights(first, motion)), follow(sights(second, motion))
    tracks = max((max(one.track_ids, default=-1) for one in alone[0]), default=-1) + 1
    joined = follow(both(first, second, motion))
    assert len(joined) == len(frames)
    for one, expected in zip(joined, [*alone[0], *alone[1]], strict=True):
        assert one.carried == expected.carried
        assert np.array_equal(one.boxes, expected.boxes)
        assert all(map(np.array_equal, one.masks, expected.masks))
    for one, expected in zip(joined[12:], alone[1], strict=True):
        assert one.track_ids == tuple(number + tracks for number in expected.track_ids)


def test_without_a_cut_the_same_frames_are_filled_in():
    frames = seen(22, still, (10, 11, 12, 13))
    assert [len(one) for one in follow(sights(frames))] == [1] * 10 + [2] * 4 + [1] * 8
    # At the cut each side goes on for as long as objects are hidden beyond their ends, and no further.
    assert [len(one) for one in follow(both(frames[:12], frames[12:], STILL))] == [1] * 22
    assert [len(one) for one in follow(both(frames[:12], frames[12:], STILL), extend_s=0)] == [1] * 10 + [0] * 4 + [
        1
    ] * 8


def part(row: int, share: float, at: Place = still, score: float = 0.9) -> Detections:
    """The left part of the square, with such a share of its pixels."""
    y, x, bottom, right = square(row, at)
    return found(("cup", score, (y, x, bottom, x + (right - x) * share)), side=33)


def shrinking(
    rows: int, shares: Mapping[int, float], at: Place = still, missed: Sequence[int] = ()
) -> list[Detections]:
    """Of each row not said otherwise the share of the last one that is said; at first all of it."""
    frames, share = [], 1.0
    for row in range(rows):
        share = shares.get(row, share)
        frames.append(found() if row in missed else part(row, share, at))
    return frames


def spans_of(frame: Detections) -> list[tuple[float, float]]:
    """From which to which column of the grid each mask reaches."""
    return [(float(box[1]) * (SIZE[1] - 1), float(box[3]) * (SIZE[1] - 1)) for box in frame.boxes]


@pytest.mark.parametrize("motion", [panning(), None], ids=["flow", "straight line"])
def test_what_a_mask_suddenly_loses_is_carried_on_for_gap_s_and_no_longer(motion):
    """The network still finds the object, but half of it: the other half is there all the same."""
    at = drifting if motion else still
    filled = follow(sights(shrinking(24, {10: 0.5}, at), motion))
    # Found whole in row 9, so until half a second after that, in frames of a tenth of a second.
    assert [carried(frame) for frame in filled] == [[0]] * 10 + [[0, k] for k in range(1, 6)] + [[0]] * 9
    for row in range(10, 15):
        assert filled[row].track_ids == (0, 0)
        assert filled[row].sources == ("detected", "flow" if motion else "tracked")
        left = at(row)[1] * (SIZE[1] - 1)
        [_, (first, last)] = spans_of(filled[row])
        # All of it, where it is now.
        assert first == pytest.approx(left, abs=1.5)
        assert last == pytest.approx(left + 20, abs=1.5)


@pytest.mark.parametrize(("share", "lost"), [(SHRUNK - 0.08, True), (SHRUNK + 0.08, False), (1.0, False), (1.4, False)])
def test_less_than_a_share_of_the_pixels_is_suddenly(share, lost):
    filled = follow(sights(shrinking(14, {6: share})))
    assert (len(filled[6]) == 2) is lost


def test_what_shrinks_little_by_little_loses_nothing():
    filled = follow(sights(shrinking(12, {row: 0.75 ** (row - 2) for row in range(3, 9)})))
    assert [carried(frame) for frame in filled] == [[0]] * 12


@pytest.mark.parametrize("share", [1.0, SHRUNK + 0.08])
def test_a_mask_that_grows_back_ends_it(share):
    filled = follow(sights(shrinking(20, {6: 0.4, 8: share})))
    assert [carried(frame) for frame in filled] == [[0]] * 6 + [[0, 1], [0, 2]] + [[0]] * 12


def test_a_mask_that_grows_back_a_little_does_not_end_it():
    filled = follow(sights(shrinking(20, {6: 0.4, 8: 0.5})))
    assert [carried(frame) for frame in filled] == [[0]] * 6 + [[0, k] for k in range(1, 6)] + [[0]] * 9


def test_what_shrinks_twice_loses_twice():
    """The half that is left in row 6 and lost in row 9 goes on as long after its last find as the whole did."""
    filled = follow(sights(shrinking(20, {6: 0.5, 9: 0.2})))
    assert [carried(frame) for frame in filled[5:16]] == [
        *([0], [0, 1], [0, 2], [0, 3], [0, 1, 4], [0, 2, 5], [0, 3], [0, 4], [0, 5], [0], [0]),
    ]


def test_what_grows_back_to_the_smaller_of_two_losses_ends_that_one():
    filled = follow(sights(shrinking(20, {6: 0.5, 8: 0.2, 9: 0.45})))
    assert [carried(frame) for frame in filled[5:12]] == [[0], [0, 1], [0, 2], [0, 1, 3], [0, 4], [0, 5], [0]]


def test_it_flickers_and_the_whole_is_there_in_every_frame():
    filled = follow(sights(shrinking(21, {row: 1.0 - 0.6 * (row % 2) for row in range(21)})))
    for row, frame in enumerate(filled):
        assert max(last for _, last in spans_of(frame)) == pytest.approx(60, abs=1.5), row
        assert len(frame) == 1 + row % 2


def test_what_is_lost_is_carried_on_while_the_rest_is_missed():
    """In row 8 nothing is found: what is carried is the rest, from both sides, and what was lost before."""
    filled = follow(sights(shrinking(18, {6: 0.5}, missed=[8])))
    assert [carried(frame) for frame in filled[5:12]] == [[0], [0, 1], [0, 2], [-1, 1, 3], [0, 4], [0, 5], [0]]


def test_what_is_lost_across_a_gap_counts_from_when_it_was_last_found():
    filled = follow(sights(shrinking(18, {8: 0.5}, missed=[6, 7])))
    assert [carried(frame) for frame in filled[5:13]] == [[0], [-2, 1], [-1, 2], [0, 3], [0, 4], [0, 5], [0], [0]]


def test_frames_that_the_network_does_not_see_have_it_too():
    frames = [one if row % 2 == 0 else None for row, one in enumerate(shrinking(20, {10: 0.5}))]
    filled = follow(sights(frames))
    whole = [any(last > 58 for _, last in spans_of(frame)) for frame in filled]
    # Row 8 is the last one with all of it; row 9, between the two, has the mask from before.
    assert whole == [True] * 14 + [False] * 6


@pytest.mark.parametrize("motion", [STILL, None], ids=["flow", "straight line"])
def test_nothing_that_is_lost_is_carried_across_a_cut(motion):
    frames = shrinking(24, {10: 0.5})
    joined = follow(both(frames[:12], frames[12:], motion))
    assert [carried(frame) for frame in joined] == [[0]] * 10 + [[0, 1], [0, 2]] + [[0]] * 12
    # The first frame of a scene has lost nothing to the last one of another.
    joined = follow(both(frames[:10], frames[10:], motion))
    assert [carried(frame) for frame in joined] == [[0]] * 24


def test_of_two_objects_one_shrinks():
    other = seen(16, lambda row: (0.7, 0.1), name="book")
    pairs = zip(shrinking(16, {6: 0.5}), other, strict=True)
    filled = follow(sights([Detections.concatenate(pair) for pair in pairs]))
    assert [sorted(zip(frame.track_ids, frame.carried, strict=True)) for frame in filled[5:8]] == [
        [(0, 0), (1, 0)],
        [(0, 0), (0, 1), (1, 0)],
        [(0, 0), (0, 2), (1, 0)],
    ]


def test_what_leaves_the_picture_while_it_is_lost_is_gone():
    frames = [*shrinking(8, {6: 0.5}, lambda row: (0.3, 0.75)), *seen(6, still, missed=range(6))]
    motion = [None, *[STILL] * 7, *[panning(12)] * 6]
    given = [replace(sight, motion=one) for sight, one in zip(sights(frames), motion, strict=True)]
    filled = follow(given)
    assert [len(frame) for frame in filled[:8]] == [1] * 6 + [2] * 2
    # 20 pixels from column 75 on leave a grid of 101 by 12 pixels a frame.
    assert [len(frame) for frame in filled[10:]] == [0] * 4


def test_painting_uses_the_mask_that_was_found():
    """What is lost is hidden for a while, and not painted."""
    filled = follow(sights(shrinking(16, {6: 0.5})))
    scored = [replace(one, scores=np.full(len(one), 0.9, np.float32), found_scores=()) for one in filled]
    objects = list(merged(Seen(one, 0, 0) for one in scored))
    assert [len(one) for one in objects] == [1] * 16
    assert all(one.carried == (0,) for one in objects)
    assert objects[8].boxes[0].tolist() == pytest.approx(list(part(8, 0.5).boxes[0]))
