"""Geometry of a hand: the picture of it that its landmarks are found in, and its outline."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from objmask.models.networks.hands import Palm, outline
from objmask.models.networks.palms_layout import HAND_SIDE

TURNS = (0, 30, 90, 200, -60)


def palm(turn: float, x: float = 200, y: float = 150, side: float = 60) -> Palm:
    """A palm whose fingers point up, turned clockwise by some degrees."""
    ahead = np.array([math.sin(math.radians(turn)), -math.cos(math.radians(turn))])
    points = np.zeros((9, 2))
    points[0], points[1] = (y - side / 2, x - side / 2), (y + side / 2, x + side / 2)
    points[2], points[4] = (y, x) - 0.4 * side * ahead[::-1], (y, x) + 0.4 * side * ahead[::-1]
    return Palm.of(0.9, points)


@pytest.mark.parametrize("turn", TURNS)
def test_a_palm_is_told_from_its_box_and_landmarks(turn: float) -> None:
    one = palm(turn)
    np.testing.assert_allclose(one.centre, [200, 150])
    np.testing.assert_allclose(one.ahead, [math.sin(math.radians(turn)), -math.cos(math.radians(turn))], atol=1e-12)
    assert (one.score, one.side) == (0.9, 60)


def test_a_palm_whose_landmarks_are_one_point_is_upright() -> None:
    np.testing.assert_allclose(Palm.of(0.5, np.full((9, 2), 7.0)).ahead, [0, -1])


@pytest.mark.parametrize("turn", TURNS)
def test_in_its_picture_a_hand_is_upright_with_room_for_its_fingers(turn: float) -> None:
    one = palm(turn)
    assert one.scale * HAND_SIDE == pytest.approx(2.6 * 60)
    # The palm's centre lies half a palm below the picture's, and what is ahead of it above that.
    centre, ahead = HAND_SIDE / 2, 60 / one.scale
    places = np.array(
        [[centre, centre + ahead / 2], [centre, centre - ahead / 2], [centre + ahead, centre + ahead / 2]]
    )
    right = np.array([-one.ahead[1], one.ahead[0]])
    expected = np.array([one.centre, one.centre + 60 * one.ahead, one.centre + 60 * right])
    np.testing.assert_allclose(one.to_frame(places), expected, atol=1e-9)


@pytest.mark.parametrize("turn", TURNS)
def test_what_is_seen_in_the_picture_is_mapped_back_to_where_it_is(turn: float) -> None:
    one = palm(turn, side=100)
    frame = np.zeros((300, 400, 3), np.uint8)
    for x, y in ((230, 140), (180, 110), (205, 190)):
        frame[...] = 0
        cv2.circle(frame, (x, y), 6, (255, 255, 255), -1)
        picture = one.picture(frame)
        assert picture.shape == (HAND_SIDE, HAND_SIDE, 3)
        found = np.argwhere(picture[..., 0] > 127).mean(axis=0)[::-1] + 0.5
        np.testing.assert_allclose(one.to_frame(found[None])[0], [x + 0.5, y + 0.5], atol=0.5)


def test_out_of_the_frame_the_picture_goes_on_as_the_frame_ends() -> None:
    frame: npt.NDArray[np.uint8] = np.full((40, 60, 3), 200, np.uint8)
    assert (palm(20, x=55, y=38).picture(frame) == 200).all()


def test_a_hand_of_which_only_the_palm_is_known_reaches_further_ahead() -> None:
    corners = palm(90).corners  # fingers to the right
    np.testing.assert_allclose(corners[:, 0], [260, 260, 170, 170])
    np.testing.assert_allclose(sorted(corners[:, 1]), [120, 120, 180, 180])


def test_an_outline_holds_the_whole_wrist_and_grows_with_the_hand() -> None:
    landmarks = np.zeros((21, 3))
    landmarks[:, :2] = 100, 20
    landmarks[0, :2] = 100, 120
    landmarks[9, :2], landmarks[5, :2], landmarks[17, :2] = (100, 60), (80, 60), (120, 60)
    points, grow_px = outline(landmarks)
    np.testing.assert_allclose(points[:21], landmarks[:, :2])
    np.testing.assert_allclose(points[21:], [[118, 120], [82, 120]])
    assert grow_px == pytest.approx(9)
    assert outline(landmarks * 3)[1] == pytest.approx(27)
    # Pointing at the camera: short in the picture, as long in space.
    landmarks[9] = 100, 120, -60
    assert outline(landmarks)[1] == pytest.approx(9)
