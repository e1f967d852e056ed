"""Where a hand lies in a frame: from a palm to the picture in which its landmarks are found, and to its outline.

After Zhang et al.: MediaPipe Hands: on-device real-time hand tracking, 2020, and the numbers of MediaPipe's graphs.
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
"""Keypoints of a palm: the wrist, and the joint at which the middle finger begins."""
_CROP_SIDES, _CROP_SHIFT = 2.6, 0.5
"""Side of the picture of a hand, and how far its middle lies ahead of the palm's, in sides of the palm."""
_WRIST, _INDEX_FINGER, _MIDDLE_FINGER, _LITTLE_FINGER = 0, 5, 9, 17
"""Landmarks: the wrist, and where fingers begin."""
_HALF_FINGER = 0.15
"""Half the width of a finger, in lengths from the wrist to where the middle finger begins."""
_HALF_WRIST = 0.45
"""Half the width of a wrist, in widths from where the index finger begins to where the little finger does."""
_FINGERS_AHEAD, _PALM_BEHIND, _PALM_ASIDE = 1.0, 0.5, 0.5
"""How far a hand of which only the palm is known reaches from the palm's middle, in sides of the palm."""


@dataclass(frozen=True)
class Palm:
    """A palm.

    Attributes:
        score: 0..1.
        middle: x and y, pixels of the frame.
        side: of its square, pixels.
        ahead: direction of the fingers, x and y of length 1.
    """

    score: float
    middle: Float64
    side: float
    ahead: Float64

    @classmethod
    def of(cls, score: float, box: Float64, keypoints: Float64) -> Palm:
        """From a prediction: top, left, bottom, right, and (7, 2) x and y, pixels of the frame."""
        along = keypoints[_PALM_MIDDLE_FINGER] - keypoints[_PALM_WRIST]
        length = math.hypot(*along)
        ahead = along / length if length else np.array([0.0, -1.0])
        return cls(score, (box[1::-1] + box[:1:-1]) / 2, float((box[2:] - box[:2]).max()), ahead)

    @property
    def corners(self) -> Float64:
        """(4, 2) corners of the turned rectangle that a hand on this palm takes, pixels of the frame."""
        reach = ((_FINGERS_AHEAD, -_PALM_ASIDE), (_FINGERS_AHEAD, _PALM_ASIDE))
        back = ((-_PALM_BEHIND, _PALM_ASIDE), (-_PALM_BEHIND, -_PALM_ASIDE))
        return self._placed(np.array([*reach, *back]) * self.side, self.middle)

    def picture(self, frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The hand with its fingers upwards, uint8 (HAND_SIDE, HAND_SIDE, 3), of a frame, uint8 (h, w, 3)."""
        origin, right, below = self.to_frame(np.array([[0.5, 0.5], [1.5, 0.5], [0.5, 1.5]])) - 0.5
        turned = np.stack([right - origin, below - origin, origin], axis=1)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(frame, turned, (HAND_SIDE, HAND_SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)

    def to_frame(self, points: Float64) -> Float64:
        """(n, 2) x and y in pixels of the frame, of points in pixels of `picture`."""
        ahead_and_aside = (HAND_SIDE / 2 - points[:, ::-1]) * (1, -1) * self.pixels
        return self._placed(ahead_and_aside, self.middle + _CROP_SHIFT * self.side * self.ahead)

    @property
    def pixels(self) -> float:
        """Pixels of the frame a pixel of `picture`."""
        return _CROP_SIDES * self.side / HAND_SIDE

    def _placed(self, ahead_and_aside: Float64, origin: Float64) -> Float64:
        """Points given by how far they lie ahead and to the right of an origin."""
        right = np.array([-self.ahead[1], self.ahead[0]])
        return origin + ahead_and_aside @ np.stack([self.ahead, right])


def outline(landmarks: Float64) -> tuple[Float64, float]:
    """Points whose hull, grown, is the hand; landmarks lie in the middle of fingers and of the wrist.

    Args:
        landmarks: (21, 3) x, y and depth, pixels of the frame.

    Returns:
        (n, 2) x and y, pixels of the frame, and by how much to grow their hull, pixels.
    """
    points = landmarks[:, :2]
    wrist, across = points[_WRIST], _HALF_WRIST * (points[_LITTLE_FINGER] - points[_INDEX_FINGER])
    length = math.dist(landmarks[_MIDDLE_FINGER], landmarks[_WRIST])
    return np.concatenate([points, [wrist - across, wrist + across]]), _HALF_FINGER * length
