"""Writes the versions of requirements.lock into the environments beside this file; `make lock` runs it."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Replaces each version; a package that is not locked is a KeyError."""
    lines = (HERE.parent / "requirements.lock").read_text(encoding="utf-8").split()
    locked = {normal(name): version for name, version in (line.split("==") for line in lines)}
    for path in HERE.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        pinned = re.sub(r"- ([A-Za-z0-9._-]+)==\S+", lambda found: f"- {found[1]}=={locked[normal(found[1])]}", text)
        path.write_text(pinned, encoding="utf-8")


if __name__ == "__main__":
    main()
