"""A `detect` job's side of `objmask.network_server`: finds a process with a network, or starts one."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from objmask.detect_job import DetectJob
from objmask.errors import ModelError, ObjmaskError
from objmask.models.devices import runtime_folder
from objmask.network_server import key_of, send

LOG = logging.getLogger(__name__)

_START_S = 60.0
_LOOK_S = 0.01


class UnavailableError(Exception):
    """No process for networks can be had here; the job can still load the network itself."""


@dataclass(frozen=True)
class _Slot:
    """The files of one process: `<n>.lock` is held by the job that it works for."""

    folder: Path
    number: int

    def file(self, suffix: str) -> Path:
        return self.folder / f"{self.number}.{suffix}"

    def has(self, key: str) -> bool:
        """Whether the network is loaded there."""
        try:
            return self.file("loaded").read_text(encoding="ascii") == key
        except (OSError, ValueError):
            return False


def detect_shared(job: DetectJob, workflow: int) -> None:
    """Runs a job in a process that keeps its network.

    Args:
        job: what to do.
        workflow: id of the process whose jobs share networks.

    Raises:
        UnavailableError: there can be no such process here.
        ObjmaskError: as the job does in its own process.
    """
    with _slot(_folder(workflow), key_of(job.network)) as slot, _connected(slot) as lines:
        _ask(lines, slot, job)


def _folder(workflow: int) -> Path:
    """A folder for the processes of a workflow; those of workflows that are over are removed."""
    try:
        folders = runtime_folder() / "networks"
        folders.mkdir(exist_ok=True)
        for other in folders.iterdir():
            if other.name.isdigit() and not Path("/proc", other.name).exists():
                shutil.rmtree(other, ignore_errors=True)
        folder = folders / str(workflow)
        folder.mkdir(exist_ok=True)
    except (OSError, ModelError) as error:
        raise UnavailableError(str(error)) from error
    return folder


@contextmanager
def _slot(folder: Path, key: str) -> Iterator[_Slot]:
    """A process's place that no other job uses; rather one where the network is loaded, else one that has been used."""
    known = sorted(int(path.stem) for path in folder.glob("*.lock"))
    slots = sorted((_Slot(folder, number) for number in known), key=lambda slot: not slot.has(key))
    slots += [_Slot(folder, number) for number in range(max(known, default=-1) + 1, 1000)]
    for slot in slots:
        lock = FileLock(slot.file("lock"))
        with suppress(Timeout):
            lock.acquire(timeout=0)
            break
    else:
        raise UnavailableError(f"{folder}: all places are taken")
    try:
        yield slot
    finally:
        lock.release()


@contextmanager
def _connected(slot: _Slot) -> Iterator[Any]:
    """A connection to the slot's process, started when there is none, as a file of lines."""
    lines = _greeted(slot)
    if lines is None:
        process = _start(slot)
        started = time.monotonic()
        while lines is None:
            if process.poll() is not None or time.monotonic() > started + _START_S:
                process.kill()
                raise UnavailableError(f"the process for networks did not start: {_last_words(slot)}")
            time.sleep(_LOOK_S)
            lines = _greeted(slot)
    with lines:
        yield lines


def _greeted(slot: _Slot) -> Any:
    """A connection as a file of lines, when somebody answers; None: nobody does."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(slot.file("sock")))
            lines = connection.makefile("rw", encoding="utf-8", newline="\n")
            return lines if lines.readline() else None
        except (FileNotFoundError, ConnectionError):
            return None
        except OSError as error:
            raise UnavailableError(str(error)) from error  # the path is too long for a socket, for one


def _start(slot: _Slot) -> subprocess.Popen[bytes]:
    # A relative --log of the job's would be right too: it runs in the job's working directory, as do the paths it gets.
    command = [sys.executable, "-m", "objmask", "serve", f"--socket={slot.file('sock')}"]
    with slot.file("err").open("wb") as words:
        no = subprocess.DEVNULL
        return subprocess.Popen(command, stdin=no, stdout=no, stderr=words)  # noqa: S603 - this very program


def _ask(lines: Any, slot: _Slot, job: DetectJob) -> None:
    """Sends the job, passes its log on, and ends as it does."""
    send(lines, job.to_json())
    with suppress(ConnectionError):
        for line in lines:
            message = json.loads(line)
            if "log" in message:
                LOG.log(*message["log"])
            elif "error" in message:
                raise ObjmaskError(message["error"])
            elif "os_error" in message:
                raise OSError(*message["os_error"])
            elif "bug" in message:
                raise RuntimeError(message["bug"])
            else:
                return
    raise ModelError(
        f"{job.network.model.name}: the network's process ended before its work, perhaps for want of memory; "
        f"{_last_words(slot) or 'give the job more, or lower detect.batch'}"
    )


def _last_words(slot: _Slot) -> str:
    with suppress(OSError):
        return " ".join(slot.file("err").read_text(errors="replace").split("\n")[-4:]).strip()
    return ""
