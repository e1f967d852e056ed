"""Writes the versions of requirements.lock into the environments beside this file; `make lock` runs it."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: Path = HERE.parent / "requirements.lock") -> dict[str, str]:
    """Version of each package of a lock file, by its normal name."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return {normal(name): version for name, version in pins}


def main() -> None:
    """Replaces each version; a package that is not locked is a KeyError."""
    versions = locked()
    for path in HERE.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        pinned = re.sub(r"- ([A-Za-z0-9._-]+)==\S+", lambda found: f"- {found[1]}=={versions[normal(found[1])]}", text)
        path.write_text(pinned, encoding="utf-8")


if __name__ == "__main__":
    main()
