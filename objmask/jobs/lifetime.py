"""A job ends with the workflow that started it.

Snakemake that is killed (SIGKILL, out of memory) leaves its jobs running, without anybody who waits for them. So a job
watches the process that `$OBJMASK_WORKFLOW` names, and stops, as on SIGTERM, when that is gone.
"""

from __future__ import annotations

import os
import select
import signal
import time
from threading import Thread

WORKFLOW = "OBJMASK_WORKFLOW"
"""Environment variable, set by the workflow: what `this_process` says there."""
_GRACE_S = 30.0
"""For a step of a network, and for removing what is half written, on a busy machine too."""


def this_process() -> str:
    """The id of this process and where it counts: in a container the same number is another process."""
    return f"{os.getpid()}@{_namespace()}"


def workflow() -> int | None:
    """The id of the process whose workflow this one is a job of; None: started by hand, or in a container."""
    number, _, namespace = os.environ.get(WORKFLOW, "").partition("@")
    return int(number) if number.isdigit() and namespace == _namespace() else None


def end_with(process: int) -> None:
    """Stops this process, as on SIGTERM, when another one is gone.

    Args:
        process: its id.
    """
    try:
        watched = os.pidfd_open(process)
    except ProcessLookupError:
        os.kill(os.getpid(), signal.SIGTERM)
        return
    except (AttributeError, OSError):
        return  # not on this system: then a killed workflow's jobs come to their own end
    Thread(target=_stop_after, args=(watched,), daemon=True).start()


def _stop_after(watched: int) -> None:
    select.select([watched], [], [])
    stop()


def stop() -> None:
    """Stops this process, as on SIGTERM, from a thread that is not its first; does not return."""
    os.kill(os.getpid(), signal.SIGTERM)
    # The signal is handled between two steps of Python; a network may compute for long before that.
    time.sleep(_GRACE_S)
    os._exit(128 + signal.SIGTERM)


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
