"""A `detect` job's side of `objmask.inference.server`: finds a process with a network, or starts one."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from objmask.errors import ModelError, ObjmaskError
from objmask.inference.job import DetectJob, NetworkOptions
from objmask.inference.server import key_of, send
from objmask.jobs.private_folder import runtime_folder
from objmask.models.devices import gpus_on
from objmask.models.families import family_of
from objmask.models.info import ModelInfo

LOG = logging.getLogger(__name__)

_GREETING_S = 600.0
"""An idle process greets at once, on a machine as busy as can be too: what takes longer hangs."""
_LOOK_S = 0.02


class UnavailableError(Exception):
    """No process for networks can be had here; the job can still load the network itself."""


@dataclass(frozen=True)
class _Place:
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

    def is_new(self) -> bool:
        """Whether no process is there."""
        return not self.file("sock").exists()


def detect_shared(job: DetectJob, workflow: int) -> None:
    """Runs a job in a process that keeps its network.

    Args:
        job: what to do.
        workflow: id of the process whose jobs share networks.

    Raises:
        UnavailableError: there can be no such process here.
        ObjmaskError: as the job does in its own process.
    """
    with ExitStack() as stack:
        try:
            place = stack.enter_context(_place(_folder(workflow), job.network))
            lines = stack.enter_context(_connected(place))
        except (OSError, ModelError) as error:
            raise UnavailableError(str(error)) from error
        _ask(lines, place, job)


def _folder(workflow: int) -> Path:
    """A folder for a workflow's processes in this working directory; those of workflows that are over are removed."""
    # Containers may share the folder, and have processes of the same number.
    namespace = os.stat("/proc/self/ns/pid").st_ino
    here = hashlib.sha256(os.fsencode(os.getcwd())).hexdigest()[:8]
    folder = runtime_folder() / f"networks-{namespace}-{workflow}-{here}"
    for other in folder.parent.glob(f"networks-{namespace}-*"):
        if not Path("/proc", other.name.split("-")[2]).exists():
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    return folder


def _can_use_gpu(info: ModelInfo) -> bool:
    """Whether what runs a model here can compute on a GPU."""
    suffix = Path(info.file).suffix
    if suffix == ".onnx":
        from objmask.models.runtimes.onnx import has_gpu

        return family_of(info).on_gpu and has_gpu()
    return family_of(info).on_gpu and suffix != ".tflite"


@contextmanager
def _place(folder: Path, options: NetworkOptions) -> Iterator[_Place]:
    """A process's place that no other job uses.

    Rather one where the network is loaded, else one without a process. There are as many as jobs run at the same time,
    but for networks on GPUs no more than GPUs: their processes keep them, so who finds none free takes one over.
    """
    key, gpus = key_of(options), gpus_on(options.device) if _can_use_gpu(ModelInfo.read(options.model)) else 0
    while True:
        known = {int(path.stem) for path in folder.glob("*.lock")}
        places = [_Place(folder, n) for n in (range(gpus) if gpus else range(max(known, default=-1) + 2))]
        places = [place for place in places if gpus or place.has(key) or place.is_new()]
        for place in sorted(places, key=lambda place: (not place.has(key), not place.is_new(), place.number)):
            lock = FileLock(place.file("lock"))
            with suppress(Timeout), lock.acquire(timeout=0):
                yield place
                return
        time.sleep(_LOOK_S)


@contextmanager
def _connected(place: _Place) -> Iterator[Any]:
    """A connection to the place's process, started when there is none, as a file of lines."""
    lines = _greeted(place)
    if lines is None:
        process = _start(place)
        while lines is None:
            if process.poll() is not None:
                raise ModelError(f"the process for networks did not start: {_last_words(place)}")
            time.sleep(_LOOK_S)
            lines = _greeted(place)
    with lines:
        yield lines


def _greeted(place: _Place) -> Any:
    """A connection as a file of lines, when somebody answers; None: nobody does."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_GREETING_S)
        try:
            connection.connect(str(place.file("sock")))
            lines = connection.makefile("rw", encoding="utf-8", newline="\n")
            if not lines.readline():
                return None
        except (FileNotFoundError, ConnectionError):
            return None
        connection.settimeout(None)
        return lines


def _start(place: _Place) -> subprocess.Popen[bytes]:
    # A relative --log of the job's would be right too: it runs in the job's working directory, as do the paths it gets.
    command = [sys.executable, "-m", "objmask", "serve", f"--socket={place.file('sock')}"]
    with place.file("err").open("wb") as words:
        no = subprocess.DEVNULL
        return subprocess.Popen(command, stdin=no, stdout=no, stderr=words)  # noqa: S603 - this very program


def _ask(lines: Any, place: _Place, job: DetectJob) -> None:
    """Sends the job, passes its log on, and ends as it does."""
    send(lines, job.to_json())
    while line := _next(lines):
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
        f"{job.network.model.name}: the network's process ended before its work; give the job more memory, or lower "
        f"detect.batch {_last_words(place)}".rstrip()
    )


def _next(lines: Any) -> str:
    """The next line; empty: the other side is gone."""
    try:
        return str(lines.readline())
    except ConnectionError:
        return ""


def _last_words(place: _Place) -> str:
    with suppress(OSError):
        return " ".join(place.file("err").read_text(errors="replace").split("\n")[-4:]).strip()
    return ""
