"""A further pass of the workflow, without the videos that failed: summaries, report and data sets of the others.

Snakemake makes nothing that spans videos while one of them fails. So when its jobs are over, the process that ran it
becomes one that runs the same command again, told which videos to leave out. It keeps its id, so signals, the folder's
lock and jobs that watch their workflow work as ever. In the end it says what failed, and exits with 1 if anything did.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType

from objmask.errors import one_line
from objmask.files.whole import read_json, write_json

FILE = Path(".snakemake/objmask_left_out.json")
"""In the working folder; a cluster's nodes read it too."""
_PASS = "OBJMASK_FURTHER_PASS"  # noqa: S105
"""Environment variable of a further pass: its file."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_COMMAND = "import sys; from objmask.running.further_pass import main; sys.exit(main(sys.argv[1:]))"


@dataclass(frozen=True)
class LeftOut:
    """What a pass leaves out because of those before it.

    Attributes:
        failed: why each video failed, by no fault that is known to be its own or because it is to fail; no places.
        excluded: why each unusable video is left out; no places.
        lines: what to say of the failed ones in the end.
    """

    failed: Mapping[str, str] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[str] = ()

    def and_also(self, other: LeftOut) -> LeftOut:
        """This and what another pass found."""
        return LeftOut(
            {**self.failed, **other.failed}, {**self.excluded, **other.excluded}, (*self.lines, *other.lines)
        )

    @property
    def names(self) -> frozenset[str]:
        """Of all these videos."""
        return frozenset(self.failed) | frozenset(self.excluded)


def is_further_pass() -> bool:
    """Whether this process runs a further pass."""
    return _PASS in os.environ


def left_out(*, main: bool) -> LeftOut:
    """What the pass that is running leaves out; of the first one nothing.

    Args:
        main: this is the process that the user started, and not one that runs a job for it on another machine.
    """
    if (main and not is_further_pass()) or not FILE.is_file():
        return LeftOut()
    return _read(FILE)


def _read(file: Path) -> LeftOut:
    return LeftOut(**read_json(file))


def can_go_on() -> bool:
    """Whether this process was started by Snakemake's command line, so that the same command can be run again."""
    started = Path(sys.argv[0])
    return is_further_pass() or started.name == "snakemake" or started.parent.name == "snakemake"


class Interrupts:
    """Notes signals that ask this process to end, and hands them on.

    Attributes:
        came: one did.
    """

    def __init__(self) -> None:
        self.came = False
        for number in _SIGNALS:
            self._listen(number)

    def _listen(self, number: int) -> None:
        before = signal.getsignal(number)

        def handle(received: int, frame: FrameType | None) -> None:
            self.came = True
            if callable(before):
                before(received, frame)

        if callable(before):
            signal.signal(number, handle)


def go_on(left: LeftOut, *, folder: str, project: str, interrupts: Interrupts) -> None:
    """Has this process become a further pass when it ends; called in the working folder.

    Args:
        left: what to leave out.
        folder: where the command was given.
        project: where objmask is.
        interrupts: a signal until the very end has it end instead.

    Raises:
        OSError: the file for the further pass cannot be written.
    """
    write_json(FILE, asdict(left))
    environment = {
        **os.environ,
        _PASS: str(FILE.absolute()),
        "PYTHONPATH": os.pathsep.join(filter(None, [project, os.environ.get("PYTHONPATH")])),
    }
    command = [sys.executable, "-c", _COMMAND, *sys.argv[1:]]

    def become() -> None:
        # From here on a signal ends this process at once; what came before has been noted.
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        if interrupts.came:
            return
        sys.stdout.flush()
        sys.stderr.flush()
        os.chdir(folder)
        os.execve(sys.executable, command, environment)  # noqa: S606 - the command that the user gave

    atexit.register(become)
    _PLANNED.append(left)


_PLANNED: list[LeftOut] = []
"""What the next pass leaves out, and will say in the end; empty: there is none."""


def main(arguments: Sequence[str]) -> int:
    """Runs Snakemake with the user's arguments; its exit code, or 1 when an earlier pass had videos fail."""
    from snakemake import cli

    left = _read(Path(os.environ[_PASS]))
    parser, given = cli.parse_args(list(arguments))
    # What was to be made again in any case has been.
    given.forceall = given.force = False
    given.forcerun = frozenset()
    done = cli.args_to_api(given, parser)
    for line in left.lines if not _PLANNED else ():
        sys.stderr.write(one_line(f"objmask: FAILED {line}") + "\n")
    return int(bool(not done or left.lines))
