"""Keep a network in memory for the `detect` jobs of a workflow. These jobs start this verb themselves."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--socket", type=Path, required=True, metavar="FILE", help="socket to listen at")
    parser.add_argument("--idle-s", type=seconds, default=120.0, help="stop after this time without a job, in seconds")


def run(options: argparse.Namespace) -> None:
    """Serves until no job has come for some time."""
    import logging

    from objmask.inference.server import serve

    # What a job logs goes to the job; here remains what went wrong with the process itself.
    for handler in logging.getLogger("objmask").handlers:
        handler.setLevel(logging.ERROR)
    serve(options.socket, options.socket.with_suffix(".loaded"), options.idle_s)
