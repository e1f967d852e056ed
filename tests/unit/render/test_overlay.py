"""The overlay draws over objects and leaves the rest of the picture alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scenes import PALETTE, found, info, noise, painted

from objmask.detections.arrays import Detections
from objmask.render.colours import to_yuv
from objmask.render.overlay import Overlay
from objmask.video.planes import Planes
from objmask.video.tone import viewed


def overlay(width: int, height: int, detections: Detections) -> tuple[Planes, Planes]:
    renderer = Overlay(PALETTE, info(width, height))
    picture = noise(width, height)
    return picture, renderer.render(picture, painted(detections, width, height))


def test_a_frame_without_objects_is_as_it_was() -> None:
    picture, out = overlay(320, 180, found(("cup", 0.1, (0.1, 0.1, 0.5, 0.5)), ("dog", 0.9, (0.1, 0.1, 0.5, 0.5))))
    for before, after in ((picture.y, out.y), (picture.u, out.u), (picture.v, out.v)):
        assert np.array_equal(before, after)


def test_an_object_takes_its_group_s_colour_and_the_rest_stays() -> None:
    picture, out = overlay(320, 180, found(("cup", 0.9, (0.3, 0.3, 0.7, 0.7))))
    inside = (slice(30, 60), slice(60, 100))
    assert out.u[inside].mean() > picture.u[inside].mean() + 30, "blue has more U"
    assert np.array_equal(out.y[:36], picture.y[:36])
    assert np.array_equal(out.y[60:150, 240:], picture.y[60:150, 240:])


def edge(detections: Detections) -> np.ndarray:
    """Where the left edge of the first object's box has its colour, from top to bottom; the picture is black."""
    planes = Planes(np.full((180, 320), 16, np.uint8), *(np.full((90, 160), 128, np.uint8) for _ in range(2)))
    out = Overlay(PALETTE, info(320, 180)).render(planes, painted(detections, 320, 180))
    column = round(float(detections.boxes[0, 1]) * 319)
    y, u, _ = to_yuv(PALETTE.colours, viewed(info(320, 180).colors))[PALETTE.index_of["cup"]]
    return np.asarray((out.y[60:120, column] == y) & (out.u[30:60, column // 2] == u).repeat(2))


def test_the_outline_of_what_is_carried_is_dashed() -> None:
    cup = found(("cup", 0.9, (0.2, 0.25, 0.9, 0.75)))
    assert edge(cup).all()
    dashed = edge(replace(cup, carried=(2,), sources=("flow",)))
    assert 0.2 < dashed.mean() < 0.8


def test_what_is_covered_has_its_outline_all_the_same() -> None:
    """So one sees how far the mask reaches, whoever lies on top; an object that is not painted has none."""
    cup, person = found(("cup", 0.4, (0.2, 0.25, 0.9, 0.75))), found(("person", 0.9, (0.0, 0.0, 1.0, 1.0)))
    assert edge(Detections.concatenate([cup, person])).mean() > 0.8
    assert not edge(replace(cup, scores=np.full(1, 0.2, np.float32))).any()


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (63, 47)], ids=str)
def test_captions_fit_into_tiny_frames(size: tuple[int, int]) -> None:
    _, out = overlay(*size, found(("keyboard", 0.99, (0.0, 0.0, 1.0, 1.0)), ("wine glass", 0.5, (0.9, 0.9, 1.0, 1.0))))
    assert out.y.shape == (size[1], size[0])


def test_of_high_dynamic_range_it_draws_the_groups_colours_in_bt709() -> None:
    facts = replace(info(320, 180), colorspace=9, primaries=9, transfer=16)
    renderer = Overlay(PALETTE, facts)
    assert renderer.viewed
    planes = (np.full((180, 320), 16, np.uint8), *(np.full((90, 160), 128, np.uint8) for _ in range(2)))
    out = renderer.render(Planes(*planes), painted(found(("cup", 0.9, (0.3, 0.3, 0.7, 0.7))), 320, 180))
    # The caption's ground is the plain colour: blue, by ITU-R BT.709 16 + 219 x 0.0722 and 128 + 224 / 2.
    assert (32, 240) in {(int(y), int(u)) for y, u in zip(out.y[::2, ::2].ravel(), out.u.ravel(), strict=True)}
