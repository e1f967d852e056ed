"""A table that says which videos there are, as people write it: TSV or CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from objmask.errors import ConfigError
from objmask.hints import nearest

COLUMNS = ("path", "label", "subject")
"""What is read; only the first has to be there, and there may be others."""
_MISSPELT = 0.8
"""So like a column of ours that it was meant: `lable`, `Subjects`, and not `object`."""


def read_input_table(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    """The rows of a table, each with all of `COLUMNS` (empty where nothing is), and warnings.

    Raises:
        ConfigError: why it is no such table.
        OSError: it cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            header = stream.readline()
            stream.seek(0)
            reader = csv.DictReader(stream, delimiter="\t" if "\t" in header else ",")
            columns = [name for name in reader.fieldnames or () if name]
            rows = [{name: row.get(name) or "" for name in COLUMNS} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"not a text in UTF-8 ({error})") from error
    misspelt = _misspelt(columns)
    if "path" not in columns:
        there = f", but '{misspelt['path']}', which is to be renamed" if "path" in misspelt else ""
        if len(columns) == 1 and ";" in header:
            there = "; between columns are ';', expected tabs (TSV) or commas (CSV)"
        raise ConfigError(f"no column 'path'{there or '; expected path, label, subject, …'}")
    if not rows:
        raise ConfigError("no rows below the names of its columns")
    return rows, [
        f"videos: {path.name}: unknown column '{given}'; did you mean '{name}'? objmask reads {', '.join(COLUMNS)}"
        for name, given in misspelt.items()
    ]


def _misspelt(columns: Iterable[str]) -> dict[str, str]:
    """Columns of ours that are not there, with what looks like them."""
    columns = list(columns)
    missing = [name for name in COLUMNS if name not in columns]
    found = ((nearest(given, missing, _MISSPELT), given) for given in columns if given not in COLUMNS)
    return {name: given for name, given in found if name}
