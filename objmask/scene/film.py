"""What the camera does to a picture: lens, exposure, blur, noise. It never touches the truth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from objmask.scene.canvas import Floats
from objmask.scene.quads import Rgb


@dataclass(frozen=True)
class Film:
    """How a camera records.

    Attributes:
        gains: (3,) of red, green and blue: colour temperature.
        exposure: factor.
        gamma: exponent; under 1 lifts the shadows.
        slope: (2,) brightness change over the picture's width and height, shares.
        vignette: darkening of the corners, share.
        blur: sigma, shares of the picture's width.
        shake: (2,) motion blur along x and y, shares of the picture's width.
        noise: standard deviation at mid grey, levels.
    """

    gains: Floats
    exposure: float
    gamma: float
    slope: tuple[float, float]
    vignette: float
    blur: float
    shake: tuple[float, float]
    noise: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Film:
        """A camera in an office."""
        warmth = float(rng.normal(0, 0.06))
        gains = np.array([1 + warmth, 1 + rng.normal(0, 0.012), 1 - warmth], np.float32)
        shake = rng.normal(0, 0.0016, 2) if rng.random() < 0.4 else np.zeros(2)
        return cls(
            gains,
            float(np.clip(rng.normal(1.0, 0.14), 0.65, 1.35)),
            float(rng.uniform(0.85, 1.15)),
            (float(rng.normal(0, 0.14)), float(rng.normal(0, 0.08))),
            float(rng.uniform(0.05, 0.3)),
            float(rng.uniform(0.0, 0.0016)),
            (float(shake[0]), float(shake[1])),
            float(rng.uniform(1.0, 5.5)),
        )

    def expose(self, colour: Floats, rng: np.random.Generator) -> Rgb:
        """A recorded picture.

        Args:
            colour: (h, w, 3) float32 RGB, 0..255.
            rng: for the noise.

        Returns:
            (h, w, 3) uint8 RGB.
        """
        height, width = colour.shape[:2]
        picture = np.clip(colour, 0, 255)
        picture = _shaken(picture, self.shake[0] * width, self.shake[1] * width)
        if self.blur * width > 0.25:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self.blur * width), np.float32)
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, width, dtype=np.float32)[None]
        field = (1 + np.float32(self.slope[0]) * x + np.float32(self.slope[1]) * y) * np.float32(self.exposure)
        field *= 1 - np.float32(self.vignette) * (x * x + y * y) / 2
        noise = rng.standard_normal((height, width), np.float32) * np.float32(self.noise)
        colours = cv2.resize(
            rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), np.float32) * np.float32(self.noise * 0.6),
            (width, height),
        ).reshape(height, width, 3)
        out = picture * field[..., None] * self.gains
        np.clip(out, 0, 255, out=out)
        curve = (np.linspace(0, 1, 256) ** self.gamma * 255).astype(np.float32)
        out = cv2.LUT(out.astype(np.uint8), curve).reshape(height, width, 3) + noise[..., None] + colours
        return np.clip(out + np.float32(0.5), 0, 255).astype(np.uint8)


def _shaken(picture: Floats, dx: float, dy: float) -> Floats:
    """Blurs along a line of (dx, dy) pixels around each pixel."""
    length = int(max(abs(dx), abs(dy)))
    if length < 1:
        return picture
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    end = (round(length + dx / 2), round(length + dy / 2))
    cv2.line(kernel, (round(length - dx / 2), round(length - dy / 2)), end, 1.0)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)
