"""Which frames of a video say most about it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt


def informative(groups: npt.NDArray[np.int64], fraction: npt.NDArray[np.float64], count: int) -> list[int]:
    """Chooses frames from all over a video: of each stretch the one with the most groups, then the fullest.

    Args:
        groups: (n,) how many groups each frame shows; -1: it was not looked at.
        fraction: (n,) share of the picture that they fill, 0..1.
        count: how many frames are wanted.

    Returns:
        At most `count` rows, the most informative first, so that those who have room for a few take the first few.
    """
    frames = len(groups)
    stretches = min(count, frames)
    if not stretches:
        return []
    edges = np.arange(stretches + 1) * frames // stretches
    chosen = []
    for first, stop in pairwise(edges):
        rows = np.arange(first, stop)
        # Where all are equal, as in a video in which nothing was found, the middle of the stretch.
        off_centre = np.abs(rows - (first + stop - 1) / 2)
        best = np.lexsort((rows, off_centre, -np.round(fraction[rows], 3), -groups[rows]))[0]
        chosen.append(int(rows[best]))
    return sorted(chosen, key=lambda row: (-groups[row], -fraction[row], row))
