"""Masks as runs: the same bytes as pycocotools makes, the same pixels as it reads, and no others from damaged ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pycocotools import mask as coco

from objmask.detections.masks import Patch
from objmask.detections.runs import area_of, decode, encode, joined, map_of, spans_in, spans_of

Mask = npt.NDArray[np.bool_]


def theirs(mask: Mask) -> bytes:
    counts: bytes = coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
    return counts


def whole(patch: Patch, height: int, width: int) -> Mask:
    picture = np.zeros((height, width), np.bool_)
    picture[patch.rows, patch.columns] = patch.mask
    return picture


def pixels_of(spans: npt.NDArray[np.int64], height: int, width: int) -> Mask:
    flat = np.zeros(height * width, np.bool_)
    for first, stop in spans:
        flat[first:stop] = True
    return flat.reshape(width, height).T


@st.composite
def masks(draw: st.DrawFn, most: int = 60, size: tuple[int, int] | None = None) -> Mask:
    """Noise of any density, a blob, lines over whole columns or rows, nothing, or everything."""
    height, width = size or (draw(st.integers(1, most)), draw(st.integers(1, most)))
    kind = draw(st.sampled_from(["noise", "blob", "columns", "rows"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    density = draw(st.sampled_from([0.0, 0.02, 0.5, 0.98, 1.0]))
    if kind == "noise":
        return rng.random((height, width)) < density
    if kind == "blob":
        y, x = np.mgrid[:height, :width]
        (cy, ry), (cx, rx) = (rng.random(2) * side for side in (height, width))
        return np.asarray(((y - cy) / (ry + 1)) ** 2 + ((x - cx) / (rx + 1)) ** 2 <= 1)
    line = rng.random(width if kind == "columns" else height) < density
    return np.broadcast_to(line if kind == "columns" else line[:, None], (height, width)).copy()


def check(mask: Mask) -> None:
    height, width = mask.shape
    counts = encode(Patch(0, 0, mask), height, width)
    assert counts == theirs(mask)
    assert encode(Patch(0, 0, mask).trimmed(), height, width) == counts
    patch = decode(counts, height, width)
    assert np.array_equal(whole(patch, height, width), mask)
    assert patch.mask.shape == patch.trimmed().mask.shape
    spans = spans_in(counts, height, width)
    assert np.array_equal(spans, spans_of(Patch(0, 0, mask), height))
    assert (spans[:, 1] > spans[:, 0]).all()
    assert (spans[1:, 0] > spans[:-1, 1]).all()
    assert area_of(spans) == mask.sum() == coco.area({"size": [height, width], "counts": counts})


@given(masks())
def test_any_mask_has_the_counts_that_pycocotools_gives_it(mask: Mask) -> None:
    check(mask)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (5, 6), (1080, 1920), (2160, 3840)], ids=str)
@pytest.mark.parametrize("pixels", ["none", "all", "first", "last", "corners"])
def test_the_ends_of_frames_of_any_size(size: tuple[int, int], pixels: str) -> None:
    mask = np.full(size, pixels == "all")
    if pixels in ("first", "corners"):
        mask[0, 0] = True
    if pixels in ("last", "corners"):
        mask[-1, -1] = True
    if pixels == "corners":
        mask[0, -1] = mask[-1, 0] = True
    check(mask)


@pytest.mark.parametrize("density", [0.001, 0.5])
def test_noise_in_a_large_frame(density: float) -> None:
    check(np.random.default_rng(0).random((1080, 1920)) < density)


@given(st.data(), st.integers(1, 50), st.integers(1, 50))
def test_a_patch_lies_where_it_says(data: st.DataObject, height: int, width: int) -> None:
    rows, columns = (sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n)))) for n in (height, width))
    mask = data.draw(masks(size=(rows[1] - rows[0], columns[1] - columns[0])))
    patch = Patch(rows[0], columns[0], mask)
    expected = whole(patch, height, width)
    assert encode(patch, height, width) == theirs(expected)
    assert np.array_equal(pixels_of(spans_of(patch, height), height, width), expected)


@given(st.data(), st.integers(1, 40), st.integers(1, 40), st.integers(0, 4))
def test_what_any_of_several_cover(data: st.DataObject, height: int, width: int, count: int) -> None:
    some = [data.draw(masks(size=(height, width))) for _ in range(count)]
    together = joined(spans_of(Patch(0, 0, mask), height) for mask in some)
    expected = np.logical_or.reduce([np.zeros((height, width), np.bool_), *some])
    # Apart and rising, so that no pixel counts twice.
    assert np.array_equal(together, spans_of(Patch(0, 0, expected), height))
    assert area_of(together) == expected.sum()


@given(st.data(), st.integers(1, 40), st.integers(1, 40), st.integers(1, 6))
def test_a_map_has_the_mark_of_each_mask_and_nothing_elsewhere(
    data: st.DataObject, height: int, width: int, count: int
) -> None:
    owner = np.random.default_rng(data.draw(st.integers(0, 2**32))).integers(0, count + 1, (height, width))
    owner[data.draw(masks(size=(height, width)))] = 1
    marks = data.draw(st.lists(st.integers(1, 255), min_size=count, max_size=count))
    marked = [(theirs(owner == k), mark) for k, mark in enumerate(marks, 1)]
    found = map_of(data.draw(st.permutations(marked)), height, width)
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    assert np.array_equal(found, np.array([0, *marks])[owner])


def test_a_map_of_nothing() -> None:
    assert not map_of([], 3, 5).any()
    assert map_of([], 3, 5).shape == (3, 5)
    assert not map_of([(theirs(np.zeros((3, 5), np.bool_)), 7)], 3, 5).any()


@given(st.data(), st.integers(1, 30), st.integers(1, 30))
def test_masks_that_share_a_pixel_make_no_map(data: st.DataObject, height: int, width: int) -> None:
    one, other = (data.draw(masks(size=(height, width))) for _ in range(2))
    one[data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))] = True
    other |= one
    with pytest.raises(ValueError, match="share a pixel"):
        map_of([(theirs(one), 1), (theirs(other), 2)], height, width)


@pytest.mark.parametrize(
    "lengths", [[0, 0, 30], [30, 0], [4, 0, 5, 3, 0, 0, 18], [10, 5, 0, 5, 10], [25, 5, 0, 0], [0, 30, 0]], ids=str
)
def test_runs_of_no_pixel_change_nothing(lengths: list[int]) -> None:
    """Other tools may write them; they are no runs of ours."""
    packed = coco.frPyObjects({"size": [5, 6], "counts": lengths}, 5, 6)["counts"]
    expected = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(6, 5).T
    assert np.array_equal(whole(decode(packed, 5, 6), 5, 6), expected)
    assert np.array_equal(map_of([(packed, 1)], 5, 6), expected)
    assert area_of(joined([spans_in(packed, 5, 6)])) == expected.sum()


GOOD = theirs(np.random.default_rng(1).random((9, 11)) < 0.5)


@pytest.mark.parametrize(
    "counts",
    [
        *[b"", b"\x00", b"\xff", b"/", b"p", b"0", b"P", b"o" * 40, b"O", b"N" + GOOD],
        *[GOOD[:-1], GOOD[1:], GOOD + b"1", GOOD + b"P", GOOD[:20] + b" " + GOOD[21:], b"1" + GOOD],
        # 64 runs of 2 ** 58 pixels and one of 99, which is the sum of all in 64 bits.
        b"PPPPPPPPPPP8" * 3 + b"0" * 61 + b"SSPPPPPPPPPH",
    ],
)
def test_damaged_counts_are_refused(counts: bytes) -> None:
    for read in (decode, spans_in, lambda counts, *size: map_of([(counts, 1)], *size)):
        with pytest.raises(ValueError, match=r"counts of a mask|not counts"):
            read(counts, 9, 11)


@pytest.mark.parametrize("size", [(11, 10), (9, 10), (10, 9), (1, 1), (99, 2)], ids=str)
def test_counts_of_another_size_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"not {size[0]} x {size[1]}"):
        decode(GOOD, *size)


@given(st.one_of(st.binary(max_size=40), st.lists(st.integers(48, 111), max_size=40).map(bytes)), st.integers(0, 10**6))
@example(b"ooooooooooo", 0)
def test_whatever_bytes_give_pixels_of_the_frame_or_are_refused(data: bytes, place: int) -> None:
    changed = bytearray(GOOD)
    at = place % len(GOOD)
    changed[at : at + len(data)] = data
    for counts in (data, bytes(changed)):
        try:
            spans = spans_in(counts, 9, 11)
        except ValueError:
            continue
        assert 0 <= spans.min(initial=0) <= spans.max(initial=0) <= 99
        assert np.array_equal(whole(decode(counts, 9, 11), 9, 11), pixels_of(spans, 9, 11))
