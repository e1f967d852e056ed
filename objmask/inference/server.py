"""One loaded network for many `detect` jobs of a workflow, one after the other.

Loading a network takes seconds, a short clip takes one. So a job leaves its network in a process of its own (the verb
`serve`), and the next job that starts on this machine finds it there. Each job has a process to itself while it runs;
there are never more of them than jobs run at the same time. They end with the workflow, with a job that is stopped,
and when nobody has asked for two minutes. What a job writes is the same to the byte as without.

They talk in lines of JSON over a Unix socket, in a folder that nobody else can enter.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import socket
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from objmask.errors import ModelError, ObjmaskError
from objmask.inference.job import DetectJob, NetworkOptions
from objmask.jobs.lifetime import stop
from objmask.models.info import ModelInfo

if TYPE_CHECKING:
    from objmask.models.detector import Detector

LOG = logging.getLogger(__name__)


def serve(address: Path, loaded: Path, idle_s: float) -> None:
    """Runs jobs until none has come for `idle_s` seconds, or the network has failed.

    Args:
        address: the socket to listen at.
        loaded: file that says what is loaded, for jobs to choose among processes.
        idle_s: seconds.
    """
    address.unlink(missing_ok=True)
    network = _Network(loaded)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        try:
            listener.listen(1)
            listener.settimeout(idle_s)
            usable = True
            while usable:
                connection, _ = listener.accept()
                with connection, suppress(ConnectionError):  # the job may be gone
                    usable = _answer(connection, network)
        except TimeoutError:
            LOG.info("no job has come for %.0f s", idle_s)
        finally:
            # While it still listens: afterwards the name may be the next process's.
            address.unlink(missing_ok=True)
            network.close()


class _Network:
    """The network in memory: the one that was asked for last."""

    def __init__(self, loaded: Path) -> None:
        self._file = loaded
        self._detector: Detector | None = None
        self._key = ""

    def get(self, options: NetworkOptions) -> Detector:
        """The network, loaded unless it is there already."""
        key = key_of(options)
        if self._detector is None or key != self._key:
            self.close()
            self._detector, self._key = options.load(), key
            self._file.write_text(key, encoding="ascii")
        return self._detector

    def close(self) -> None:
        """Frees it."""
        self._file.unlink(missing_ok=True)
        if self._detector is not None:
            self._detector.close()
            self._detector = None


def key_of(options: NetworkOptions) -> str:
    """What two jobs must agree in to share a network: the options, and what is installed in the folder now."""
    return repr((options, ModelInfo.read(options.model).digest()))


def _answer(connection: socket.socket, network: _Network) -> bool:
    """Runs the job that comes over a connection; its log, and how it ended, go back. Whether the network can go on."""
    lines = connection.makefile("rw", encoding="utf-8", newline="\n")
    send(lines, {"ready": True})
    request = lines.readline()
    if not request:
        return True
    with _stopping_with(connection), _relayed(lines):
        ended, usable = _run(json.loads(request), network)
    send(lines, ended)
    return usable


def _run(request: Mapping[str, Any], network: _Network) -> tuple[dict[str, Any], bool]:
    """Runs a job; how it ended, and whether the network is none the worse for it."""
    try:
        job = DetectJob.from_json(request)
        job.run(network.get(job.network), bar=False)
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        LOG.info("the network's process %d has taken %.0f MiB at most", os.getpid(), peak_mib)
    except ObjmaskError as error:
        return {"error": str(error)}, not isinstance(error, ModelError)
    except OSError as error:
        return {"os_error": [error.errno, error.strerror or str(error), error.filename2 or error.filename]}, True
    except Exception:
        # What is wrong may stay wrong, such as a GPU's memory: the next job gets a process of its own again.
        return {"bug": traceback.format_exc()}, False
    return {"done": True}, True


def send(lines: Any, message: dict[str, Any]) -> None:
    """Writes a message."""
    lines.write(json.dumps(message) + "\n")
    lines.flush()


@contextmanager
def _stopping_with(connection: socket.socket) -> Iterator[None]:
    """When the job that asked is gone, nobody wants its result: this process ends, with what it has half written."""
    over = Event()

    def watch() -> None:
        # Nothing more comes over the connection but its end.
        with suppress(ConnectionError):
            connection.recv(1)
        if not over.is_set():
            stop()

    Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


@contextmanager
def _relayed(lines: Any) -> Iterator[None]:
    """What is logged goes to the job's log."""

    class Relay(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            send(lines, {"log": [record.levelno, record.getMessage()]})

    log, relay = logging.getLogger("objmask"), Relay()
    log.addHandler(relay)
    try:
        yield
    finally:
        log.removeHandler(relay)
