"""Where a hand lies in a frame: from its palm to the picture in which its landmarks are found, and to its outline.

Zhang, Bazarevsky, Vakunov, Tkachenka, Sung, Chang, Grundmann: MediaPipe Hands: on-device real-time hand tracking, CVPR
Workshop on Computer Vision for AR and VR 2020; shift and size of the picture are those of MediaPipe's graphs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from objmask.models.networks.palms_layout import HAND_SIDE

Float64 = npt.NDArray[np.float64]

_PALM_WRIST, _PALM_MIDDLE_FINGER = 0, 2
"""Of a palm's landmarks: the wrist, and where the middle finger begins."""
_PICTURE_SIDES, _PICTURE_AHEAD = 2.6, 0.5
"""In sides of the palm: the picture's side, and how far its centre lies ahead of the palm's."""
_AHEAD, _BEHIND, _ASIDE = 1.0, 0.5, 0.5
"""In sides of the palm: how far a hand of which only the palm is known reaches from the palm's centre."""
_WRIST, _INDEX_FINGER, _MIDDLE_FINGER, _LITTLE_FINGER = 0, 5, 9, 17
"""Of a hand's landmarks: the wrist, and where fingers begin."""
_HALF_FINGER = 0.15
"""Half a finger's width and the skin around it, in lengths from the wrist to where the middle finger begins."""
_HALF_WRIST = 0.45
"""Half a wrist's width, in distances from where the index finger begins to where the little finger does."""


@dataclass(frozen=True)
class Palm:
    """A palm.

    Attributes:
        score: 0..1.
        centre: x, y, pixels of the frame.
        side: of its square, pixels.
        ahead: x, y of the direction in which the fingers point, of length 1.
    """

    score: float
    centre: Float64
    side: float
    ahead: Float64

    @classmethod
    def of(cls, score: float, points: Float64) -> Palm:
        """From (9, 2) y, x in pixels of the frame: first and last corner of its box, then its seven landmarks."""
        first, last, *landmarks = points[:, ::-1]
        along = landmarks[_PALM_MIDDLE_FINGER] - landmarks[_PALM_WRIST]
        length = math.hypot(*along)
        ahead = along / length if length else np.array([0.0, -1.0])
        return cls(score, (first + last) / 2, float((last - first).max()), ahead)

    @property
    def corners(self) -> Float64:
        """(4, 2) x, y of the turned rectangle that a hand with this palm takes, pixels of the frame."""
        places = [(_AHEAD, -_ASIDE), (_AHEAD, _ASIDE), (-_BEHIND, _ASIDE), (-_BEHIND, -_ASIDE)]
        return self._placed(np.array(places) * self.side, self.centre)

    @property
    def scale(self) -> float:
        """Pixels of the frame a pixel of `picture`."""
        return _PICTURE_SIDES * self.side / HAND_SIDE

    def picture(self, frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The hand, its fingers upwards: uint8 (HAND_SIDE, HAND_SIDE, 3) of a frame, uint8 (h, w, 3)."""
        # OpenCV counts from the centre of the first pixel, and so half a pixel less.
        first, right, below = self.to_frame(np.array([[0.5, 0.5], [1.5, 0.5], [0.5, 1.5]])) - 0.5
        turned = np.stack([right - first, below - first, first], axis=1)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        picture = cv2.warpAffine(frame, turned, (HAND_SIDE, HAND_SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(picture, np.uint8)

    def to_frame(self, points: Float64) -> Float64:
        """(n, 2) x, y in pixels of the frame, of points in pixels of `picture`."""
        right_and_down = (points - HAND_SIDE / 2) * self.scale
        return self._placed(right_and_down[:, ::-1] * (-1, 1), self.centre + _PICTURE_AHEAD * self.side * self.ahead)

    def _placed(self, ahead_and_right: Float64, origin: Float64) -> Float64:
        right = np.array([-self.ahead[1], self.ahead[0]])
        placed: Float64 = origin + ahead_and_right @ np.stack([self.ahead, right])
        return placed


def outline(landmarks: Float64) -> tuple[Float64, float]:
    """Points whose hull, grown, is the hand: landmarks lie in the middle of fingers and of the wrist.

    Args:
        landmarks: (21, 3) x, y and depth, pixels of the frame.

    Returns:
        (23, 2) x, y, and by how much to grow their hull, both in pixels of the frame.
    """
    points = landmarks[:, :2]
    half_wrist = _HALF_WRIST * (points[_LITTLE_FINGER] - points[_INDEX_FINGER])
    # The depth counts: a hand that points at the camera is short, but its fingers are as thick.
    length = math.dist(landmarks[_WRIST], landmarks[_MIDDLE_FINGER])
    return np.concatenate([points, points[_WRIST] + np.stack([half_wrist, -half_wrist])]), _HALF_FINGER * length
