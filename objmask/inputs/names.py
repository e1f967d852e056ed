"""What names of videos and of what is done in them look like in results."""

from __future__ import annotations

import re

UNLABELLED = "unlabelled"
"""The label of a video that has none."""
_ENCODED = re.compile(r"%(?!7F)([2-7][0-9A-F])")


def shown_name(name: str) -> str:
    """A video's name as people know it, with the characters that are encoded in it but for control characters."""
    return _ENCODED.sub(lambda m: chr(int(m[1], 16)), name)
