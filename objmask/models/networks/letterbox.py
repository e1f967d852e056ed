"""Fitting frames into a network's fixed input as Ultralytics does, and back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

_GREY = 114  # Ultralytics' padding value


@dataclass(frozen=True)
class Letterbox:
    """How a frame lies in the network's input: scaled with its aspect kept, in the middle.

    Attributes:
        frame_height: of the frame, pixels.
        frame_width: of the frame, pixels.
        height: of the frame inside the input, pixels.
        width: of the frame inside the input, pixels.
        top: rows of the input above the frame.
        left: columns of the input left of the frame.
        input_height: of the input, pixels.
        input_width: of the input, pixels.
    """

    frame_height: int
    frame_width: int
    height: int
    width: int
    top: int
    left: int
    input_height: int
    input_width: int

    @classmethod
    def fit(cls, frame_height: int, frame_width: int, input_height: int, input_width: int) -> Letterbox:
        """The letterbox of a frame size in an input size."""
        scale = min(input_height / frame_height, input_width / frame_width)
        height, width = max(1, round(frame_height * scale)), max(1, round(frame_width * scale))
        # An odd pixel of padding goes below and to the right, as in Ultralytics.
        top, left = (input_height - height) // 2, (input_width - width) // 2
        return cls(frame_height, frame_width, height, width, top, left, input_height, input_width)

    @property
    def scale(self) -> tuple[float, float]:
        """Input pixels a frame pixel, (vertical, horizontal)."""
        return self.height / self.frame_height, self.width / self.frame_width

    def to_frame(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Points (..., 2) y, x in the input, pixels, as points in the frame."""
        return (points - (self.top, self.left)) / self.scale

    def place(self, u: float, axis: int) -> float:
        """Where a mask's sample at `u` lies in the input: a place between its pixels, of which pixel i covers i..i+1.

        Args:
            u: normalised, as `objmask.detections.masks` counts: the frame's pixel i of n has i / (n - 1).
            axis: 0 vertical, 1 horizontal.
        """
        pixels, pad = ((self.frame_height, self.top), (self.frame_width, self.left))[axis]
        return (u * (pixels - 1) + 0.5) * self.scale[axis] + pad

    def boxes_in_frame(self, edges: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Boxes of the input as boxes of the frame, clipped to it, and which of them are a pixel or more a side.

        Args:
            edges: (n, 4) top, left, bottom, right in input pixels.

        Returns:
            (n, 4) normalised, and (n,).
        """
        (scale_y, scale_x), size = self.scale, np.array([self.frame_height, self.frame_width] * 2, np.float64)
        pixels = (edges - (self.top, self.left, self.top, self.left)) / (scale_y, scale_x, scale_y, scale_x)
        pixels = np.clip(pixels, 0, size)
        return (pixels / size).astype(np.float32), np.all(pixels[:, 2:] - pixels[:, :2] >= 1, axis=1)

    def apply(self, frame: npt.NDArray[np.uint8], level: int = _GREY) -> npt.NDArray[np.uint8]:
        """The frame as the network's input picture.

        Args:
            frame: RGB uint8 (h, w, 3).
            level: of the pixels around it, 0..255.

        Returns:
            RGB uint8 (input_height, input_width, 3).
        """
        out = np.full((self.input_height, self.input_width, 3), level, np.uint8)
        inside = out[self.top : self.top + self.height, self.left : self.left + self.width]
        if frame.shape[:2] == (self.height, self.width):
            inside[...] = frame
        else:
            shrinks = self.height < frame.shape[0]
            inside[...] = cv2.resize(
                frame, (self.width, self.height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            )
        return out
