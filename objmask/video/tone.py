"""Pictures of high dynamic range or wide gamut as the BT.709 pictures that networks and screens expect.

Everything is counted in diffuse white: 1 is what ITU-R BT.2408 calls reference white, 203 cd/m2. What stays under it
keeps its brightness, as far as the picture has nothing brighter; the rest is rolled off above a knee, as in ITU-R
BT.2390, so that the brightest of the picture just becomes white. Where that lies is looked up in the picture itself:
many files say nothing of it, some say it wrongly, and so a picture depends on nothing before it. Hues stay: all three
channels are scaled alike, and colours outside BT.709 move towards grey of their luminance until they fit.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from objmask.video.info import BT709_TV, ColorTags

Float = npt.NDArray[np.float32]

PQ, HLG = 16, 18
"""SMPTE ST 2084 and ARIB STD-B67 as FFmpeg numbers them (AVColorTransferCharacteristic)."""
BT2020 = 9
"""BT.2020's primaries as well as its matrix, as FFmpeg numbers both."""
WHITE_NITS = 203.0
HLG_PEAK_NITS = 1000.0
_HLG_GAMMA = 1.2
"""Of the display for which ITU-R BT.2100 defines HLG, one of 1,000 cd/m2."""
_GAMMA = 2.4
"""Of a display for standard pictures, ITU-R BT.1886."""
_KNEE = 0.5
"""Light of diffuse white up to which nothing is changed, whatever the picture holds."""
_BRIGHTEST = 0.999
"""Quantile that counts as a picture's brightest: what few glints exceed it become white."""
_EVERY_PX = 4
"""Rows and columns between the pixels that are looked at for it."""
_OUTSIDE = 1e-4
"""Light of diffuse white by which a channel may miss 0..1 before the pixel is moved: half a level of 8 bits at most."""

_BT709_XY = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_WIDE_XY = {
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""Chromaticities of red, green and blue: BT.2020, and P3 of cinemas and of computers' screens."""
_D65_XY = (0.3127, 0.3290)


def is_hdr(colors: ColorTags) -> bool:
    """Whether a picture's transfer is one of high dynamic range."""
    return colors.transfer in (PQ, HLG)


def needs_mapping(colors: ColorTags) -> bool:
    """Whether a picture would look wrong when taken for BT.709."""
    return kind_of(colors) != (0, 0)


def kind_of(colors: ColorTags) -> tuple[int, int]:
    """Transfer and primaries, as far as they call for mapping: pictures of different kinds cannot share their tags."""
    transfer = colors.transfer if is_hdr(colors) else 0
    return transfer, colors.primaries if colors.primaries in _WIDE_XY else 0


def viewed(colors: ColorTags) -> ColorTags:
    """The tags of a video that is made for looking at, beside its source's."""
    return BT709_TV if needs_mapping(colors) else colors


def to_standard(rgb: npt.NDArray[np.uint16], colors: ColorTags, full: int = 65535) -> npt.NDArray[np.uint8]:
    """A picture as BT.709 shows it.

    Args:
        rgb: (h, w, 3) uint16, 0..full, non-linear in the transfer and primaries of `colors`.
        colors: primaries that are not said are BT.2020's with PQ and HLG, else BT.709's.
        full: level of the largest signal.

    Returns:
        (h, w, 3) uint8.
    """
    light: Float = cv2.LUT(rgb, _linear(colors.transfer, full))  # type: ignore[assignment]
    if colors.transfer == HLG:
        _apply_ootf(light)
    if is_hdr(colors):
        _roll_off(light)
    primaries = BT2020 if is_hdr(colors) and colors.primaries not in (1, *_WIDE_XY) else colors.primaries
    if primaries in _WIDE_XY:
        light = cv2.transform(light, _to_bt709(primaries))  # type: ignore[assignment]
        _into_gamut(light)
    levels = cv2.pow(cv2.max(light, 0.0), 1 / _GAMMA)  # type: ignore[call-overload]
    return cv2.convertScaleAbs(levels, alpha=255).astype(np.uint8, copy=False)


def pq_to_nits(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Light in cd/m2 of a PQ signal in 0..1: the EOTF of ITU-R BT.2100, table 4."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = np.power(signal, 1 / m2)
    nits: npt.NDArray[np.float64] = 10000 * np.power(np.maximum(root - c1, 0) / (c2 - c3 * root), 1 / m1)
    return nits


def hlg_to_scene(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Light of the scene, 0..1, of an HLG signal in 0..1: the inverse OETF of ITU-R BT.2100, table 5."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


@cache
def _linear(transfer: int, full: int) -> Float:
    """Light of each of the 65536 levels of a channel; of HLG the scene's, else in diffuse white."""
    signal = np.minimum(np.arange(65536) / full, 1)
    if transfer == PQ:
        light = pq_to_nits(signal) / WHITE_NITS
    elif transfer == HLG:
        light = hlg_to_scene(signal)
    else:
        light = signal**_GAMMA
    return light.astype(np.float32)


def _apply_ootf(light: Float) -> None:
    """The scene's light becomes that of the display (ITU-R BT.2100, table 5), in place."""
    luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    light *= (cv2.pow(luminance, _HLG_GAMMA - 1) * (HLG_PEAK_NITS / WHITE_NITS))[..., None]


def _roll_off(light: Float) -> None:
    """Compresses what is above the knee so that the brightest becomes 1, in place.

    The curve is Reinhard's (2002) with a white point, begun at the knee: its slope there is 1, and with nothing
    brighter than diffuse white it changes nothing.
    """
    high = cv2.max(cv2.max(light[..., 0], light[..., 1]), light[..., 2])
    peak = float(np.quantile(high[::_EVERY_PX, ::_EVERY_PX], _BRIGHTEST))
    over = high > _KNEE
    bright = high[over]
    if peak > 1:
        above, range_ = (bright - _KNEE) / (1 - _KNEE), (peak - _KNEE) / (1 - _KNEE)
        rolled = _KNEE + (1 - _KNEE) * above * (1 + above / range_**2) / (1 + above)
    else:
        rolled = bright
    light[over] *= (np.minimum(rolled, 1) / bright)[:, None]


@cache
def _to_bt709(primaries: int) -> npt.NDArray[np.float64]:
    """3x3 matrix from linear RGB of wide primaries to linear RGB of BT.709; white stays."""
    matrix: npt.NDArray[np.float64] = np.linalg.inv(_to_xyz(_BT709_XY)) @ _to_xyz(_WIDE_XY[primaries])
    return matrix


def _to_xyz(corners: tuple[tuple[float, float], ...]) -> npt.NDArray[np.float64]:
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (*corners, _D65_XY)]).T
    return columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3])


def _into_gamut(light: Float) -> None:
    """Moves pixels outside 0..1 towards grey of the same luminance, until they are inside; in place."""
    low = cv2.min(cv2.min(light[..., 0], light[..., 1]), light[..., 2])
    high = cv2.max(cv2.max(light[..., 0], light[..., 1]), light[..., 2])
    outside = (low < -_OUTSIDE) | (high > 1 + _OUTSIDE)
    if not outside.any():
        return
    pixels, low, high = light[outside], low[outside], high[outside]
    grey = np.clip(pixels @ np.array([0.2126, 0.7152, 0.0722], np.float32), 0, 1)
    keep = np.minimum(grey / np.maximum(grey - low, grey + 1e-9), (1 - grey) / np.maximum(high - grey, 1 - grey + 1e-9))
    light[outside] = grey[:, None] + keep[:, None] * (pixels - grey[:, None])
