"""Where detail is gone, and where it is still there."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scenes import found, info

from objmask.audit.detail import CELL_PX, Detail, covered
from objmask.config.hiding import HiddenLook, Hiding, Style
from objmask.detections.masks import Patch
from objmask.hidden.decide import Hider
from objmask.render.privacy import Privacy
from objmask.video.planes import Planes

SIZES = [(160, 120), (161, 119), (61, 79)]
"""Large enough that pixels of an eighth of what is hidden are larger than the cells that are judged."""


def textured(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Luma with detail everywhere, as a video's is."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(40, 200, (height, width)).astype(np.float32)
    return np.clip(cv2.GaussianBlur(levels, (0, 0), 1.2) * 2.5 - 180, 16, 235).astype(np.uint8)


def protect(luma: np.ndarray, style: Style, box: tuple[float, float, float, float], strength: int = 6) -> np.ndarray:
    """The picture with a full mask hidden."""
    height, width = luma.shape
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8)
    picture, look = Planes(luma, chroma, chroma), HiddenLook(style=style, strength=strength)
    hider = Hider(Hiding(objects=frozenset({"person"}), hold=0), info(width, height))
    areas = hider.areas([hider.prepare([("m", found(("person", 0.9, box)))])], 0)
    return Privacy(look).render(picture, areas).y


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_untouched_picture_is_shown_everywhere(size):
    luma = textured(*size)
    detail = Detail.of(luma, luma)
    assert detail.told.shape == (-(-size[1] // CELL_PX), -(-size[0] // CELL_PX))
    assert detail.told.mean() > 0.9
    assert np.array_equal(detail.told, detail.shown)
    assert not detail.lost.any()


@pytest.mark.parametrize("strength", [1, 6, 8])
@pytest.mark.parametrize("style", ["solid", "pixelate", "blur"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_is_hidden_in_any_style_is_not_shown_and_the_rest_is(size, style, strength):
    luma = textured(*size)
    detail = Detail.of(luma, protect(luma, style, (0.25, 0.25, 0.75, 0.75), strength))
    height, width = luma.shape
    inside = Patch(height // 4 + 1, width // 4 + 1, np.ones((height // 2 - 2, width // 2 - 2), bool))
    told, shown = detail.inside(inside)
    assert told > 10
    assert shown < 0.1 * told
    edge = Patch(0, 0, np.ones((height // 8, width), bool))
    told, shown = detail.inside(edge)
    assert shown > 0.95 * told > 0
    rows, columns, _ = covered(inside)
    assert detail.lost[rows, columns].mean() > 0.8
    assert detail.lost[: height // 32].mean() < 0.05


def test_plain_pictures_tell_nothing_but_their_level():
    grey = np.full((40, 40), 100, np.uint8)
    assert not Detail.of(grey, grey).told.any()
    assert not Detail.of(grey, grey + 2).lost.any()
    assert Detail.of(grey, grey + 20).lost.all()


def test_noise_of_encoding_is_no_loss():
    luma = textured(200, 200)
    noise = np.random.default_rng(1).normal(0, 3, luma.shape)
    detail = Detail.of(luma, np.clip(luma + noise, 0, 255).astype(np.uint8))
    assert detail.shown.sum() > 0.99 * detail.told.sum()
    assert detail.lost.mean() < 0.02


@pytest.mark.parametrize(("top", "left", "height", "width"), [(0, 0, 4, 4), (3, 5, 1, 1), (2, 2, 9, 7), (0, 0, 0, 0)])
def test_cells_count_by_the_share_that_a_patch_covers(top, left, height, width):
    luma = textured(24, 24)
    detail = Detail.of(luma, luma)
    everywhere = Detail(np.ones_like(detail.told), detail.shown, detail.lost)
    told, _ = everywhere.inside(Patch(top, left, np.ones((height, width), bool)))
    assert told == pytest.approx(height * width / CELL_PX**2)
