"""The review as text: a line a moment, and below it what to write down."""

from __future__ import annotations

from collections.abc import Sequence

from objmask.review.moment import Suggestion

_HEADINGS = ("video", "time", "frame", "what", "track", "score")


def as_text(moments: Sequence[Suggestion], limit: int) -> str:
    """A table of at most `limit` moments; the lines of YAML are for a file of corrections."""
    shown = moments[:limit]
    rows = [_HEADINGS, *(_cells(moment) for moment in shown)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEADINGS))]
    lines = []
    for row, entries in zip(rows, ("", *(moment.yaml for moment in shown)), strict=True):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        lines += [f"    {line}" for line in entries.splitlines()]
    more = f", the worst {len(shown)} of them here" if len(shown) < len(moments) else ""
    return "\n".join([*lines, f"{len(moments)} moments to look at{more}", ""])


def _cells(moment: Suggestion) -> tuple[str, ...]:
    track = "" if moment.track < 0 else f"{moment.model} {moment.track}"
    what = f"{moment.kind}: {moment.name}, {moment.what}"
    return tuple(
        printable(text) for text in (moment.video, moment.time, str(moment.frame), what, track, f"{moment.score:.2f}")
    )


def printable(text: str) -> str:
    """A text without what would steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
