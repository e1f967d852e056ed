"""What the workflow hands to verbs: options of a command line, and files for what is too long for one."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

from objmask.files.whole import atomic_path

_MOST_BYTES = 20_000
"""Of the options of one job. A shell takes 128 KiB. Snakemake makes a script of what is over 64 KiB, and runs that by a
path which it does not quote."""


class HandedFiles:
    """Files for verbs to read, each named by its content, so that no other run replaces what a job is about to read.

    A dry run writes none of them: they wait here until the run starts (`write`). What comes later is written at once.
    """

    def __init__(self, results: str, *, at_once: bool) -> None:
        """No files yet.

        Args:
            results: folder of results.
            at_once: the run has started, as in the process of a job.
        """
        self._results = results
        self._waiting: dict[str, str] | None = None if at_once else {}

    def file(self, folder: str, suffix: str, text: str) -> str:
        """The path of a file that holds a text when jobs run.

        Args:
            folder: below the results.
            suffix: of the file, with its dot.
            text: its content.

        Raises:
            OSError: the run has started, and the file cannot be written.
        """
        path = f"{self._results}/{folder}/{hashlib.sha256(text.encode()).hexdigest()[:16]}{suffix}"
        if self._waiting is None:
            _write(Path(path), text)
        else:
            self._waiting[path] = text
        return path

    def write(self) -> None:
        """Writes what waits; from now on everything is written at once.

        Raises:
            OSError: a file cannot be written.
        """
        for path, text in (self._waiting or {}).items():
            _write(Path(path), text)
        self._waiting = None

    def options(self, **values: Any) -> tuple[str, ...]:
        """Options of a verb, one argument each, for `{params.…:q}` to quote; many come as a file.

        Args:
            values: by the option's name with `_` for `-`. None and False are left out, True is a flag, a list is an
                option for each item.

        A tuple, whatever it holds: in texts and lists Snakemake replaces what looks like a wildcard, `{video}` in a
        group's name too, and between quotes that had been put there before the replaced part would be the shell's to
        run. One param holds all options of a verb: of several, Snakemake compares the values and not whose they are,
        so that two that change places would be no change.
        """
        given = {f"--{name.replace('_', '-')}": value for name, value in values.items() if value is not None}
        flags = [flag for flag, value in given.items() if value is True]
        several = {flag: value if isinstance(value, list) else [value] for flag, value in given.items()}
        pairs = [f"{flag}={one}" for flag, value in several.items() for one in value if not isinstance(one, bool)]
        if sum(len(shlex.quote(one).encode()) for one in pairs) < _MOST_BYTES:
            return (*flags, *pairs)
        return (f"--arguments={self.file('arguments', '.json', json.dumps([*flags, *pairs]))}",)


def _write(path: Path, text: str) -> None:
    if not path.exists():
        with atomic_path(path, shared=True) as temporary:
            temporary.write_text(text, encoding="utf-8")
