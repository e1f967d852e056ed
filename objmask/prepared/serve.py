"""The process that forks jobs, see `objmask.jobs.prepared`: `python -m objmask.prepared.serve ADDRESS`."""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from filelock import FileLock, Timeout

from objmask.cli import main
from objmask.files.documents import known_kind
from objmask.jobs.lifetime import end_with, workflow
from objmask.jobs.prepared import IDLE_S, MESSAGE_BYTES, VERBS
from objmask.provenance.record import code_digest
from objmask.video.info import VideoInfo

_REQUEST_S = 60.0
_LIBRARIES = ("av", "cv2", "numpy", "pandas", "pyarrow.parquet", "pydantic", "scipy.optimize")
_ROOMS = (
    *("audit.audit", "clips.clip", "coverage.by_frame", "exports.write", "hidden.hide", "inference.frame_store"),
    *("objects.track", "painted.paint", "render.colour_masks", "render.overlay", "render.privacy", "review.results"),
    *("report.video_summary", "video.probe", "video.writer"),
)
"""What the verbs import when they run."""


def serve(address: Path) -> None:
    """Forks for each job that asks, until the workflow is over or none has asked for a while."""
    lock = FileLock(f"{address}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return  # another one is here, or about to be
    _prepare()
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(64)
        try:
            _Server(listener).run()
        finally:
            for ending in ("", ".started", ".lock"):
                address.with_name(address.name + ending).unlink(missing_ok=True)


class _Server:
    """The loop: one selector over the listener, the connections of jobs, and their forks."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener, self._selector = listener, selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, None)
        self._holder = workflow()

    def run(self) -> None:
        """Until it is over."""
        if self._holder:
            self._selector.register(os.pidfd_open(self._holder), selectors.EVENT_READ, "workflow")
        forks = 0
        while events := self._selector.select(None if forks else IDLE_S):
            for key, _ in events:
                if key.data == "workflow":
                    return  # the forks see for themselves that it is gone
                if key.fileobj is self._listener:
                    connection, _ = self._listener.accept()
                    forks += self._begin(connection)
                else:
                    forks -= self._look(key)

    def _begin(self, connection: socket.socket) -> bool:
        """Forks for a job; whether it did."""
        with suppress(OSError, ValueError):
            request, files = _received(connection)
            server = os.getpid()
            pid = os.fork()
            if pid == 0:
                end_with(server)  # else it would still write when the job has said that it failed
                # Another job's connection must not stay open because this fork has a copy of it.
                for key in list(self._selector.get_map().values()):
                    os.close(key.fd)
                self._selector.close()
                _work(request, files, connection)
            for file in files:
                os.close(file)
            connection.sendall(b"begun ")
            process = os.pidfd_open(pid)
            self._selector.register(process, selectors.EVENT_READ, (pid, connection))
            self._selector.register(connection, selectors.EVENT_READ, (pid, process))
            return True
        connection.close()
        return False

    def _look(self, key: selectors.SelectorKey) -> bool:
        """Something about a fork: it has ended, or the job that asked has. Whether it has ended."""
        pid, other = key.data
        if isinstance(other, int):
            # The job is gone: nobody wants its result. Its fork ends as on SIGTERM, and is waited for.
            self._selector.unregister(key.fileobj)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            return False
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGTERM:  # it had no time to answer
            code = 128 + signal.SIGTERM
        with suppress(OSError):
            if code >= 0:
                other.sendall(f"{code}\n".encode())
        with suppress(KeyError):
            self._selector.unregister(other)
        other.close()
        self._selector.unregister(key.fileobj)
        os.close(key.fd)
        return True


def _received(connection: socket.socket) -> tuple[Mapping[str, Any], list[int]]:
    """What a job wants, and its standard files.

    Raises:
        OSError: it is gone.
        ValueError: it wants nothing that there is.
    """
    connection.settimeout(_REQUEST_S)
    text, files, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, 3)
    while text and not text.endswith(b"\n"):
        text += (more := connection.recv(MESSAGE_BYTES))
        if not more:
            break
    if len(files) != 3:
        raise ValueError("expected three files")
    connection.settimeout(None)
    return json.loads(text.decode("utf-8", "surrogateescape")), list(files)


def _work(request: Mapping[str, Any], files: Sequence[int], connection: socket.socket) -> NoReturn:
    """The fork's part: runs the verb, and ends with its exit code."""
    code = 1
    try:
        connection.close()
        os.setsid()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(request["environment"])
        time.tzset()
        os.chdir(request["folder"])
        sys.argv = ["objmask", *request["arguments"]]
        code = main(request["arguments"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _prepare() -> None:
    """Does what every fork would have to do for itself."""
    verbs = sorted(VERBS)
    for name in (*_LIBRARIES, *(f"objmask.verbs.{verb.replace('-', '_')}" for verb in verbs)):
        importlib.import_module(name)
    for room in _ROOMS:
        importlib.import_module(f"objmask.{room}")
    for verb in verbs:
        code_digest(verb)
    known_kind(VideoInfo)
    # What is there stays there: a look through it by a fork would copy it.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
