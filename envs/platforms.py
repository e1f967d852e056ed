"""On which machines the locked versions can be installed: asks the package index, and prints the table of
docs/install.md. Nothing is installed. From the top of the project: `python envs/platforms.py`
"""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "Linux x86-64": [f"manylinux{v}_x86_64" for v in ("_2_28", "_2_27", "_2_17", "2014", "2010", "1")],
    "Linux aarch64": [f"manylinux{v}_aarch64" for v in ("_2_28", "_2_27", "_2_17", "2014")],
    "macOS arm64": [f"macosx_{v}_{kind}" for v in ("14_0", "13_0", "12_0", "11_0") for kind in ("arm64", "universal2")]
    + ["macosx_10_13_universal2", "macosx_10_9_universal2"],
}
_MISSING = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)==")


def without_wheel(platforms: list[str], python: str) -> list[str]:
    """Names of the lock of which there is no wheel for a platform.

    Args:
        platforms: what wheels of it are called.
        python: the version of Python.

    Raises:
        RuntimeError: pip fails for another reason; it says which.
    """
    wanted = LOCK.read_text(encoding="utf-8").split()
    missing: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        while True:
            lock = Path(folder, "lock")
            lock.write_text("\n".join(line for line in wanted if line.split("==")[0] not in missing))
            options = [
                "--dry-run",
                "--no-deps",
                "--only-binary=:all:",
                f"--target={folder}/none",
                f"--requirement={lock}",
            ]
            options += [f"--python-version={python}", *(f"--platform={name}" for name in platforms)]
            command = [sys.executable, "-m", "pip", "install", "--quiet", *options]
            done = subprocess.run(command, text=True, capture_output=True)  # noqa: S603 - pip
            if done.returncode == 0:
                return missing
            if not (found := _MISSING.search(done.stderr)):
                raise RuntimeError(done.stderr)
            missing.append(found[1])


def main() -> None:
    """Prints the table."""
    print(f"Asked on {datetime.date.today()} by `python envs/platforms.py`.\n")
    print("| |", " | ".join(f"Python {python}" for python in PYTHONS), "|")
    print("|---|" + "---|" * len(PYTHONS))
    for name, platforms in PLATFORMS.items():
        cells = [", ".join(without_wheel(platforms, python)) for python in PYTHONS]
        print(f"| {name} |", " | ".join(cell or "all" for cell in cells), "|", flush=True)


if __name__ == "__main__":
    main()
