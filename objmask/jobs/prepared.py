"""Jobs as forks of one process that has imported everything already.

A job of a short clip works for a tenth of a second, and imports libraries for half a second before that. So the first
job of a workflow leaves a process behind that has imported them. The jobs that follow ask it: it forks, and the fork
runs the verb, with the files, the folder and the environment of the job that asked. What a job writes is the same to
the byte as without. The process ends with the workflow, and when nobody has asked for two minutes.

A job that is stopped, or dies, takes its fork with it: the process sees the end of the connection.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from objmask.errors import ObjmaskError
from objmask.jobs.lifetime import workflow
from objmask.jobs.private_folder import runtime_folder

PREPARED = "OBJMASK_PREPARED"
"""Environment variable, set by a workflow on this machine: its jobs may be forks."""
VERBS = frozenset(
    {
        *("probe", "frames", "gather", "track", "paint", "hide", "masks", "overlay", "protect", "audit", "release"),
        *("coverage", "clips", "annotations", "annotated-images", "video-summary"),
        *("summary", "audit-summary", "report"),
    }
)
"""Those of which a workflow has a job a video, and those that gather what they wrote."""
IDLE_S = 120.0
MESSAGE_BYTES = 1 << 20


def forked(arguments: Sequence[str]) -> int | None:
    """Runs a verb in a fork of the prepared process, which is started when there is none.

    Args:
        arguments: the verb and its options.

    Returns:
        Its exit code; None: it is to be run here.
    """
    holder = workflow()
    if not holder or os.environ.get(PREPARED) != "1" or not arguments or arguments[0] not in VERBS:
        return None
    request = json.dumps({"arguments": list(arguments), "folder": os.getcwd(), "environment": dict(os.environ)}).encode(
        "utf-8", "surrogateescape"
    )
    if len(request) >= MESSAGE_BYTES:
        return None
    try:
        connection = _connected(holder)
        sent = socket.send_fds(connection, [request + b"\n"], [0, 1, 2])
        connection.sendall((request + b"\n")[sent:])
    except OSError:
        return None  # nobody there, or no longer: nothing was begun
    with connection, _stopping_with_us(connection):
        return _ended(connection)


@contextmanager
def _stopping_with_us(connection: socket.socket) -> Iterator[None]:
    """When this process is stopped, so is the fork, which removes what is half written; this one waits for that."""

    def stop(number: int, frame: FrameType | None) -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ended(connection: socket.socket) -> int | None:
    """The exit code of the fork; None: it was never begun."""
    answer = b""
    with suppress(ConnectionError):
        while not answer.endswith(b"\n") and (part := connection.recv(64)):
            answer += part
    words = answer.split()
    if not words:
        return None
    if len(words) < 2:
        sys.stderr.write("objmask: the process of this job ended before its work; give it more memory and run again\n")
        return 1
    return int(words[1])


def _connected(holder: int) -> socket.socket:
    """A connection to the prepared process.

    Raises:
        OSError: there is none. Then one is started, for the jobs that follow: this one need not wait for it.
    """
    # Another Python, checkout or working folder has another process.
    of = f"{sys.executable}\0{Path(__file__).resolve()}\0{os.getcwd()}"
    try:
        address = runtime_folder() / f"prepared-{holder}-{hashlib.sha256(os.fsencode(of)).hexdigest()[:8]}"
    except ObjmaskError as error:
        raise OSError(str(error)) from error
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        _start(address)
        raise
    return connection


def _start(address: Path) -> None:
    """Starts the process, unless another job has lately done it.

    Raises:
        OSError: it cannot be started.
    """
    import subprocess

    mark = address.with_name(f"{address.name}.started")
    with suppress(FileNotFoundError):
        if time.time() - mark.stat().st_mtime < IDLE_S:
            return
    mark.touch()
    command = [sys.executable, "-m", "objmask.prepared.serve", str(address)]
    no = subprocess.DEVNULL
    subprocess.Popen(command, stdin=no, stdout=no, stderr=no, start_new_session=True)  # noqa: S603 - this very program
