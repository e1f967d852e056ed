"""One workflow at a time in a folder: a lock that the kernel takes back when the process ends, however it ends."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from objmask.errors import ObjmaskError

_HELD: dict[Path, FileLock] = {}


def hold(folder: Path) -> None:
    """Keeps other workflows out of a folder for as long as this process lives.

    Args:
        folder: where Snakemake keeps its own notes; exists.

    Raises:
        ObjmaskError: another process holds it.
        OSError: the file cannot be made, or the file system has no locks.
    """
    file = folder.resolve() / "objmask.lock"
    lock = _HELD.setdefault(file, FileLock(file, fallback_to_soft=False))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ObjmaskError(
            "another run is at work in this folder; wait for its end, or choose another folder (snakemake: --directory)"
        ) from None
