"""The comparison of models as one HTML file that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from objmask.evaluation.tables import Table
from objmask.files.whole import atomic_path

_STYLE = """\
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 84em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
td, th { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: right; }
td:first-child, th:first-child { text-align: left; white-space: nowrap; }
svg { max-width: 100%; height: auto; }
"""


def write_page(title: str, lead: Sequence[str], tables: Sequence[tuple[str, Table]], picture: Path, path: Path) -> None:
    """Writes the file.

    Args:
        title: of the page.
        lead: paragraphs at the top.
        tables: caption and content of each.
        picture: an SVG file to put in.
        path: the file to write.

    Raises:
        OSError: it cannot be written.
    """
    drawing = picture.read_text(encoding="utf-8")
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        *(f"<p>{html.escape(text)}</p>" for text in lead),
        drawing[drawing.index("<svg") :],
        *(f"<h2>{html.escape(caption)}</h2>\n{_table(table)}" for caption, table in tables),
    ]
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    text = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _table(table: Table) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return "<table>\n" + "\n".join([line(table[0], "th"), *(line(row, "td") for row in table[1])]) + "\n</table>"
