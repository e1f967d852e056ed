"""Output of verbs on standard output, apart from the log."""

from __future__ import annotations

import sys

from objmask.errors import printable


def show(text: str) -> None:
    """Writes a text with names from any source. Characters that the terminal's encoding lacks are escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(printable(text).encode(encoding, "backslashreplace").decode(encoding))
