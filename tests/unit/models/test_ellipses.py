"""Ellipses: pasted into the picture, a mask covers the pixels that lie in the ellipse."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objmask.detections.masks import paste
from objmask.models.networks.ellipses import Ellipse

HEIGHT, WIDTH = 180, 320


def pixels(ellipse: Ellipse, grow_px: float = 0.0) -> npt.NDArray[np.bool_]:
    """Which pixels have their centre in an ellipse."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    y, x = y - ellipse.y, x - ellipse.x
    along = y * math.cos(ellipse.turn) - x * math.sin(ellipse.turn)
    across = y * math.sin(ellipse.turn) + x * math.cos(ellipse.turn)
    return np.hypot(along / (ellipse.along + grow_px), across / (ellipse.across + grow_px)) <= 1


def pasted(ellipse: Ellipse, threshold: float) -> npt.NDArray[np.bool_]:
    """Which pixels its mask covers."""
    out = np.zeros((HEIGHT, WIDTH), bool)
    found = ellipse.mask(HEIGHT, WIDTH)
    if found is not None:
        patch = paste(found[1], np.array(found[0], np.float32), HEIGHT, WIDTH, threshold)
        out[patch.rows, patch.columns] = patch.mask
    return out


@pytest.mark.parametrize("turn", [0.0, 0.4, -math.pi / 2, math.pi])
@pytest.mark.parametrize("along", [6.0, 20.0, 70.0])
def test_the_mask_is_the_ellipse(turn: float, along: float) -> None:
    ellipse = Ellipse(88.3, 150.8, along, along / 1.3, turn)
    wanted, half = pixels(ellipse), pasted(ellipse, 0.5)
    assert (wanted & half).sum() / (wanted | half).sum() > (0.93 if along > 10 else 0.85)


@given(
    y=st.floats(-20, HEIGHT + 20),
    x=st.floats(-20, WIDTH + 20),
    along=st.floats(6, 400),
    slim=st.floats(1, 2),
    turn=st.floats(-math.pi, math.pi),
)
def test_what_is_hidden_holds_the_ellipse_wherever_it_lies(
    y: float, x: float, along: float, slim: float, turn: float
) -> None:
    ellipse = Ellipse(y, x, along, along / slim, turn)
    hidden = pasted(ellipse, 0.1)
    # Of a box that ends where the picture does, rounding decides whether the last pixel lies in it: see `masks.py`.
    assert not (pixels(ellipse, -1.0) & ~hidden)[:-1, :-1].any()
    assert not (hidden & ~pixels(ellipse, 2.0 + 0.06 * along)).any()


def test_less_than_a_pixel_is_nothing() -> None:
    assert Ellipse(50, 50, 0.4, 0.3).mask(HEIGHT, WIDTH) is None
    assert Ellipse(-30, 50, 20, 15).mask(HEIGHT, WIDTH) is None
    assert Ellipse(50, WIDTH + 20, 20, 15).mask(HEIGHT, WIDTH) is None
    # The box around it reaches into the corner of the picture, the ellipse does not.
    assert Ellipse(-20, -20, 40, 4, -math.pi / 4).mask(HEIGHT, WIDTH) is not None
    assert Ellipse(-20, -20, 40, 4, math.pi / 4).mask(HEIGHT, WIDTH) is None
