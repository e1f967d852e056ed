"""The whole workflow over one file or folder, without a configuration of one's own.

It writes a configuration and calls Snakemake with it, as one would by hand, and shows in one line how far it is.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, cast

import yaml
from tqdm import tqdm

from objmask.config.files import read_settings
from objmask.config.schema import typed
from objmask.errors import ConfigError, ObjmaskError
from objmask.files.csv_tables import Writer
from objmask.files.whole import atomic_path
from objmask.inputs.index import find_videos
from objmask.models.source import ModelSource
from objmask.project.place import SNAKEFILE
from objmask.running.folder_lock import hold

LOG = logging.getLogger(__name__)

DEFAULT_MODEL = "rfdetr-seg-nano"
"""The fastest one for real footage that needs no file of one's own."""
_CONFIG, _WORDS, _VIDEOS = "config.yaml", "snakemake.log", "videos.tsv"
_WRITTEN = (_CONFIG, _WORDS, _VIDEOS, ".snakemake", "results")
"""Into the folder of a workflow."""
_LOOK_S = 0.5
_GRACE_S = 10.0
_STEPS = re.compile(r"^(\d+) of (\d+) steps")
_FINISHED = re.compile(r"^Finished jobid: \d+ \(Rule: (\w+)\)")
_OURS = re.compile(r"^objmask: (?!open )(.*)")
"""Warnings and failures. Where the results are is said here in the end, all of them."""
_LOGGED = re.compile(r"^\S+ \S+ INFO (.*)")
_REFUSED = re.compile(r"^InputError:\n((?:.+\n?)+)", re.M)
_BEGUN = re.compile(r"^(?:local)?rule \w+:$", re.M)
"""A job has started; what is refused after that is a further pass, when much has been made."""
_LAST_BYTES = 4096
_BAR = "{n_fmt}/{total_fmt} steps |{bar:20}| {elapsed} {desc}"


RESULTS = {
    "report.html": "what was found, to open in a browser",
    "protected": "videos to give away, sensitive objects unreadable",
    "masks": "videos of colour masks",
    "audit": "what protected videos still show",
    "overlay": "masks and names over the videos",
    "coverage": "pixels of each group, frame by frame",
    "summary": "coverage by video, group and label",
    "exports": "labels for annotation tools",
    "clips": "training clips",
    "evaluation": "how good detections and protection are",
    "detections": "everything the network found",
    "tracks": "objects followed through time",
    "painted": "which objects are painted, and their pixels",
    "hidden": "which areas are hidden, and why",
}
"""What people look for, in this order."""


class NotStartedError(ObjmaskError):
    """The workflow did not start."""


def together(inputs: Sequence[Path], folder: Path) -> Path:
    """One place for all that was given: itself where it is one, else a table of videos, which is written.

    Args:
        inputs: videos, and folders of videos.
        folder: where the workflow is to run; made when it is not there.

    Raises:
        ConfigError: one is not there, or holds no video.
    """
    for given in inputs:
        if not given.exists():
            raise ConfigError(f"{given}: no such file or folder")
    if len(inputs) == 1:
        return inputs[0]
    found = {
        video.path.absolute(): video for given in inputs for video in find_videos(given.absolute(), warn=lambda _: None)
    }
    path = folder / _VIDEOS
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        table = Writer(stream, "\t")
        table.rows([("path", "label", "subject"), *((str(at), one.label, one.subject) for at, one in found.items())])
    return path


def settings_for(
    videos: Path,
    more: Path | None,
    *,
    base: Mapping[str, Any] | None = None,
    models: Sequence[str],
    outputs: str | None,
    device: str | None,
) -> dict[str, Any]:
    """The configuration for some videos.

    Args:
        videos: a video, a folder or a table of videos.
        more: YAML file with keys of the configuration, which hold where the arguments say nothing.
        base: what holds where neither says anything; None: the defaults.
        models: names or files; empty: those of `more`, else of `base`, else `DEFAULT_MODEL`.
        outputs: what to make, with commas between; None: as `more` or `base` says, else the default.
        device: where to compute; None: as `more` says, else the default.

    Raises:
        ConfigError: there are no such videos, or `more` is no such file.
    """
    if not videos.exists():
        raise ConfigError(f"{videos}: no such file or folder")
    find_videos(videos, warn=lambda _: None)  # the workflow says it
    given = typed(read_settings(more)) if more else {}
    if "model" in given:
        given["models"] = given.pop("model")
    settings = {**(base or {}), **given, "videos": str(videos.absolute())}
    if models or "models" not in settings:
        settings["models"] = [located(model) for model in models or (DEFAULT_MODEL,)]
    return settings | {k: v for k, v in (("outputs", outputs), ("device", device)) if v is not None}


def located(model: str) -> str:
    """A model as the workflow takes it, which runs in another folder."""
    return model if ModelSource.of(model).entry is not None else os.path.abspath(model)


def results_of(folder: Path) -> Iterator[tuple[str, str]]:
    """What lies in a results folder and is looked for, and what it is."""
    return ((name, what) for name, what in RESULTS.items() if (folder / name).exists())


@contextmanager
def tidied(folder: Path) -> Iterator[None]:
    """Takes back what was written into a folder when the workflow refuses to start: nothing has been made then.

    The configuration becomes what it was; in a folder in which somebody else is at work that is all.
    """
    config = folder / _CONFIG
    earlier = config.read_bytes() if config.is_file() else None
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else None
    try:
        yield
    except NotStartedError:
        if earlier is not None:
            config.write_bytes(earlier)
        if _is_free(folder):
            for path in (folder / name for name in _WRITTEN if name not in (there or ())):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            if there is None:
                with suppress(OSError):
                    folder.rmdir()
        raise


def _is_free(folder: Path) -> bool:
    """Whether no workflow is at work in a folder; from then on none is as long as this process lives."""
    try:
        (folder / ".snakemake").mkdir(exist_ok=True)
        hold(folder / ".snakemake")
    except (ObjmaskError, OSError):
        return False
    return True


def write_config(settings: Mapping[str, Any], folder: Path) -> Path:
    """Writes a configuration that Snakemake can be given by hand too; its file.

    Args:
        settings: keys of the configuration.
        folder: where the workflow is to run; made when it is not there.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / _CONFIG
    with atomic_path(path) as temporary:
        temporary.write_text(yaml.safe_dump(dict(settings), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def run_workflow(config: Path, cores: int) -> None:
    """Runs the workflow in the folder of a configuration; what is there already is not made again.

    Args:
        config: the configuration; results come into `results/` beside it, and Snakemake's own words into
            `snakemake.log`.
        cores: CPU cores to use.

    Raises:
        NotStartedError: something is wrong with the configuration or the videos, which the message says.
        ObjmaskError: something failed; what did has been logged.
    """
    folder = config.parent
    arguments = [f"--snakefile={SNAKEFILE}", f"--directory={folder}", f"--configfile={config}", f"--cores={cores}"]
    words = folder / _WORDS
    process = subprocess.Popen(  # noqa: S603 - this very project
        [sys.executable, "-m", "snakemake", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        with words.open("w", encoding="utf-8") as kept:
            _show(cast(IO[str], process.stdout), kept, folder / "results/logs")
    finally:
        # A terminal's Ctrl-C has reached it too, and twice would be too much; other ends of this process are passed on.
        if isinstance(sys.exc_info()[1], KeyboardInterrupt):
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
        process.terminate()
        code = process.wait()
    if code:
        said = words.read_text(encoding="utf-8")
        if (refused := _REFUSED.search(said)) and not _BEGUN.search(said):
            raise NotStartedError(*refused[1].splitlines())
        raise ObjmaskError(f"not everything could be done: see above, or {words}; the same command goes on from here")


def _show(lines: IO[str], kept: IO[str], logs: Path) -> None:
    """Shows how far the workflow is, until it ends."""
    started = time.time()
    terminal = sys.stderr.isatty()
    with tqdm(desc="reading the videos", unit=" steps", disable=not terminal, bar_format=_BAR) as bar:
        for line in _as_they_come(lines):
            if line is None:
                if terminal:
                    bar.set_description_str(_now(logs, started))
                continue
            kept.write(line)
            kept.flush()
            if ours := _OURS.match(line):
                bar.clear()
                LOG.warning("%s", ours[1])
            elif steps := _STEPS.match(line):
                bar.total = int(steps[2])
                bar.update(int(steps[1]) - bar.n)
            elif (done := _FINISHED.match(line)) and not terminal and done[1] != "all":
                LOG.info("%s: done", done[1])


def _as_they_come(lines: IO[str]) -> Iterator[str | None]:
    """Lines, and None now and then when there are none."""
    waiting: SimpleQueue[str | None] = SimpleQueue()

    def read() -> None:
        for line in lines:
            waiting.put(line)
        waiting.put(None)

    Thread(target=read, daemon=True).start()
    while True:
        try:
            line = waiting.get(timeout=_LOOK_S)
        except Empty:
            yield None
            continue
        if line is None:
            return
        yield line


def _now(logs: Path, started: float) -> str:
    """What the job that has logged last said last."""
    try:
        times = {path: path.stat().st_mtime for path in logs.rglob("*.log")}
        path = max((path for path, when in times.items() if when >= started), key=times.__getitem__, default=None)
        if path is None:
            return ""
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _LAST_BYTES))
            said = [_LOGGED.match(line) for line in stream.read().decode("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    return next((line[1] for line in reversed(said) if line), path.relative_to(logs).parts[0].removesuffix(".log"))
