"""Colour-mask videos: objects in the colours of their groups on black, and the way back from such a video to groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.classes import Palette
from objmask.painted.objects import labels_of
from objmask.painted.table import PaintedTable
from objmask.progress import Progress
from objmask.render.colours import to_yuv
from objmask.video.info import BT709_TV, VideoInfo
from objmask.video.planes import Planes
from objmask.video.reader import read_frames
from objmask.video.writer import Codec, VideoWriter

COLORS = BT709_TV
"""Colour tags of mask videos. They are what browsers and players expect, whatever the source has."""
QUALITY = 10
"""x264's crf. Flat colours cost little; at this quality no level strays far enough to be taken for another group."""
_SEED_ERROR = 10
"""Levels by which a block may miss a palette colour, in Y, U and V, and still prove that the group is there."""
_OTHER_BLOCK = 6
"""Levels of luma by which a neighbouring block's group must fit a pixel better than its own block's."""

Labels = npt.NDArray[np.uint8]


def label_planes(labels: Labels, palette: Palette) -> Planes:
    """Turns a painted map, (h, w) uint8, into a picture.

    The chroma of a 2 x 2 block is that of its first pixel, never a mixture. So no magenta appears where red meets blue.
    """
    levels = to_yuv(palette.colours, COLORS)
    small = np.ascontiguousarray(labels[::2, ::2])
    return Planes(levels[:, 0][labels], levels[:, 1][small], levels[:, 2][small])


def write_masks(
    info: VideoInfo,
    painted: PaintedTable,
    palette: Palette,
    out: Path,
    progress: Progress,
    *,
    preset: str = "veryfast",
    lossless: bool = False,
) -> None:
    """Writes the mask video of one video. It uses the frames and times of the video, not its pictures.

    Args:
        info: facts about the video.
        painted: what is painted.
        palette: the groups and their colours.
        out: the MP4 file.
        progress: counts frames.
        preset: preset of the encoder x264.
        lossless: write FFV1 in RGB instead of H.264.

    Raises:
        VideoError: writing fails.
        DataError: a table is damaged.
    """
    table = painted.frames
    codec: Codec = "ffv1" if lossless else "h264"
    with VideoWriter(out, info, codec=codec, quality=QUALITY, preset=preset, colors=COLORS) as writer:
        for row, objects in enumerate(painted.objects()):
            labels = labels_of(objects, palette, info.height, info.width)
            pts, duration = int(table.pts[row]), int(table.duration_pts[row])
            if lossless:
                writer.write_rgb(palette.colours[labels], pts, duration)
            else:
                writer.write(label_planes(labels, palette), pts, duration)
            progress.step()


def read_masks(path: Path, info: VideoInfo, palette: Palette) -> Iterator[Labels]:
    """Yields the painted map of each frame of a mask video, (h, w) uint8. The inverse.

    Args:
        path: a file of `masks/` or `masks_lossless/`.
        info: facts about that file, from `objmask.video.probe`.
        palette: the groups of the mask video.

    Raises:
        VideoError: the file cannot be read.
    """
    for frame in read_frames(path, info):
        if info.codec == "ffv1":
            yield labels_of_rgb(frame.rgb(), palette)
        else:
            yield labels_of_planes(frame.planes(), palette)


def labels_of_rgb(rgb: npt.NDArray[np.uint8], palette: Palette) -> Labels:
    """Indices of exact palette colours, (h, w, 3) uint8 -> (h, w) uint8. Other colours are background."""
    labels = np.zeros(rgb.shape[:2], np.uint8)
    for k, colour in enumerate(palette.colours[1:], 1):
        labels[(rgb == colour).all(2)] = k
    return labels


def labels_of_planes(picture: Planes, palette: Palette) -> Labels:
    """Groups of a compressed mask picture, (h, w) uint8.

    Chroma is stored per 2 x 2 block and tells the group. Luma is stored per pixel and tells where the group ends. A
    pixel gets the group with the best luma, among the groups of its block and of the eight blocks around it.
    """
    levels = to_yuv(palette.colours, COLORS).astype(np.int16)
    blocks = _block_labels(picture, levels)
    height, width = picture.y.shape
    luma = picture.y.astype(np.int16)
    best = np.full((height, width), np.iinfo(np.int16).max, np.int16)
    labels = np.zeros((height, width), np.uint8)
    present = np.flatnonzero(np.bincount(blocks.ravel(), minlength=len(levels)))
    if len(present) == 1:
        labels[:] = present[0]
        return labels
    for k in present:
        own = (blocks == k).astype(np.uint8)
        near = cv2.dilate(own, np.ones((3, 3), np.uint8))
        penalty = np.where(own > 0, 0, np.where(near > 0, _OTHER_BLOCK, 1000)).astype(np.int16)
        cost = np.abs(luma - levels[k, 0]) + penalty.repeat(2, 0).repeat(2, 1)[:height, :width]
        better = cost < best
        best[better] = cost[better]
        labels[better] = k
    return labels


def _block_labels(picture: Planes, levels: npt.NDArray[np.int16]) -> Labels:
    """The group of each 2 x 2 block by chroma, among those that some block shows beyond doubt."""
    u, v, y = picture.u.astype(np.int16), picture.v.astype(np.int16), picture.y[::2, ::2].astype(np.int16)
    chroma = np.stack([np.abs(u - level[1]) + np.abs(v - level[2]) for level in levels])
    error = chroma + np.abs(y - levels[:, 0, None, None]) // 2
    certain = np.stack([error[k] <= _SEED_ERROR for k in range(len(levels))])
    present = np.flatnonzero(certain.reshape(len(levels), -1).any(axis=1))
    absent = np.setdiff1d(np.arange(1, len(levels)), present)
    error[absent] = np.iinfo(np.int16).max
    labels: Labels = error.argmin(0).astype(np.uint8)
    return labels
