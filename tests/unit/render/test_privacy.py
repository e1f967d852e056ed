"""What is hidden must be gone, what is not must be untouched."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scenes import PALETTE, found, info, noise

from objmask.config.hiding import HiddenLook, Hiding, Shape, Style
from objmask.detections.arrays import Detections
from objmask.detections.masks import Patch
from objmask.render.privacy import GREY, Privacy, grow, merge_objects, to_blocks
from objmask.streams.neighbours import beside, sliding
from objmask.video.planes import Planes

SENSITIVE = PALETTE.hidden(["toilet"])


Chosen = tuple[Hiding, HiddenLook]


def settings(style: Style = "solid", **changes: object) -> Chosen:
    """What is hidden and how it looks; a key of either may be another."""
    values = {"objects": SENSITIVE, "hold": 0, "style": style, **changes}
    looks = {key: values.pop(key) for key in HiddenLook.model_fields if key in values}
    return Hiding(**values), HiddenLook(**looks)  # type: ignore[arg-type]


def render(picture: Planes, detections: Detections, chosen: Chosen) -> Planes:
    height, width = picture.y.shape
    hiding, look = chosen
    privacy = Privacy(hiding, info(width, height), look)
    return privacy.render(picture, [privacy.prepare(detections)], 0)


def hidden(picture: Planes, detections: Detections, chosen: Chosen) -> np.ndarray:
    """The grown masks, (h, w) bool, from the geometry alone."""
    height, width = picture.y.shape
    blocks = np.zeros(picture.u.shape, bool)
    for patch in Privacy(chosen[0], info(width, height)).prepare(detections):
        blocks[patch.rows, patch.columns] |= patch.mask
    return blocks.repeat(2, 0).repeat(2, 1)[:height, :width]


def equal(a: Planes, b: Planes) -> bool:
    return all(np.array_equal(x, y) for x, y in ((a.y, b.y), (a.u, b.u), (a.v, b.v)))


BOXES = {
    "middle": (0.3, 0.2, 0.7, 0.6),
    "corner": (0.0, 0.0, 0.3, 0.3),
    "far corner": (0.8, 0.7, 1.0, 1.0),
    "whole": (0.0, 0.0, 1.0, 1.0),
    "sliver": (0.5, 0.1, 0.51, 0.9),
    "dot": (0.5, 0.5, 0.505, 0.505),
}
SIZES = [(64, 48), (63, 47), (321, 181), (2, 2), (1, 1)]


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("shape", ["mask", "box", "ellipse"])
@pytest.mark.parametrize("style", ["solid", "pixelate", "blur"])
def test_outside_the_grown_masks_every_plane_is_untouched(
    style: Style, shape: Shape, size: tuple[int, int], box: tuple
) -> None:
    picture = noise(*size)
    person = found(("person", 0.9, box))
    chosen = settings(style, shape=shape)
    out = render(picture, person, chosen)
    area = hidden(picture, person, chosen)
    assert np.array_equal(out.y[~area], picture.y[~area])
    blocks = area[::2, ::2]
    assert np.array_equal(out.u[~blocks], picture.u[~blocks])
    assert np.array_equal(out.v[~blocks], picture.v[~blocks])
    if style == "solid":
        assert (out.y[area] == GREY).all()
        assert (out.u[blocks] == GREY).all()


@pytest.mark.parametrize("size", [(200, 120), (63, 47)], ids=str)
def test_solid_shows_nothing_of_the_inside(size: tuple[int, int]) -> None:
    people = found(("person", 0.9, BOXES["middle"]), ("book", 0.2, BOXES["corner"]))
    chosen = settings("solid")
    picture, other = noise(*size), noise(*size, seed=1)
    area = hidden(picture, people, chosen)
    replaced = Planes(
        np.where(area, other.y, picture.y),
        np.where(area[::2, ::2], other.u, picture.u),
        np.where(area[::2, ::2], other.v, picture.v),
    )
    assert not equal(replaced, picture)
    assert equal(render(replaced, people, chosen), render(picture, people, chosen))


@pytest.mark.parametrize("strength", [1, 3, 8])
@pytest.mark.parametrize("style", ["pixelate", "blur"])
def test_pixelate_and_blur_depend_on_cell_means_alone(style: Style, strength: int) -> None:
    """Shuffling the hidden samples of every cell changes nothing."""
    picture = noise(400, 300)
    laptop = found(("laptop", 0.9, BOXES["middle"]))
    chosen = settings(style, strength=strength)
    [patch] = Privacy(chosen[0], info(400, 300)).prepare(laptop)
    cell = -(-max(patch.mask.shape) // strength)
    pixels = patch.mask.repeat(2, 0).repeat(2, 1)
    shuffled = [plane.copy() for plane in (picture.y, picture.u, picture.v)]
    rng = np.random.default_rng(2)
    for plane, mask, top, left, side in (
        (shuffled[0], pixels, 2 * patch.top, 2 * patch.left, 2 * cell),
        (shuffled[1], patch.mask, patch.top, patch.left, cell),
        (shuffled[2], patch.mask, patch.top, patch.left, cell),
    ):
        for y in range(0, mask.shape[0], side):
            for x in range(0, mask.shape[1], side):
                inside = mask[y : y + side, x : x + side]
                view = plane[top + y :, left + x :][: inside.shape[0], : inside.shape[1]]
                view[inside] = rng.permutation(view[inside])
    assert not equal(Planes(*shuffled), picture)
    assert equal(render(Planes(*shuffled), laptop, chosen), render(picture, laptop, chosen))


def test_an_object_found_twice_gets_one_grid() -> None:
    """Two grids over one object would tell more than one."""
    twice = found(("tv", 0.9, (0.2, 0.2, 0.8, 0.8)), ("laptop", 0.5, (0.22, 0.18, 0.78, 0.79)))
    out = render(noise(160, 120), twice, settings("pixelate", strength=2, grow=0.0))
    inside = out.y[40:80, 50:110]
    assert len(np.unique(inside)) <= 4


@pytest.mark.parametrize("style", ["solid", "pixelate", "blur"])
def test_the_picture_given_is_left_alone(style: Style) -> None:
    picture = noise(64, 48)
    before = [plane.copy() for plane in (picture.y, picture.u, picture.v)]
    render(picture, found(("person", 0.9, BOXES["middle"])), settings(style))
    assert equal(picture, Planes(*before))


def test_an_object_with_an_empty_mask_is_hidden_by_its_box() -> None:
    picture = noise(64, 48)
    faint = found(("person", 0.9, BOXES["middle"]), mask=np.full((8, 8), 40, np.uint8))
    out = render(picture, faint, settings())
    assert (out.y[16:32, 14:36] == GREY).all()


def test_what_is_not_sensitive_or_too_uncertain_stays() -> None:
    picture = noise(64, 48)
    others = found(("cup", 0.9, BOXES["middle"]), ("person", 0.05, BOXES["corner"]))
    assert equal(render(picture, others, settings()), picture)
    assert not equal(render(picture, found(("toilet", 0.9, BOXES["middle"])), settings()), picture)


@pytest.mark.parametrize("radius_px", [1, 2, 7, 30])
@pytest.mark.parametrize("place", [(20, 30), (21, 31), (0, 0), (0, 89), (49, 60)], ids=str)
def test_grow_covers_the_whole_margin_and_hardly_more(place: tuple[int, int], radius_px: int) -> None:
    top, left = place
    patch = Patch(top, left, np.ones((11, 41), bool)[: 60 - top, : 100 - left])
    grown = grow(to_blocks(patch), radius_px, 30, 50)
    blocks = np.zeros((30, 50), bool)
    blocks[grown.rows, grown.columns] = grown.mask
    full = blocks.repeat(2, 0).repeat(2, 1)
    y, x = np.mgrid[:60, :100]
    below, right = patch.rows.stop - 1, patch.columns.stop - 1
    away = np.hypot(np.maximum(np.maximum(top - y, y - below), 0), np.maximum(np.maximum(left - x, x - right), 0))
    assert full[away <= radius_px].all()
    assert not full[away > radius_px + 5].any()


@pytest.mark.parametrize("hold", [0, 1, 3])
def test_hold_hides_the_place_in_neighbouring_frames(hold: int) -> None:
    frames = [Detections.empty()] * 10
    frames[5] = found(("person", 0.9, BOXES["middle"]))
    hiding, look = settings()
    privacy = Privacy(hiding, info(64, 48), look)
    picture = noise(64, 48)
    changed = [
        not equal(privacy.render(picture, around, here), picture)
        for around, here in sliding(map(privacy.prepare, frames), beside(hold))
    ]
    assert changed == [abs(i - 5) <= hold for i in range(10)]


def test_zones_are_hidden_always() -> None:
    picture = noise(64, 48)
    zone = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
    out = render(picture, Detections.empty(), settings(zones=(zone,)))
    assert (out.y[:24, :32] == GREY).all()
    assert np.array_equal(out.y[26:], picture.y[26:])


def test_whole_frame_when_nothing_was_found() -> None:
    picture = noise(63, 47)
    chosen = settings(whole_frame_when="no_detection")
    assert (render(picture, Detections.empty(), chosen).y == GREY).all()
    assert (render(picture, found(("cup", 0.9, BOXES["middle"])), chosen).v == GREY).all()
    assert not (render(picture, found(("person", 0.9, BOXES["dot"])), chosen).y == GREY).all()


def test_whole_frame_goes_by_what_the_network_found_and_not_by_what_people_add() -> None:
    added = replace(found(("person", 1.0, BOXES["dot"])), sources=("manual",))
    assert (render(noise(64, 48), added, settings(whole_frame_when="no_detection")).y == GREY).all()


def test_whole_frame_goes_by_the_frame_itself_whatever_is_held() -> None:
    hiding, look = settings(whole_frame_when="no_detection")
    privacy = Privacy(hiding, info(64, 48), look)
    frames = [found(("person", 0.9, BOXES["corner"])), Detections.empty()]
    out = [privacy.render(noise(64, 48), *place) for place in sliding(map(privacy.prepare, frames), beside(3))]
    assert [(picture.y == GREY).all() for picture in out] == [False, True]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3), (3, 1, 2, 0), (0, 1, 2, 3, 0, 1, 2, 3)], ids=str)
def test_a_zone_hides_all_between_its_corners_in_any_order(order: tuple[int, ...]) -> None:
    corners = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
    out = render(noise(64, 48), Detections.empty(), settings(zones=(tuple(corners[i] for i in order),)))
    assert (out.y[6:42, 8:56] == GREY).all()


def test_an_object_between_pixels_is_hidden() -> None:
    picture = noise(64, 48)
    out = render(picture, found(("person", 0.9, (20.3 / 47, 0.2, 20.6 / 47, 0.2001))), settings())
    assert (out.y[20:22, 12:14] == GREY).all()


def test_merging_keeps_every_pixel() -> None:
    rng = np.random.default_rng(3)
    patches = [Patch(int(t), int(x), rng.random((int(h), int(w))) < 0.5) for t, x, h, w in rng.integers(1, 40, (30, 4))]
    before, after = np.zeros((100, 100), bool), np.zeros((100, 100), bool)
    for area, group in ((before, patches), (after, merge_objects(patches))):
        for patch in group:
            area[patch.rows, patch.columns] |= patch.mask
    assert np.array_equal(before, after)


@pytest.mark.parametrize("wrong", [{"strength": 0}, {"strength": 9}, {"grow": -0.1}])
def test_impossible_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="Input should be"):
        settings(**wrong)


def read(picture: np.ndarray, folder: Path) -> str:
    """What Tesseract reads, letters and digits only. Small pictures are enlarged first, as a curious reader would."""
    scale = max(1, round(900 / picture.shape[1]))
    cv2.imwrite(str(folder / "page.png"), cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    done = subprocess.run(
        ["tesseract", "page.png", "-", "--psm", "6"], cwd=folder, capture_output=True, text=True, check=True
    )
    return re.sub(r"[^A-Z0-9]", "", done.stdout.upper())


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs Tesseract (Debian: tesseract-ocr)")
@pytest.mark.parametrize("style", ["solid", "pixelate", "blur"])
@pytest.mark.parametrize(
    ("size", "lines"), [(40, ["PIN 7"]), (200, ["SECRET", "CODE 42"]), (800, ["PASSWORD", "HUNTER 2", "KEEP OUT"])]
)
def test_text_cannot_be_read_any_more(size: int, lines: list[str], style: Style, tmp_path: Path) -> None:
    height = size * len(lines) // 3 if len(lines) > 1 else size // 2
    page = np.full((height + 40, size + 40), 235, np.uint8)
    for i, line in enumerate(lines):
        (width, _), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, 1, 2)
        scale = size * 0.9 / width
        baseline = 20 + round((i + 0.75) * height / len(lines))
        thick = max(1, round(scale * 2))
        cv2.putText(page, line, (20 + size // 20, baseline), cv2.FONT_HERSHEY_SIMPLEX, scale, 16, thick, cv2.LINE_AA)
    rows, columns = page.shape
    wanted = [re.sub(r"[^A-Z0-9]", "", line) for line in lines]
    assert any(word in read(page, tmp_path) for word in wanted), "the text must be readable to begin with"
    grey = np.full(((rows + 1) // 2, (columns + 1) // 2), 128, np.uint8)
    screen = found(("laptop", 0.9, (20 / rows, 20 / columns, (20 + height) / rows, (20 + size) / columns)))
    out = render(Planes(page, grey, grey.copy()), screen, settings(style, strength=8, grow=0.0))
    seen = read(out.y, tmp_path)
    assert not any(part in seen for word in wanted for part in (word[:3], word[-3:], word)), seen
