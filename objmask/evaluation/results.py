"""The files of an evaluation, and what a terminal shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from objmask.evaluation.curve import write_curve
from objmask.evaluation.judge import Judged, Row
from objmask.evaluation.page import write_page
from objmask.evaluation.tables import as_text, precision_table, score_table, write_csv, write_tables


@dataclass(frozen=True)
class Marks:
    """Score floors in use, to show in the picture; None: none.

    Attributes:
        privacy: `privacy.score`.
        masks: `masks.score`.
    """

    privacy: float | None = None
    masks: float | None = None


def write_results(models: Sequence[Judged], folder: Path, marks: Marks, rows: Sequence[Row] = ()) -> str:
    """Writes every file of an evaluation.

    Args:
        models: what came of each.
        folder: for the files.
        marks: score floors in use.
        rows: of `videos.csv`; empty: pictures were judged, there is none.

    Returns:
        The tables for a terminal.

    Raises:
        OSError: a file cannot be written.
    """
    write_tables(models, folder)
    if rows:
        write_csv(rows, folder / "videos.csv")
    write_curve(models, folder, privacy_score=marks.privacy, mask_score=marks.masks)
    precision, scores = precision_table(models), score_table(models)
    lead = [
        f"{models[0].pictures} annotated {'frames' if rows else 'pictures'}. Figures are percent, coverage bias and "
        "error percentage points of the frame. How to read and use them: docs/evaluation.md.",
    ]
    captions = [("Precision, all stored scores", precision), ("At score floors", scores)]
    write_page("Evaluation of models", lead, captions, folder / "curve.svg", folder / "evaluation.html")
    return f"{as_text(precision)}\n\n{as_text(scores)}"
