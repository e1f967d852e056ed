"""How much of the picture each group fills, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from objmask.detections.classes import Palette
from objmask.detections.runs import Spans, area_of, joined, spans_in
from objmask.files.csv_tables import Writer
from objmask.files.whole import atomic_path
from objmask.painted.objects import PaintedObject
from objmask.painted.table import PaintedTable
from objmask.progress import Progress

FRAME_COLUMNS = (
    "frame",
    "time_s",
    "group",
    "pixels",
    "fraction",
    "pixels_union",
    "instances",
    "filled",
    "lifted",
    "pixels_lifted",
    "own_score",
)


def write_coverage(painted: PaintedTable, palette: Palette, out: Path, progress: Progress) -> None:
    """Writes `coverage/<video>.csv`: a row a frame and group.

    `pixels` are those of the painted map, so `fraction`, cut to eight decimals, sums to at most 1 a frame.
    `pixels_union` are those of the group's instances whatever covers them. `filled` are those of the `instances` that
    were missed in this frame and are carried there by their tracks. `lifted` are those that were found in it, with too
    low a score to be painted without their tracks; `pixels_lifted` are the pixels of both. `own_score` is the mean
    score that the network gave the instances in this frame, 0 where it missed one; empty without instances.

    Raises:
        DataError: the table is damaged.
        OSError: the file cannot be written.
    """
    table, times_s = painted.frames, painted.frames.time_s
    pixels = painted.height * painted.width
    with atomic_path(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        cells = Writer(stream)
        cells.row(FRAME_COLUMNS)
        for row, objects in enumerate(painted.objects()):
            start = table.number[row], f"{times_s[row]:.6f}"
            for group in palette.groups:
                if not table.known[row]:
                    # Not looked at is not empty: the cells stay blank, and the summaries leave the frame out.
                    cells.row((*start, group.name, *[""] * (len(FRAME_COLUMNS) - 3)))
                else:
                    shown = [one for one in objects if one.group == group.name and one.shown]
                    cells.row((*start, group.name, *_of_group(shown, painted, pixels)))
            progress.step()


def _of_group(shown: Sequence[PaintedObject], painted: PaintedTable, pixels: int) -> tuple[object, ...]:
    """The cells from `pixels` on."""

    def spans(counts: bytes) -> Spans:
        return spans_in(counts, painted.height, painted.width)

    visible = [spans(one.visible) if one.visible else _NOTHING for one in shown]
    covered = [spans(one.covered) for one in shown if one.covered]
    seen = sum(map(area_of, visible))
    return (
        seen,
        # Cut, not rounded: rounded up, the groups of a full picture would sum to more than 1.
        f"{seen * 10**8 // pixels / 10**8:.8f}",
        area_of(joined([*visible, *covered])) if covered else seen,
        len(shown),
        sum(one.carried != 0 for one in shown),
        sum(one.lifted for one in shown),
        sum(area_of(one) for one, of in zip(visible, shown, strict=True) if of.lifted or of.carried),
        f"{sum(one.own_score for one in shown) / len(shown):.4f}" if shown else "",
    )


_NOTHING = np.zeros((0, 2), np.int64)
