"""Snakemake whose libraries are loaded already: each command line runs as `snakemake` would run it, in a fork of this.

Reads command lines from its standard input, a JSON document a line: `arguments`, `folder`, `environment`, and `out`,
the file for what is shown. Answers each with its exit code. Of objmask nothing is loaded here: which one counts is what
the Snakefile says.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import av
import cv2
import pyarrow.parquet
import requests
import snakemake.api
import snakemake.cli
import snakemake.report
import snakemake.workflow
import tqdm

LOADED = (av, cv2, pyarrow.parquet, requests, snakemake.api, snakemake.cli, snakemake.report, snakemake.workflow, tqdm)


def main() -> None:
    """Until the other side has nothing more to run."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(arguments: list[str], folder: str, environment: dict[str, str], out: str) -> None:
    """Does not return."""
    code: Any = 1
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[0] = folder  # where `python -m` looks first
        sys.argv = ["snakemake", *arguments]
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT), 1)
        os.dup2(1, 2)
        snakemake.cli.main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
        if not isinstance(code, int):  # as Python shows what somebody gave for a code
            print(code, file=sys.stderr)
    except BaseException:  # and what nobody caught
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main()
