"""One workflow at a time in a folder: a lock that the kernel takes back when the process ends, however it ends."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

from filelock import FileLock, Timeout

from objmask.errors import ObjmaskError

LOG = logging.getLogger(__name__)

_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""Lustre without `-o flock`, NFS without its lock daemon."""
_HELD: dict[Path, FileLock] = {}


def hold(folder: Path) -> None:
    """Keeps other workflows out of a folder for as long as this process lives.

    Args:
        folder: where Snakemake keeps its own notes; exists.

    Where the file system has no locks there is a warning, and no protection.

    Raises:
        ObjmaskError: another process holds it.
        OSError: the file cannot be made.
    """
    file = folder.resolve() / "objmask.lock"
    lock = _HELD.setdefault(file, FileLock(file, fallback_to_soft=False))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ObjmaskError(
            "another run is at work in this folder; wait for its end, or choose another folder "
            "(snakemake: --directory, objmask video: --out)"
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        LOG.warning("%s: this file system has no locks; do not start two runs in one folder", folder)
