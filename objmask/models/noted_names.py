"""Names of classes, as exporters note them in a network's file."""

from __future__ import annotations

from typing import Any


def noted_names(noted: Any) -> dict[int, str]:
    """Names by number, from a list of them or a dictionary; empty: it is neither."""
    if isinstance(noted, str):
        return {}
    try:
        items = dict(noted if isinstance(noted, dict) else enumerate(noted)).items()
        return {int(key): str(value) for key, value in items}
    except (TypeError, ValueError):
        return {}
