"""How much of the picture each group fills, frame by frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.detections.classes import Palette
from objmask.detections.masks import paint
from objmask.files.csv_tables import Writer
from objmask.files.whole import atomic_path
from objmask.objects.tables import Tables, known_rows, objects_by_frame
from objmask.progress import Progress
from objmask.video.info import VideoInfo

FRAME_COLUMNS = ("frame", "time_s", "group", "pixels", "fraction", "pixels_union", "instances", "filled")


def write_coverage(
    info: VideoInfo, tables: Tables, palette: Palette, out: Path, progress: Progress, *, score: float, threshold: float
) -> None:
    """Writes `coverage/<video>.csv`: a row a frame and group.

    `pixels` are those of the painted map, where the more confident of two overlapping instances wins, so `fraction`,
    cut to eight decimals, sums to at most 1 a frame; `pixels_union` are those of the group's instances whatever covers
    them. `filled` are those of the `instances` that were missed in this frame and are carried there by their tracks.

    Raises:
        DataError: a table is damaged.
        OSError: the file cannot be written.
    """
    table = tables[0][1]
    times_s = table.time_s
    with atomic_path(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        cells = Writer(stream)
        cells.row(FRAME_COLUMNS)
        known = known_rows(tables)
        for row, found in enumerate(objects_by_frame(tables)):
            if not known[row]:
                # Not looked at is not empty: the cells stay blank, and the summaries leave the frame out.
                cells.rows((table.number[row], f"{times_s[row]:.6f}", g.name, *[""] * 5) for g in palette.groups)
                continue
            pixels, union, instances, filled = _of_frame(found.select(score=score), palette, info, threshold)
            for k, group in enumerate(palette.groups, 1):
                cells.row(
                    (
                        table.number[row],
                        f"{times_s[row]:.6f}",
                        group.name,
                        pixels[k],
                        # Cut, not rounded: rounded up, the groups of a full picture would sum to more than 1.
                        f"{int(pixels[k]) * 10**8 // (info.width * info.height) / 10**8:.8f}",
                        union[k],
                        instances[k],
                        filled[k],
                    )
                )
            progress.step()


def _of_frame(found: Detections, palette: Palette, info: VideoInfo, threshold: float) -> list[npt.NDArray[np.intp]]:
    labels, painted = paint(found, palette, info.height, info.width, threshold)
    size = len(palette.groups) + 1
    union = np.zeros(size, np.intp)
    for k in sorted({group for _, group, _ in painted}):
        covered = np.zeros(labels.shape, np.bool_)
        for _, group, patch in painted:
            if group == k:
                covered[patch.rows, patch.columns] |= patch.mask
        union[k] = covered.sum()
    seen = [(i, group) for i, group, patch in painted if patch.mask.any()]
    instances, filled = (
        np.bincount([group for i, group in seen if not only_carried or found.carried[i]], minlength=size)
        for only_carried in (False, True)
    )
    return [np.bincount(labels.ravel(), minlength=size), union, instances, filled]
