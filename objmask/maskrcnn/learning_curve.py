"""The log of a training, `log.csv`, and its picture, `learning_curve.png`."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from objmask.errors import DataError
from objmask.evaluation.mask_ap import Evaluation
from objmask.files.csv_tables import Writer
from objmask.files.whole import atomic_path
from objmask.maskrcnn.schedule import Reached

LOSSES = ("objectness", "anchor_boxes", "classes", "boxes", "masks", "total", "gradient_norm")
COLUMNS = ("step", "elapsed_s", "learning_rate", *LOSSES, "mask_ap", "mask_ap50", "box_ap")
PICTURE = "learning_curve.png"
_COLOURS = {
    "objectness": (200, 140, 40),
    "anchor_boxes": (120, 90, 200),
    "classes": (40, 140, 60),
    "boxes": (190, 60, 140),
    "masks": (40, 110, 200),
    "total": (30, 30, 30),
    "mask_ap": (200, 40, 40),
    "mask_ap50": (230, 130, 60),
    "box_ap": (90, 90, 90),
}
_INK, _GRID = (60, 60, 60), (225, 225, 225)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SIZE, _MARGIN = (420, 1100), (36, 210, 48, 78)
"""(height, width) of one diagram, and its margins: top, right, bottom, left; pixels."""

Series = Mapping[str, Sequence[tuple[float, float]]]


class Log:
    """Rows of a training; each holds the means of the losses since the row before, or a judgement."""

    def __init__(self, path: Path, step: int) -> None:
        """Goes on with the file at `path`, leaving out what it says of steps after `step`.

        Raises:
            DataError: the file is not such a log.
        """
        self._path = path
        self._sums: dict[str, float] = {}
        self._count = 0
        self._latest: tuple[Reached, float] = (Reached(), 0.0)
        rows = [row for row in _read(path) if int(row["step"]) <= step] if step and path.exists() else []
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="ascii") as stream:
            table = Writer(stream)
            table.row(COLUMNS)
            table.rows([row[column] for column in COLUMNS] for row in rows)

    def add(self, reached: Reached, rate: float, losses: Mapping[str, float]) -> None:
        """Takes one step's losses in."""
        for name in LOSSES:
            self._sums[name] = self._sums.get(name, 0.0) + losses[name]
        self._count += 1
        self._latest = reached, rate

    def row(self) -> None:
        """Writes the means since the last row."""
        if self._count:
            reached, rate = self._latest
            means = {name: f"{value / self._count:.5g}" for name, value in self._sums.items()}
            self._append(reached, {"learning_rate": f"{rate:.4g}", **means})
        self._sums, self._count = {}, 0

    def judged(self, reached: Reached, evaluation: Evaluation) -> None:
        """Writes what a judgement said."""
        names = {"mask_ap": evaluation.ap, "mask_ap50": evaluation.ap50, "box_ap": evaluation.box_ap}
        self._append(reached, {name: f"{value:.4f}" for name, value in names.items()})

    def _append(self, reached: Reached, values: Mapping[str, str]) -> None:
        with self._path.open("a", newline="", encoding="ascii") as stream:
            row = {"step": reached.step, "elapsed_s": f"{reached.elapsed_s:.1f}", **values}
            Writer(stream).row(row.get(column) for column in COLUMNS)

    def draw(self) -> None:
        """Writes the picture beside the log."""
        draw(self._path, self._path.with_name(PICTURE))


def draw(log: Path, out: Path) -> None:
    """Draws losses and precision over the minutes of training.

    Raises:
        DataError: `log` is not such a log.
    """
    rows = _read(log)
    minutes = [float(row["elapsed_s"]) / 60 for row in rows]

    def series(*names: str) -> dict[str, list[tuple[float, float]]]:
        return {
            name: [
                (at, float(row[name]))
                for at, row in zip(minutes, rows, strict=True)
                if row[name] and math.isfinite(float(row[name]))
            ]
            for name in names
        }

    longest = max([*minutes, 1 / 60])
    losses = series("total", "masks", "classes", "boxes", "anchor_boxes", "objectness")
    highest = max([value for points in losses.values() for _, value in points], default=1.0)
    precision = series("mask_ap50", "mask_ap", "box_ap")
    picture = np.concatenate(
        [
            diagram("loss (weighted)", losses, longest, highest),
            diagram("precision on the validation pictures", precision, longest, 1.0),
        ]
    )
    with atomic_path(out) as temporary:
        cv2.imwrite(str(temporary), picture[:, :, ::-1])


def diagram(title: str, series: Series, longest: float, highest: float) -> npt.NDArray[np.uint8]:
    """A diagram over minutes 0..`longest`, values 0..`highest`: (420, 1100, 3) uint8 RGB."""
    height, width = _SIZE
    top, right, bottom, left = _MARGIN
    picture = np.full((height, width, 3), 255, np.uint8)

    def place(x: float, y: float) -> tuple[int, int]:
        across = left + x / longest * (width - left - right)
        return round(across), round(height - bottom - min(y / highest, 1.02) * (height - top - bottom))

    for value in _ticks(highest):
        cv2.line(picture, place(0, value), place(longest, value), _GRID, 1)
        _write(picture, f"{value:g}", (left - 8, place(0, value)[1] + 5), align=1.0)
    for value in _ticks(longest):
        cv2.line(picture, place(value, 0), place(value, highest), _GRID, 1)
        _write(picture, f"{value:g}", (place(value, 0)[0], height - bottom + 18), align=0.5)
    cv2.rectangle(picture, place(0, highest), place(longest, 0), _INK, 1)
    _write(picture, title, (left, top - 12))
    _write(picture, "minutes", (left + (width - left - right) // 2, height - 10), align=0.5)
    for row, (name, points) in enumerate(series.items()):
        at = [place(x, y) for x, y in points]
        for before, after in itertools.pairwise(at):
            cv2.line(picture, before, after, _COLOURS[name], 2, cv2.LINE_AA)
        if len(at) < 40:
            for spot in at:
                cv2.circle(picture, spot, 3, _COLOURS[name], -1, cv2.LINE_AA)
        y = top + 20 + 20 * row
        cv2.line(picture, (width - right + 16, y - 5), (width - right + 40, y - 5), _COLOURS[name], 3, cv2.LINE_AA)
        last = f" {points[-1][1]:.3f}" if points else ""
        _write(picture, name.replace("_", " ") + last, (width - right + 48, y))
    return picture


def _ticks(highest: float) -> list[float]:
    """Four to ten round values in 0..`highest`."""
    rough = highest / 8
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [round(i * step, 10) for i in range(math.floor(highest / step + 1e-9) + 1)]


def _write(picture: npt.NDArray[np.uint8], text: str, at: tuple[int, int], *, align: float = 0.0) -> None:
    """Text with its baseline at `at`; align 0: to the right of it, 1: to the left."""
    (length, _), _ = cv2.getTextSize(text, _FONT, 0.45, 1)
    cv2.putText(picture, text, (at[0] - round(align * length), at[1]), _FONT, 0.45, _INK, 1, cv2.LINE_AA)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="ascii", errors="replace") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(f"{path}: not the log of a training; delete it, or train into another folder")
        # A line that was being written when the machine stopped is shorter.
        return [row for row in reader if None not in row.values() and row["step"].isdigit()]
