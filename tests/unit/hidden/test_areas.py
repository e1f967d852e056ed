"""The geometry of hiding: no pixel of what is to be hidden is lost on the way to blocks, and hardly any is added."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import info

from objmask.detections.masks import Patch
from objmask.hidden.areas import (
    block_size,
    ellipse,
    grow,
    merge_objects,
    nearest_pixel,
    polygon,
    to_blocks,
    whole_pairs,
)


@st.composite
def patches(draw: st.DrawFn, side: int = 40) -> Patch:
    """Some patch in a frame of `side` x `side`, trimmed, with a pixel."""
    height, width = draw(st.integers(1, side)), draw(st.integers(1, side))
    top, left = draw(st.integers(0, side - height)), draw(st.integers(0, side - width))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mask = rng.random((height, width)) < draw(st.sampled_from([0.02, 0.5, 1.0]))
    mask[draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))] = True
    return Patch(top, left, mask).trimmed()


def whole(patch: Patch, height: int, width: int) -> np.ndarray:
    picture = np.zeros((height, width), bool)
    picture[patch.rows, patch.columns] = patch.mask
    return picture


@pytest.mark.parametrize(("size", "blocks"), [((64, 48), (24, 32)), ((63, 47), (24, 32)), ((1, 1), (1, 1))])
def test_a_frame_of_odd_size_has_blocks_that_are_half_outside(size: tuple[int, int], blocks: tuple[int, int]) -> None:
    assert block_size(info(*size)) == blocks


@given(patches())
def test_blocks_are_those_that_a_patch_touches(patch: Patch) -> None:
    blocks = to_blocks(patch)
    expected = whole(patch, 40, 40).reshape(20, 2, 20, 2).any((1, 3))
    assert np.array_equal(whole(blocks, 20, 20), expected)
    # As small as possible, as it is once it was stored: the cells of blurred areas depend on the rectangle.
    assert blocks.mask.shape == blocks.trimmed().mask.shape


@given(patches(20), st.booleans())
def test_whole_pairs_have_both_rows_of_any_that_is_touched(patch: Patch, odd: bool) -> None:
    height = max(patch.rows.stop, 19) if odd else 20
    pairs = whole_pairs(patch, height)
    expected = whole(patch, 20, 20).reshape(10, 2, 20).any(1).repeat(2, 0)[:height]
    assert np.array_equal(whole(pairs, height, 20), expected)


def test_of_nothing_there_are_no_blocks() -> None:
    nothing = Patch(3, 5, np.zeros((0, 0), bool))
    assert not to_blocks(nothing).mask.size
    assert not whole_pairs(nothing, 20).mask.size


@pytest.mark.parametrize("radius_px", [1, 2, 7, 30])
@pytest.mark.parametrize("place", [(20, 30), (21, 31), (0, 0), (0, 89), (49, 60)], ids=str)
def test_grow_covers_the_whole_margin_and_hardly_more(place: tuple[int, int], radius_px: int) -> None:
    top, left = place
    patch = Patch(top, left, np.ones((11, 41), bool)[: 60 - top, : 100 - left])
    full = whole(grow(to_blocks(patch), radius_px, 30, 50), 30, 50).repeat(2, 0).repeat(2, 1)
    y, x = np.mgrid[:60, :100]
    below, right = patch.rows.stop - 1, patch.columns.stop - 1
    away = np.hypot(np.maximum(np.maximum(top - y, y - below), 0), np.maximum(np.maximum(left - x, x - right), 0))
    assert full[away <= radius_px].all()
    assert not full[away > radius_px + 5].any()


@given(st.lists(patches(), max_size=12))
def test_merging_keeps_every_pixel_and_says_what_each_area_is_made_of(some: list[Patch]) -> None:
    merged = merge_objects(some)
    assert sorted(i for _, made_of in merged for i in made_of) == list(range(len(some)))
    for area, made_of in merged:
        expected = np.logical_or.reduce([whole(some[i], 40, 40) for i in made_of])
        assert np.array_equal(whole(area, 40, 40), expected)
    sides = [max(area.mask.shape) for area, _ in merged]
    assert sides == sorted(sides, reverse=True)


@pytest.mark.parametrize(
    ("share", "areas"), [(1.0, 1), (0.5, 1), (0.45, 2), (0.0, 2)], ids=["inside", "half", "less", "apart"]
)
def test_what_lies_mostly_in_a_larger_one_is_part_of_it(share: float, areas: int) -> None:
    large, small = Patch(0, 0, np.ones((40, 40), bool)), Patch(10, 40 - round(20 * share), np.ones((10, 20), bool))
    for order in ([large, small], [small, large]):
        assert len(merge_objects(order)) == areas


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (15, 40)], ids=str)
def test_an_ellipse_touches_the_middles_of_all_sides_and_no_corner(shape: tuple[int, int]) -> None:
    inside = ellipse(shape)
    assert inside.shape == shape
    assert inside.any(0).all()
    assert inside.any(1).all()
    assert np.array_equal(inside, inside[::-1, ::-1])
    if min(shape) > 4:
        assert not inside[[0, 0, -1, -1], [0, -1, 0, -1]].any()
        assert inside.mean() == pytest.approx(np.pi / 4, abs=0.02)


@pytest.mark.parametrize("at", [(0.5, 0.5), (0.0, 1.0), (1.0, 0.0)], ids=str)
def test_a_box_between_pixels_has_the_nearest_one(at: tuple[float, float]) -> None:
    corners = np.add([*at, *at], [-1e-4, -1e-4, 1e-4, 1e-4])
    box = np.clip(corners, 0, 1).astype(np.float32)
    pixel = nearest_pixel(box, info(64, 48))
    assert pixel.mask.shape == (1, 1)
    assert (pixel.top, pixel.left) == (round(at[0] * 47), round(at[1] * 63))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3), (3, 1, 2, 0), (0, 1, 2, 3, 0, 1, 2, 3)], ids=str)
def test_a_polygon_has_all_between_its_corners_in_any_order(order: tuple[int, ...]) -> None:
    corners = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
    patch = polygon([corners[i] for i in order], info(101, 51))
    assert (patch.top, patch.left, patch.rows.stop, patch.columns.stop) == (5, 10, 46, 91)
    assert patch.mask.all()


@pytest.mark.parametrize("corners", [[(0, 0), (1, 1), (0, 0)], [(1, 1), (1, 1), (1, 1)], [(0, 1), (0.5, 1), (1, 1)]])
def test_a_polygon_without_area_is_a_line_or_a_pixel(corners: list[tuple[float, float]]) -> None:
    patch = polygon(corners, info(64, 48))
    assert patch.mask.any()
    assert patch.mask.sum() <= 64 + 48
