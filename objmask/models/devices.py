"""Which GPU a process computes on: one that no other process of this user's objmask has.

A file lock stands for each device; the kernel gives it back when the process ends, however it ends.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from objmask.jobs.private_folder import runtime_folder

LOG = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"
_LOOK_S = 1.0
_claimed: FileLock | None = None


def visible_gpus(environment: Mapping[str, str], devices: Path = Path("/dev")) -> list[str]:
    """Names of the GPUs that may be used, as CUDA takes them.

    Args:
        environment: where `CUDA_VISIBLE_DEVICES`, when set, has the say: a user's choice, or a scheduler's.
        devices: the folder of device files, of which NVIDIA's driver makes one a GPU.
    """
    if VISIBLE in environment:
        names = [name.strip() for name in environment[VISIBLE].split(",")]
        # What follows an invalid entry is invisible to CUDA too.
        return names[: next((i for i, name in enumerate(names) if name in ("", "-1")), len(names))]
    numbers = (re.fullmatch(r"nvidia(\d+)", path.name) for path in devices.glob("nvidia*"))
    return sorted((number[1] for number in numbers if number), key=int)


def gpus_on(device: str) -> int:
    """How many GPUs a network that can use them could run on; 0: it runs on the CPU."""
    return len(visible_gpus(os.environ)) if device != "cpu" else 0


def claim_gpu() -> str | None:
    """Takes a GPU for this process until it ends, and makes it the only one that TensorFlow will see.

    To be called before TensorFlow is imported. While all are taken by other processes, it waits.

    Returns:
        The device, as in `CUDA_VISIBLE_DEVICES`; None: there is none.

    Raises:
        ModelError: the folder of the locks is somebody else's.
    """
    global _claimed
    gpus = visible_gpus(os.environ)
    if _claimed is None and gpus:
        name, _claimed = _first_free(gpus, runtime_folder())
        os.environ[VISIBLE] = name
        LOG.info("GPU %s is this process's", name)
    return os.environ[VISIBLE] if _claimed else None


def _first_free(gpus: Sequence[str], folder: Path) -> tuple[str, FileLock]:
    """The first GPU that can be locked, and its lock."""
    # Within a job of Slurm's the devices are its own, whatever they are called there.
    scope = os.environ.get("SLURM_JOB_ID", "")
    told = False
    while True:
        for name in gpus:
            lock = FileLock(folder / f"gpu-{re.sub(r'[^A-Za-z0-9]', '-', name)}{scope and f'-job-{scope}'}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            return name, lock
        if not told:
            LOG.warning("all GPUs (%s) are taken; waiting. With device: gpu only as many jobs start", ", ".join(gpus))
            told = True
        time.sleep(_LOOK_S)
