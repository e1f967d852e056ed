"""The files of an evaluation, and what a terminal shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from objmask.evaluation.curve import write_curve
from objmask.evaluation.judge import Judged, Row
from objmask.evaluation.page import write_page
from objmask.evaluation.tables import as_text, precision_table, score_table, temporal_table, write_csv, write_tables


@dataclass(frozen=True)
class Marks:
    """Score floors in use, to show in the picture; None: none.

    Attributes:
        privacy: `privacy.score`.
        masks: `masks.score`.
    """

    privacy: float | None = None
    masks: float | None = None


def write_results(
    models: Sequence[Judged], folder: Path, marks: Marks, rows: Sequence[Row] = (), temporal: Sequence[Row] = ()
) -> str:
    """Writes every file of an evaluation.

    Args:
        models: what came of each.
        folder: for the files.
        marks: score floors in use.
        rows: of `videos.csv`; empty: pictures were judged, there is none.
        temporal: of `temporal.csv`; as above.

    Returns:
        The tables for a terminal.

    Raises:
        OSError: a file cannot be written.
    """
    write_tables(models, folder)
    if rows:
        write_csv(rows, folder / "videos.csv")
    write_curve(models, folder, privacy_score=marks.privacy, mask_score=marks.masks)
    tables = [("Precision, all stored scores", precision_table(models)), ("At score floors", score_table(models))]
    if temporal:
        write_csv(temporal, folder / "temporal.csv")
        tables.append(("Over time, as configured", temporal_table(temporal)))
    lead = [
        f"{models[0].pictures} annotated {'frames' if rows else 'pictures'}. Figures are percent, coverage bias and "
        "error percentage points of the frame. How to read and use them: docs/evaluation.md.",
    ]
    write_page("Evaluation of models", lead, tables, folder / "curve.svg", folder / "evaluation.html")
    return "\n\n".join(as_text(table) for _, table in tables)
