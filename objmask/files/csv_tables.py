"""Tables of separated values, written so that a spreadsheet shows what people have typed and runs none of it.

A text that it would take for a formula gets an apostrophe in front, as OWASP says (CSV injection); reading takes it
away again. So does a text in which a formula would begin after a semicolon or tab, where other spreadsheets end a cell.
Numbers stay as they are, with their signs.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

_FORMULA = r"'*[=+\-@\t\r＝＋－＠]"
_BEGINS = re.compile(rf"(?:^|(?<=[;\t\r\n]))(?={_FORMULA})")
_MARKED = re.compile(rf"(?:^|(?<=[;\t\r\n]))'(?={_FORMULA})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def as_cell(text: str) -> str:
    """A text as it is written into a table."""
    return text if _NUMBER.fullmatch(text) else _BEGINS.sub("'", text)


def from_cell(cell: str) -> str:
    """The text that `as_cell` was given."""
    return _MARKED.sub("", cell)


class Writer:
    """Writes rows to an open text file (`newline=""`).

    Args:
        stream: the file.
        separator: between cells.
    """

    def __init__(self, stream: IO[str], separator: str = ",") -> None:
        self._rows = csv.writer(stream, delimiter=separator, lineterminator="\n")

    def row(self, cells: Iterable[object]) -> None:
        """Writes a row of texts and numbers; None is an empty cell."""
        self._rows.writerow([as_cell(cell) if isinstance(cell, str) else cell for cell in cells])

    def rows(self, rows: Iterable[Iterable[object]]) -> None:
        """Writes rows."""
        for cells in rows:
            self.row(cells)


def read_rows(stream: IO[str], separator: str = ",") -> Iterator[dict[str, str]]:
    """Yields the rows of a table that `Writer` wrote, by the names in its first row.

    Raises:
        ValueError: a row has another number of cells, or the file is no such table.
    """
    try:
        rows = csv.reader(stream, delimiter=separator, strict=True)
        names: Sequence[str] = next(rows, [])
        for cells in rows:
            if len(cells) != len(names):
                raise ValueError(f"damaged: line {rows.line_num} has {len(cells)} cells, not {len(names)}")
            yield dict(zip(names, map(from_cell, cells), strict=True))
    except csv.Error as error:
        raise ValueError(f"damaged: {error}") from error
