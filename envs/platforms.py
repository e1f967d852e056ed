"""On which machines the locked versions can be installed: asks the package index which wheels there are.

Prints the table of docs/install.md; nothing is installed. From the top of the project, with uv on the path:
`python envs/platforms.py`
"""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import tempfile
from pathlib import Path

from pin import locked

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "Linux aarch64": "aarch64-manylinux_2_28",
    "macOS 14, arm64": "aarch64-apple-darwin",
}
MACOS = "14.0"
FROM_SOURCE = {"connection-pool"}
"""Has no wheel at all; it is plain Python, so that pip makes one anywhere."""
_MISSING = re.compile(r"Because ([a-z0-9-]+)==\S+ has no ")


def without_wheel(platform: str, python: str) -> list[str]:
    """Names of the lock of which there is no wheel.

    Args:
        platform: as uv calls it.
        python: the version of Python.

    Raises:
        RuntimeError: uv fails for another reason; it says which.
    """
    versions = locked()
    missing: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        while True:
            asked = Path(folder, "asked")
            wanted = {name: version for name, version in versions.items() if name not in {*missing, *FROM_SOURCE}}
            asked.write_text("\n".join(f"{name}=={version}" for name, version in wanted.items()))
            options = [
                "--no-deps",
                "--only-binary=:all:",
                f"--python-platform={platform}",
                f"--python-version={python}",
            ]
            done = subprocess.run(  # noqa: S603
                ["uv", "pip", "compile", "--quiet", *options, asked],  # noqa: S607
                env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": MACOS},
                text=True,
                capture_output=True,
            )
            if done.returncode == 0:
                return missing
            if not (found := _MISSING.search(done.stderr)) or found[1] in missing:
                raise RuntimeError(done.stderr)
            missing.append(found[1])


def main() -> None:
    """Prints the table: `all`, or the packages without a wheel."""
    print(f"Asked on {datetime.date.today()} by `python envs/platforms.py`.\n")
    print("| |", " | ".join(f"Python {python}" for python in PYTHONS), "|")
    print("|---|" + "---|" * len(PYTHONS))
    for name, platform in PLATFORMS.items():
        cells = [", ".join(without_wheel(platform, python)) for python in PYTHONS]
        print(f"| {name} |", " | ".join(cell or "all" for cell in cells), "|", flush=True)


if __name__ == "__main__":
    main()
