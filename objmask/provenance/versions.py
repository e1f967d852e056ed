"""What a result says of its making: versions, and a digest of its settings."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from objmask import __version__


def versions(*packages: str) -> dict[str, str]:
    """Versions of objmask and of those packages that are installed."""
    found = {"objmask": __version__}
    for name in packages:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def settings_digest(settings: Mapping[str, Any]) -> str:
    """Hex SHA-256 of settings, whatever their order."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
