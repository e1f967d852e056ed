"""Runs the workflow as a user does: the `snakemake` command line, in a folder of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition
from patience import AT_MOST_S

from objmask.files.csv_tables import read_rows

_OF_ONE_RUN = {"logs", "benchmarks", "index.json"}
_TIMES = re.compile(rb'<section id="stages".*?</section>', re.S)
_JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", re.M)


@dataclass(frozen=True)
class Run:
    """A finished call.

    Attributes:
        code: exit code.
        text: what the user saw: standard output and error.
        folder: the working directory.
    """

    code: int
    text: str
    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def jobs(self) -> Counter[str]:
        """Jobs started (or, of a dry run, to be started) by rule."""
        return Counter(match[1] for match in _JOB.finditer(self.text) if match[1] != "all")

    @property
    def videos(self) -> dict[str, set[str]]:
        """The rules of the jobs of each video."""
        found: dict[str, set[str]] = {}
        for rule, body in _JOB.findall(self.text):
            for video in re.findall(r"^    wildcards: .*?\bvideo=(.*?)(?:, (?:chunk|model)=.*)?$", body, re.M):
                found.setdefault(video, set()).add(rule)
        return found

    def line(self, *parts: str) -> str:
        """The first shown line that holds all `parts`."""
        for line in self.text.splitlines():
            if all(part in line for part in parts):
                return line
        raise AssertionError(f"no line with {parts} in:\n{self.text}")

    def ok(self) -> Run:
        assert self.code == 0, self.text
        return self

    def refused(self, *parts: str) -> Run:
        """One clear line, no job started, nothing that looks like a bug."""
        assert self.code != 0, self.text
        self.line(*parts)
        assert not self.jobs, self.text
        assert "Traceback" not in self.text
        assert '  File "' not in self.text
        return self


def contents(results: Path) -> dict[str, str]:
    """SHA-256 of every file, but for what tells times, and the temporary folders, by path below `results`."""
    found = {}
    for path in results.rglob("*"):
        name = path.relative_to(results)
        if name.parts[0] in _OF_ONE_RUN or name.name == ".snakemake_timestamp":
            continue
        if path.is_file():
            found[str(name)] = hashlib.sha256(_without_times(path)).hexdigest()
        elif name.name.startswith("."):
            found[str(name)] = "a folder"
    return found


def _without_times(path: Path) -> bytes:
    if path.name != "report.html":
        return path.read_bytes()
    text, found = _TIMES.subn(b"", path.read_bytes())
    assert found == 1, f"{path}: has {found} sections of times"
    return text


@dataclass(frozen=True)
class Workflow:
    """A checkout of the project with a model to use.

    Attributes:
        root: the checkout.
        model: the model file that runs use when their configuration names none.
    """

    root: Path
    model: Path

    def run(
        self,
        folder: Path,
        config: Mapping[str, Any] | None = None,
        *arguments: str | Path,
        privileged: bool = True,
        unflagged: bool = False,
    ) -> Run:
        """Runs `snakemake` in `folder`.

        Args:
            folder: the working directory; made when it is not there.
            config: what the configuration file given with `--configfile` says, None = nothing about that key.
            arguments: more of the command line.
            privileged: False: file modes count for this call even when root makes it.
            unflagged: leave `-s` and `--configfile` away.
        """
        folder.mkdir(parents=True, exist_ok=True)
        line = ["--cores", "2", *map(str, arguments), *([] if unflagged else map(str, self._given(folder, config)))]
        if "-n" in line and privileged:
            return _run_warm(folder, line)
        command = [sys.executable, "-m", "snakemake", *line]
        if not privileged and not os.getuid():
            command[:0] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=AT_MOST_S,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), folder)

    def _given(self, folder: Path, config: Mapping[str, Any] | None) -> list[str | Path]:
        """Writes the configuration file; what the command line says of it and of the workflow."""
        settings = {"models": [str(self.model)], "device": "cpu", **(config or {})}
        if "model" in settings:
            del settings["models"]
        settings = {key: value for key, value in settings.items() if value is not None}
        given = folder / "given.json"
        given.write_text(json.dumps(settings))
        return ["-s", self.root / "Snakefile", "--configfile", given]

    def plan(self, folder: Path, config: Mapping[str, Any]) -> Run:
        """A dry run that must succeed."""
        return self.run(folder, config, "-n").ok()


def _run_warm(folder: Path, arguments: list[str]) -> Run:
    """A dry run without the second that Python takes to load Snakemake."""
    with tempfile.NamedTemporaryFile() as out:
        call = {"arguments": arguments, "folder": str(folder), "environment": _environment(), "out": out.name}
        warm = _warm()
        assert warm.stdin
        assert warm.stdout
        print(json.dumps(call), file=warm.stdin, flush=True)
        code = int(warm.stdout.readline())
        return Run(code, Path(out.name).read_text("utf-8", "surrogateescape"), folder)


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


@cache
def _warm() -> subprocess.Popen[str]:
    """The process that has Snakemake loaded; it ends with this one, which holds its standard input."""
    command = [sys.executable, Path(__file__).with_name("warm_snakemake.py")]
    return subprocess.Popen(command, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


OUTPUTS = ("masks", "overlay", "protected", "coverage")
"""What the default configuration makes of a video."""


def outputs_of(results: Path, video: str, *kinds: str) -> list[Path]:
    """The files of a video, of some kinds or all."""
    return [results / f"{kind}/{video}.{'csv' if kind == 'coverage' else 'mp4'}" for kind in kinds or OUTPUTS]


def remains(results: Path, *words: str) -> list[str]:
    """Files below `results` whose path has one of `words`, apart from logs, and every temporary one."""
    files = [path.relative_to(results) for path in results.rglob("*") if not path.is_dir()]
    named = [path for path in files if path.parts[0] != "logs" and any(word in str(path) for word in words)]
    hidden = [path for path in files if any(part.startswith(".") for part in path.parts)]
    return [str(path) for path in [*named, *hidden] if path.name != ".snakemake_timestamp"]


def times(path: Path, *, damaged: bool = False) -> list[Fraction]:
    """When each frame of a video is shown, then when the last one ends, s, by plain decoding with PyAV.

    Args:
        path: the video.
        damaged: stop where decoding does, instead of raising.
    """
    shown = []
    with av.open(str(path), metadata_errors="replace") as container, suppress(*[av.FFmpegError] * damaged):
        stream = next(s for s in container.streams.video if not s.disposition & Disposition.attached_pic)
        stream.thread_type = "NONE" if damaged else "AUTO"
        tick = stream.time_base
        for frame in container.decode(stream):
            shown.append((frame.pts * tick, (frame.pts + frame.duration) * tick))
    return [*(start for start, _ in shown), shown[-1][1]]


@contextmanager
def mounted(folder: Path, *arguments: str | Path) -> Iterator[Path]:
    """Mounts something on `folder` (see mount(8)); `OSError` when that is not allowed here."""
    folder.mkdir(parents=True, exist_ok=True)
    _system("mount", *arguments, folder)
    try:
        yield folder
    finally:
        _system("umount", "-l", folder)


def _system(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip())


def csv_column(path: Path, name: str) -> list[str]:
    """A column of a CSV file, without what keeps spreadsheets from running it."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [row[name] for row in read_rows(stream)]


__all__: Sequence[str] = ("OUTPUTS", "Run", "Workflow", "csv_column", "mounted", "outputs_of", "remains", "times")
