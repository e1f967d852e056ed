"""The table of a run's videos, for the steps that span them: thousands of names do not fit on a command line."""

from __future__ import annotations

import re
from pathlib import Path

from objmask.errors import DataError
from objmask.files.csv_tables import read_rows
from objmask.files.whole import sha256_of

FAILED = "FAILED "
"""How the reason begins of a video that was not left out by wish: the run that made the table has failed for it."""
_COLUMNS = ("name", "label", "subject", "excluded")


def read_video_table(path: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The rows of the videos that count, and why each of the others was left out, those that failed first.

    Raises:
        DataError: it has other columns.
        OSError: it cannot be read.
    """
    # The workflow names a table by its content.
    if re.fullmatch("[0-9a-f]{16}", path.stem) and not sha256_of(path).startswith(path.stem):
        raise DataError(f"{path}: was changed or damaged; delete it and run again")
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(read_rows(stream, "\t"))
    except ValueError as error:
        raise DataError(f"{path}: not a table of videos ({error}); run the workflow again") from error
    if rows and not set(_COLUMNS) <= rows[0].keys():
        raise DataError(f"{path}: expected the columns {', '.join(_COLUMNS)}, with tabs between")
    kept = [row for row in rows if not row["excluded"]]
    left_out = {row["name"]: row["excluded"] for row in rows if row["excluded"]}
    return kept, dict(sorted(left_out.items(), key=lambda one: not one[1].startswith(FAILED)))
