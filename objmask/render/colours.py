"""RGB colours as YUV levels, for painting into planes.

The matrices are those of ITU-R BT.601-7, BT.709-6 and BT.2020-2: Y' = Kr R' + Kg G' + Kb B', chroma the scaled
differences to B' and R'; narrow range is 16..235 for luma and 16..240 for chroma.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from objmask.video.info import ColorTags

_KR_KB = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}


def to_yuv(rgb: npt.NDArray[np.uint8], colors: ColorTags) -> npt.NDArray[np.uint8]:
    """YUV levels of colours.

    Args:
        rgb: (n, 3) uint8.
        colors: matrix and range to use.

    Returns:
        (n, 3) uint8 levels of Y, U, V.
    """
    kr, kb = _KR_KB.get(colors.matrix, _KR_KB[1])
    red, green, blue = (rgb[:, i].astype(np.float64) / 255 for i in range(3))
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma_b, chroma_r = (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))
    low, luma_scale, chroma_scale = (0, 255, 255) if colors.range == "pc" else (16, 219, 224)
    levels = np.stack([low + luma_scale * luma, 128 + chroma_scale * chroma_b, 128 + chroma_scale * chroma_r], 1)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
