"""One training picture as the network is to see it, with its ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Sample:
    """One picture as the network is to see it, and the truth.

    Attributes:
        picture: (h, w, 3) uint8 RGB, the canvas.
        size: (height, width) of the part that is picture, from the top left corner, pixels.
        boxes: (n, 4) float32, ymin, xmin, ymax, xmax in pixels of the canvas, inside the picture.
        classes: (n,) int32 index into the network's classes; -1: a region to leave out of account.
        masks: (n, 56, 56) uint8, probability x 255 over the box, align-corners.
    """

    picture: npt.NDArray[np.uint8]
    size: tuple[int, int]
    boxes: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int32]
    masks: npt.NDArray[np.uint8]

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return self.picture.nbytes + self.masks.nbytes
