"""Names of files are UTF-8, in whatever locale a user or a cluster's job runs."""

from __future__ import annotations

import os
import sys


def speak_utf8() -> None:
    """Starts this process again in Python's UTF-8 mode, where the environment asks for another encoding."""
    other = os.environ.pop("PYTHONIOENCODING", None) is not None
    if is_spoken() and not other:
        return
    if os.environ.get("PYTHONUTF8") == "1" and not is_spoken():
        return  # that has been tried
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very program


def is_spoken() -> bool:
    """Whether names of files are read as UTF-8."""
    return sys.getfilesystemencoding().lower() == "utf-8"
