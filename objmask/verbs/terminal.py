"""What verbs show besides the log: what was asked for, on standard output."""

from __future__ import annotations

import sys

from objmask.errors import printable


def show(text: str) -> None:
    """Writes text, whose names may come from anywhere; what the terminal's encoding lacks is escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(printable(text).encode(encoding, "backslashreplace").decode(encoding))
