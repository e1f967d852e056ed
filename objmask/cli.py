"""The command line: finds the verb, sets up the log, turns errors into one line."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from objmask import __version__
from objmask.errors import ObjmaskError, is_of_bytes, one_line
from objmask.jobs import lifetime
from objmask.jobs.logs import UNUSABLE
from objmask.provenance.record import write_provenance

VERBS = (
    "video",
    "anonymise",
    "init",
    "models",
    "index",
    "model",
    "probe",
    "frames",
    "images",
    "detect",
    "serve",
    "gather",
    "track",
    "paint",
    "hide",
    "masks",
    "overlay",
    "protect",
    "turns",
    "read",
    "audit",
    "release",
    "audit-summary",
    "coverage",
    "summary",
    "clips",
    "clip-splits",
    "clip-images",
    "clip-records",
    "evaluate",
    "evaluate-videos",
    "annotations",
    "annotated-images",
    "dataset",
    "video-summary",
    "report",
    "review",
    "clean-orphans",
    "scene",
    "train",
    "import-checkpoint",
    "export",
    "agreement",
)
"""Each is a module of `objmask.verbs`: its docstring is the help, `add_arguments` and `run` do the rest."""
_ARGUMENTS = "--arguments"
"""A JSON list in a file, as the workflow writes it."""
_NO_DEFAULT = frozenset({"None", "False", "[]", ""})
LOG = logging.getLogger("objmask")


class _Lines(logging.Formatter):
    """Of whatever is said, one line a message."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        """As in the base class."""
        record.message = one_line(record.message)
        return super().formatMessage(record)


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the defaults that say something."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if str(action.default) in _NO_DEFAULT else super()._get_help_string(action)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns the exit code: 0, or 1 after one line on standard error; a wrong call exits with 2."""
    given = sys.argv[1:] if arguments is None else arguments
    # A job knows its verb, and has no need of the others.
    parser = build_parser([given[0]] if given and given[0] in VERBS else VERBS)
    try:
        options = parser.parse_args(_with_those_of_files(given))
    except (OSError, ValueError) as error:
        parser.error(f"{_ARGUMENTS}: {error}")
    # Arrow's own allocator keeps tens of megabytes that it has been given back.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # The polite stop of clusters and of Snakemake: unwinds, so that half-written files are removed.
    signal.signal(signal.SIGTERM, _stop)
    workflow = lifetime.workflow()
    if workflow:
        lifetime.end_with(workflow)
    try:
        _set_up_logging(options.log)
        options.run(options)
        if options.provenance:
            own = {k: v for k, v in vars(options).items() if k not in ("run", "verb", "log", "provenance")}
            write_provenance(options.verb, own, options.provenance)
        if options.log:
            _tell_cost()
    except ObjmaskError as error:
        for line in error.lines:
            LOG.log(UNUSABLE if is_of_bytes(error) else logging.ERROR, "%s", line)
        return 1
    except MemoryError as error:
        LOG.error("%s", ObjmaskError(f"out of memory ({error or 'a request of Python'}); give it more and run again"))
        return 1
    except OSError as error:
        # Of a failed renaming the second name is the one that the user knows.
        file = error.filename2 or error.filename
        where = f"{file}: " if file else ""
        LOG.error("%s", ObjmaskError(f"{where}{error.strerror or error}"))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _with_those_of_files(arguments: Sequence[str]) -> list[str]:
    """Puts in place of each `--arguments=FILE` what the file holds: more arguments than a command line takes.

    Raises:
        ValueError: it is no such file.
    """
    whole: list[str] = []
    for argument in arguments:
        flag, _, path = argument.partition("=")
        given = json.loads(Path(path).read_text(encoding="utf-8")) if flag == _ARGUMENTS else [argument]
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise ValueError(f"{path}: no list of texts")
        whole += given
    return whole


def build_parser(names: Sequence[str] = VERBS) -> argparse.ArgumentParser:
    """A parser for some verbs, or for all, in the order in which the workflow runs them."""
    parser = argparse.ArgumentParser(
        prog="objmask",
        description="The steps of the objmask workflow, each by hand. All of them, for one video or folder: objmask "
        "video; for a data set: objmask init, then snakemake.",
        epilog="Example: objmask probe --video=clip.mp4 --out=clip.json",
    )
    parser.add_argument("--version", action="version", version=f"objmask {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name in names:
        module = importlib.import_module(f"objmask.verbs.{name.replace('-', '_')}")
        text = " ".join((module.__doc__ or "").split())
        verb = verbs.add_parser(
            name,
            help=text.split(".")[0],
            description=text,
            formatter_class=_HelpFormatter,
        )
        module.add_arguments(verb)
        verb.add_argument(
            "--log", type=Path, metavar="FILE", help="write the log there; what goes wrong is shown all the same"
        )
        verb.add_argument("--provenance", type=Path, metavar="JSON", help="write there what the result was made of")
        verb.set_defaults(run=module.run, verb=name)
    return parser


def _set_up_logging(file: Path | None) -> None:
    LOG.setLevel(logging.INFO)
    LOG.handlers.clear()
    shown = logging.StreamHandler()
    shown.setFormatter(_Lines("objmask: %(message)s"))
    LOG.addHandler(shown)
    if file is not None:
        # The workflow keeps a log a job; on a terminal its jobs still say how far they are.
        shown.setLevel(logging.INFO if sys.stderr.isatty() else logging.WARNING)
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = logging.FileHandler(file, mode="w", encoding="utf-8", errors="backslashreplace")
        kept.setFormatter(_Lines("%(asctime)s %(levelname)s %(message)s"))
        LOG.addHandler(kept)


def _tell_cost() -> None:
    """What this process took, in the log of its job: `objmask.report.stages` reads it there."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    LOG.info(
        "took %.2f s of CPU time, and %.0f MiB of memory at most", used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    )


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
