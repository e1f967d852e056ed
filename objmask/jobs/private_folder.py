"""Where processes of one user on one machine meet: a folder for locks and sockets."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from objmask.errors import ModelError


def runtime_folder() -> Path:
    """A folder of this user's for locks and sockets, on this machine, which nobody else can enter.

    Raises:
        ModelError: what has its name is somebody else's.
    """
    folder = Path(tempfile.gettempdir()) / f"objmask-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise ModelError(f"{folder}: is not a private folder of yours; remove it, or set TMPDIR to another place")
    return folder
