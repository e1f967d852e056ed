"""The table of a run's videos, for the steps that span them: thousands of names do not fit on a command line."""

from __future__ import annotations

import csv
from pathlib import Path

from objmask.errors import DataError


def read_video_table(path: Path) -> list[dict[str, str]]:
    """Rows with the columns name, label, subject, excluded (why, or empty).

    Raises:
        DataError: it has other columns.
        OSError: it cannot be read.
    """
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    if rows and not {"name", "label", "subject", "excluded"} <= rows[0].keys():
        raise DataError(f"{path}: expected the columns name, label, subject, excluded, with tabs between")
    return rows
