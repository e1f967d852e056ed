"""Masks as runs: COCO's compressed run-length encoding, which pycocotools reads, from a patch and back.

The pixels of a frame are counted column by column. The counts are lengths of runs that alternate, the first one of
pixels outside. From the fourth on, each is stored as its difference to the count two before, in groups of five bits,
the lowest first, each a character from "0" on; a sixth bit says that more follow
(`rleToString` in https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from objmask.detections.masks import Patch

Spans = npt.NDArray[np.int64]
"""(n, 2) first pixel and first one after, of runs of pixels in the order of columns, rising and apart."""
_BITS = 5
_MORE, _SIGN, _ZERO = 1 << _BITS, 1 << _BITS - 1, ord("0")


def encode(patch: Patch, height: int, width: int) -> bytes:
    """The counts of a patch in a frame of `height` x `width`; with `size: [height, width]` they are COCO's RLE."""
    return _compressed(_counts(spans_of(patch, height), height * width))


def decode(counts: bytes, height: int, width: int) -> Patch:
    """The patch that `encode` was given, trimmed.

    Raises:
        ValueError: these are no counts of a frame of that size.
    """
    spans = spans_in(counts, height, width)
    if not len(spans):
        return Patch(0, 0, np.zeros((0, 0), np.bool_))
    left, right = int(spans[0, 0]) // height, (int(spans[-1, 1]) - 1) // height + 1
    flat = _filled([(spans - left * height, 1)], (right - left) * height)
    return Patch(0, left, flat.reshape(right - left, height).T > 0).trimmed()


def map_of(marked: Iterable[tuple[bytes, int]], height: int, width: int) -> npt.NDArray[np.uint8]:
    """A map of a frame, (height, width) uint8, in which each mask has its mark; 0 elsewhere.

    Args:
        marked: counts and mark, 1..255, of masks that share no pixel.
        height: of the frame, pixels.
        width: of the frame, pixels.

    Raises:
        ValueError: counts are of another size, or two masks share a pixel.
    """
    import cv2  # several times as fast as NumPy here; who only counts pixels starts without it

    flat = _filled([(spans_in(counts, height, width), mark) for counts, mark in marked], height * width)
    return np.asarray(cv2.transpose(flat.reshape(width, height)), np.uint8)


def spans_of(patch: Patch, height: int) -> Spans:
    """The runs of a patch in a frame of so many rows."""
    if not patch.mask.any():
        return np.zeros((0, 2), np.int64)
    # A row of nothing above each column, and below the last: no run goes over an edge of the patch.
    height_px, width_px = patch.mask.shape
    columns = np.zeros(width_px * (height_px + 1) + 1, np.bool_)
    columns[:-1].reshape(width_px, height_px + 1)[:, 1:] = patch.mask.T
    edges = np.flatnonzero(columns[1:] != columns[:-1])
    column, row = np.divmod(edges, patch.mask.shape[0] + 1)
    # An edge after the last row belongs to that column, not to the next one's row of nothing.
    places = (patch.left + column) * height + patch.top + row
    spans = places.reshape(-1, 2)
    apart = np.append(True, spans[1:, 0] != spans[:-1, 1])
    return np.stack([spans[apart, 0], spans[np.append(apart[1:], True), 1]], 1).astype(np.int64)


@lru_cache(maxsize=128)
def spans_in(counts: bytes, height: int, width: int) -> Spans:
    """The runs that counts tell of; read-only, because who checks them and who draws them get the same ones.

    Raises:
        ValueError: these are no counts of a frame of that size.
    """
    lengths = _expanded(counts)
    ends = np.cumsum(lengths)
    # Of damaged counts the sum may wrap round to the right one.
    if not len(ends) or ends[-1] != height * width or lengths.max() > height * width:
        raise ValueError(f"counts of a mask that is not {height} x {width}")
    ends = ends[: len(ends) // 2 * 2]
    ends.flags.writeable = False
    return ends.reshape(-1, 2)


def area_of(spans: Spans) -> int:
    """Pixels in runs."""
    return int((spans[:, 1] - spans[:, 0]).sum())


def joined(several: Iterable[Spans]) -> Spans:
    """The runs of what any of them covers."""
    spans = np.concatenate([np.zeros((0, 2), np.int64), *several])
    if not len(spans):
        return spans
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    begins = np.append(True, spans[1:, 0] > reach[:-1])
    return np.stack([spans[begins, 0], reach[np.append(begins[1:], True)]], 1)


def _counts(spans: Spans, pixels: int) -> npt.NDArray[np.int64]:
    ends = np.append(0, spans.ravel())
    return np.diff(ends if ends[-1] == pixels else np.append(ends, pixels))


def _filled(parts: list[tuple[Spans, int]], pixels: int) -> npt.NDArray[np.uint8]:
    spans = np.concatenate([np.zeros((0, 2), np.int64), *(spans for spans, _ in parts)])
    marks = np.concatenate([np.zeros(0, np.uint8), *(np.full(len(spans), mark, np.uint8) for spans, mark in parts)])
    order = np.argsort(spans[:, 0], kind="stable")
    spans, marks = spans[order], marks[order]
    ends = np.concatenate([[0], spans.ravel(), [pixels]])
    lengths = np.diff(ends)
    if np.any(lengths < 0):
        raise ValueError("two masks share a pixel")
    values = np.zeros(len(lengths), np.uint8)
    values[1::2] = marks
    return np.repeat(values, lengths)


def _compressed(counts: npt.NDArray[np.int64]) -> bytes:
    values = counts.copy()
    values[3:] -= counts[1:-2]
    groups = np.ones(len(values), np.int64)
    while np.any(beyond := (values >> _BITS * groups - 1) + 1 >> 1 != 0):
        groups[beyond] += 1
    places = np.arange(int(groups.max(initial=1)))
    bits = values[:, None] >> _BITS * places & _MORE - 1
    bits |= np.where(places + 1 < groups[:, None], _MORE, 0)
    return (bits[places < groups[:, None]] + _ZERO).astype(np.uint8).tobytes()


def _expanded(counts: bytes) -> npt.NDArray[np.int64]:
    bits = np.frombuffer(counts, np.uint8).astype(np.int64) - _ZERO
    if np.any((bits < 0) | (bits >= 2 * _MORE)) or (len(bits) and bits[-1] & _MORE):
        raise ValueError("not counts of a mask")
    if not len(bits):
        return bits
    begins = np.append(0, np.flatnonzero(bits & _MORE == 0)[:-1] + 1)
    lengths = np.diff(np.append(begins, len(bits)))
    if lengths.max() > 12:
        raise ValueError("not counts of a mask")
    place = np.arange(len(bits)) - begins.repeat(lengths)
    values = np.add.reduceat((bits & _MORE - 1) << _BITS * place, begins)
    negative = bits[begins + lengths - 1] & _SIGN != 0
    values -= np.where(negative, 1 << _BITS * lengths, 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    if np.any(values < 0):
        raise ValueError("not counts of a mask")
    return values
