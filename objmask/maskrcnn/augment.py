"""Varying training pictures: mirrored, larger or smaller, in other light, less sharp; the truth follows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from objmask.maskrcnn.sample import Sample

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LEAST_VISIBLE = 0.15
"""An object of which less than this share is left by cropping becomes a region to leave out of account."""
_LEAST_SIDE_PX = 2.0


@dataclass(frozen=True)
class Augmentation:
    """How far samples are varied.

    Attributes:
        flip: probability of mirroring left and right, 0..1.
        zoom: scale at most by this factor up or down, >= 1; what is larger than the canvas is cropped.
        light: contrast and saturation change by up to this share, brightness by up to this share of 128, 0..1.
        tint: each colour channel changes by up to this share, 0..1.
        blur: probability of a slight blur, 0..1.
        noise: the largest standard deviation of pixel noise, levels of 0..255.
    """

    flip: float = 0.5
    zoom: float = 1.25
    light: float = 0.25
    tint: float = 0.08
    blur: float = 0.15
    noise: float = 6.0

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """A varied copy; the same for the same state of `rng`."""
        if rng.random() < self.flip:
            sample = mirrored(sample)
        if self.zoom > 1:
            factor = float(np.exp(rng.uniform(-1, 1) * np.log(self.zoom)))
            sample = zoomed(sample, factor, rng.random(2))
        return replace(sample, picture=self._relit(sample.picture, rng))

    def _relit(self, picture: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        contrast, saturation = 1 + self.light * rng.uniform(-1, 1, 2)
        offset = 128 * (1 - contrast + self.light * rng.uniform(-1, 1))
        gains = contrast * (1 + self.tint * rng.uniform(-1, 1, 3))
        grey = (1 - saturation) * np.tile(_LUMA, (3, 1))
        matrix = np.concatenate([gains[:, None] * (grey + saturation * np.eye(3)), np.full((3, 1), offset)], axis=1)
        lit = cv2.transform(picture, matrix.astype(np.float32))
        if rng.random() < self.blur:
            lit = cv2.GaussianBlur(lit, (0, 0), float(rng.uniform(0.4, 1.0)))
        deviation = self.noise * rng.random() ** 2
        if deviation >= 1:
            levels = rng.integers(0, 256, lit.size, np.uint8).reshape(lit.shape)
            # Uniform noise of that deviation, by a table: far cheaper than drawing from a normal distribution.
            spread = np.linspace(-deviation, deviation, 256) * np.sqrt(3)
            lit = cv2.add(lit, cv2.LUT(levels, np.rint(spread).astype(np.int8)), dtype=cv2.CV_8U)
        return np.asarray(lit, np.uint8)


def resample(
    picture: npt.NDArray[np.uint8],
    scale: npt.NDArray[np.float64],
    offset_px: npt.NDArray[np.float64],
    canvas: tuple[int, int],
    padding: int,
) -> npt.NDArray[np.uint8]:
    """Places a scaled picture on a canvas.

    Pixel i comes from i / scale, without a half-pixel shift: TensorFlow's legacy resizing, as the networks do it.

    Args:
        picture: (h, w, 3) uint8.
        scale: (2,) of height and width.
        offset_px: (2,) row and column of the canvas on which the picture's first pixel lies.
        canvas: (height, width) of the result.
        padding: level of what the picture does not cover, 0..255.
    """
    if tuple(scale) == (1, 1) and not offset_px.any() and picture.shape[:2] == canvas:
        return picture
    backward = np.array([[1 / scale[1], 0, -offset_px[1] / scale[1]], [0, 1 / scale[0], -offset_px[0] / scale[0]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    placed = cv2.warpAffine(picture, backward, canvas[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    top, left = (max(0, round(edge)) for edge in offset_px)
    bottom, right = (round(edge + side * s) for edge, side, s in zip(offset_px, picture.shape, scale, strict=False))
    placed[:top], placed[bottom:], placed[:, :left], placed[:, right:] = padding, padding, padding, padding
    return np.asarray(placed, np.uint8)


def mirrored(sample: Sample) -> Sample:
    """Left and right swapped within the part that is picture."""
    width = sample.size[1]
    picture = sample.picture.copy()
    picture[:, :width] = sample.picture[:, :width][:, ::-1]
    ymin, xmin, ymax, xmax = sample.boxes.T
    boxes = np.stack([ymin, width - xmax, ymax, width - xmin], axis=-1)
    return replace(sample, picture=picture, boxes=boxes, masks=sample.masks[:, :, ::-1])


def zoomed(sample: Sample, factor: float, at: npt.NDArray[np.float64]) -> Sample:
    """Scaled by `factor`, and cut to the canvas where it does not fit.

    Args:
        sample: to scale.
        factor: of both sides.
        at: (2,) where, 0..1 each: of a larger picture the part to keep, of a smaller one nothing: it lies top left.
    """
    canvas = np.array(sample.picture.shape[:2])
    scaled = np.array(sample.size) * factor
    # What is beside a picture must be padding to the right and below, as everywhere.
    offset = np.minimum(0, np.rint(at * (canvas - scaled)))
    size = np.minimum(canvas, np.floor(scaled + offset)).astype(int)
    rows, columns = sample.size
    picture = resample(sample.picture[:rows, :columns], np.full(2, factor), offset, (canvas[0], canvas[1]), 127)
    moved = (sample.boxes * np.float32(factor) + np.tile(offset, 2).astype(np.float32)).astype(np.float32)
    clipped = np.clip(moved, 0, np.tile(size, 2)).astype(np.float32)
    whole, left = np.prod(moved[:, 2:] - moved[:, :2], axis=1), np.prod(clipped[:, 2:] - clipped[:, :2], axis=1)
    seen = np.flatnonzero(np.min(clipped[:, 2:] - clipped[:, :2], axis=1, initial=np.inf) >= _LEAST_SIDE_PX)
    boxes, classes, masks = clipped[seen], sample.classes[seen].copy(), sample.masks[seen].copy()
    for k, i in enumerate(seen):
        if classes[k] >= 0 and left[i] < whole[i]:
            boxes[k], masks[k] = _cut(sample.masks[i], moved[i], clipped[i])
        if left[i] < _LEAST_VISIBLE * whole[i] or np.min(boxes[k, 2:] - boxes[k, :2]) < _LEAST_SIDE_PX:
            boxes[k], classes[k] = clipped[i], -1
    return replace(
        sample, picture=picture, size=(int(size[0]), int(size[1])), boxes=boxes, classes=classes, masks=masks
    )


def _cut(
    mask: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], clipped: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """(box, mask) of the part of an object inside `clipped`; the box holds what is left of it and no more."""
    side = len(mask)
    cell = (box[2:] - box[:2]) / (side - 1)
    window = np.array([0, 0, side - 1, side - 1], np.float32)
    inside = np.clip((clipped - np.tile(box[:2], 2)) / np.tile(cell, 2), 0, window[2])
    top, left = int(inside[0]), int(inside[1])
    part = mask[top : int(np.ceil(inside[2])) + 1, left : int(np.ceil(inside[3])) + 1] >= 128
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows) or not len(columns):
        return np.zeros(4, np.float32), mask
    first, last = np.array([rows[0], columns[0]]), np.array([rows[-1], columns[-1]])
    low = np.maximum(inside[:2], np.array([top, left]) + first - 0.5)
    high = np.minimum(inside[2:], np.array([top, left]) + last + 0.5)
    step = (high - low) / (side - 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    backward = np.array([[step[1], 0, low[1]], [0, step[0], low[0]]], np.float64)
    grid = cv2.warpAffine(mask, backward, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    kept = np.concatenate([low * cell, high * cell]) + np.tile(box[:2], 2)
    return kept.astype(np.float32), np.asarray(grid, np.uint8)
