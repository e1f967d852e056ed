"""What is hidden must be gone, what is not must be untouched."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from scenes import PALETTE, found, hidden_areas, info, noise

from objmask.config.hiding import HiddenLook, Hiding, Shape, Style
from objmask.detections.arrays import Detections
from objmask.detections.masks import Patch
from objmask.hidden.causes import ZONE, Cause, HiddenArea
from objmask.render.privacy import GREY, Privacy
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
    return Privacy(look).render(picture, hidden_areas(detections, hiding, info(width, height)))


def hidden(picture: Planes, detections: Detections, chosen: Chosen) -> np.ndarray:
    """The hidden blocks as pixels, (h, w) bool, from what was decided alone."""
    height, width = picture.y.shape
    blocks = np.zeros(picture.u.shape, bool)
    for area in hidden_areas(detections, chosen[0], info(width, height)):
        blocks[area.patch.rows, area.patch.columns] |= area.patch.mask
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
    [area] = hidden_areas(laptop, chosen[0], info(400, 300))
    patch = area.patch
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


def test_of_areas_that_overlap_the_first_one_is_seen() -> None:
    """The larger one comes first: its cells go through, and the smaller one shows no second grid over the same."""
    picture, look = noise(64, 48), HiddenLook(style="pixelate", strength=1)
    large = HiddenArea(Patch(2, 2, np.ones((16, 20), bool)), (Cause("tv"),))
    small = HiddenArea(Patch(10, 12, np.ones((12, 14), bool)), (Cause("person"),))
    out, alone = Privacy(look).render(picture, [large, small]), Privacy(look).render(picture, [large])
    assert np.array_equal(out.y[4:36, 4:44], alone.y[4:36, 4:44])
    assert len(np.unique(out.y[36:44, 24:52])) == 1
    assert np.array_equal(out.y[44:], picture.y[44:])


def test_whether_a_frame_hides_objects_is_remembered_and_zones_do_not_count() -> None:
    privacy = Privacy()
    place = Patch(0, 0, np.ones((4, 4), bool))
    for causes in ([], [Cause(ZONE)], [Cause("person")], [Cause(ZONE), Cause("person")]):
        privacy.render(noise(64, 48), [HiddenArea(place, (cause,)) for cause in causes])
    privacy.render(noise(64, 48), [HiddenArea(place, (Cause(ZONE), Cause("person")))])
    assert privacy.hides == [False, False, True, True, True]


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
