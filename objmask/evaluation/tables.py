"""What came of the models, as tables: CSV files for programs, columns for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from objmask.evaluation.judge import Judged, Row
from objmask.files.csv_tables import Writer
from objmask.files.whole import atomic_path

BY_SCORE = ("group_iou", "coverage_bias", "coverage_error", "hidden_pixels", "hidden_instances", "over_blur")
"""Figures of `scores.csv` that `models.csv` has at each score floor, as `figure@score`."""
AT_LOWEST = (
    *("mask_ap", "mask_ap50", "mask_ap75", "mask_ar", "box_ap", "box_ap50", "box_ap75", "box_ar"),
    *("group_mask_ap", "group_mask_ap50"),
)
"""Figures that it has at the lowest floor only: precision is a matter of all scores."""
Table = tuple[Sequence[str], list[list[str]]]
"""Heads and rows of texts."""


def model_row(judged: Judged) -> Row:
    """All of a model in one row."""
    row: Row = {"model": judged.model, "sha256": judged.sha256, "pictures": judged.pictures, "ms": judged.ms}
    row |= {figure: judged.scores[0][figure] for figure in AT_LOWEST}
    for one in judged.scores:
        row |= {f"{figure}@{one['score']:g}": one[figure] for figure in BY_SCORE}
    return row


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Writes a table; what is not known stays blank.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = Writer(stream)
        writer.row(rows[0] if rows else ())
        writer.rows([_cell(name, value) for name, value in row.items()] for row in rows)


def write_tables(models: Sequence[Judged], folder: Path) -> None:
    """Writes `models.csv`, `scores.csv`, `groups.csv` and `classes.csv`.

    Raises:
        OSError: one cannot be written.
    """
    write_csv([model_row(one) for one in models], folder / "models.csv")
    write_csv([row for one in models for row in one.scores], folder / "scores.csv")
    write_csv([row for one in models for row in one.groups], folder / "groups.csv")
    write_csv([row for one in models for row in one.classes], folder / "classes.csv")


def precision_table(models: Sequence[Judged]) -> Table:
    """A row a model: precision in percent, time."""
    heads = ("model", "pictures", "ms", "mask AP", "AP50", "AP75", "AR", "box AP", "box AP50", "group AP", "group AP50")
    figures = (
        *("mask_ap", "mask_ap50", "mask_ap75", "mask_ar", "box_ap", "box_ap50"),
        *("group_mask_ap", "group_mask_ap50"),
    )
    return heads, [
        [one.model, str(one.pictures), _number(one.ms), *(_percent(one.scores[0][name]) for name in figures)]
        for one in models
    ]


def score_table(models: Sequence[Judged]) -> Table:
    """A row a model and score floor, in percent."""
    heads = (
        *("model", "score", "group IoU", "coverage bias", "coverage error", "95 % from", "to"),
        *("hidden pixels", "hidden instances", "over-blur"),
    )
    figures = ("coverage_bias", "coverage_error", "coverage_error_low", "coverage_error_high")
    return heads, [
        [
            one.model,
            f"{row['score']:g}",
            _percent(row["group_iou"]),
            *(_number(row[name], 2) for name in figures),
            *(_percent(row[name]) for name in ("hidden_pixels", "hidden_instances", "over_blur")),
        ]
        for one in models
        for row in one.scores
    ]


def temporal_table(rows: Sequence[Row]) -> Table:
    """A row a way, of all videos together, which is the last of its rows; shares in percent."""
    heads = (
        *("from", "frames", "sensitive", "leaked", "per 1,000", "longest leak s", "hidden", "over-blur"),
        *("painted", "in place", "flicker/min", "group flicker/min", "IDF1", "switches"),
    )
    return heads, [
        [
            " ".join(str(row[name]) for name in ("from", "model")).strip(),
            *(str(row[name]) for name in ("frames", "sensitive_frames", "leaked_frames")),
            _number(row["leaked_per_1000"]),
            _number(row["longest_leak_s"], 2),
            *(_percent(row[name]) for name in ("hidden_share", "over_blur", "painted_share", "paint_in_place")),
            *(_number(row[name]) for name in ("flicker_per_object_minute", "group_flicker_per_minute")),
            _percent(row["idf1"]),
            _number(row["id_switches"], 0),
        ]
        for row in {(row["from"], row["model"]): row for row in rows}.values()
    ]


def as_text(table: Table) -> str:
    """A table in columns, the first one to the left."""
    lines = [list(table[0]), *table[1]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table[0]))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )


def unknown_classes(classes: Iterable[str], models: Mapping[str, Iterable[str]]) -> list[str]:
    """A line a model that cannot detect all annotated classes: those count as missed."""
    lines = []
    for name, known in models.items():
        missing = sorted(set(classes) - set(known))
        if missing:
            lines.append(f"model '{name}' does not know {', '.join(missing)}; they count as missed")
    return lines


def _cell(name: str, value: str | int | float) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:g}" if name == "score" else f"{value:.6f}"
    return str(value)


def _percent(value: str | int | float) -> str:
    return _number(100 * float(value))


def _number(value: str | int | float, digits: int = 1) -> str:
    return "–" if math.isnan(float(value)) else f"{float(value):.{digits}f}"
