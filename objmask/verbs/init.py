"""Make a folder to run the workflow in, with a config.yaml to edit. In it, `snakemake --cores 2` runs the workflow.

It gets config.yaml, profiles/ and a Snakefile of two lines. The same command again adds what is missing; what is there
stays as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="made when it is not there")


def run(options: argparse.Namespace) -> None:
    """Writes the files and says what to do with them."""
    import logging

    from objmask.project.place import EXAMPLES
    from objmask.project.run_folder import write_run_folder

    log = logging.getLogger(__name__)
    written, kept = write_run_folder(options.folder)
    for path in written:
        log.info("%s: written", path)
    for path in kept:
        log.warning(
            "%s: kept as it is: edited, or of another version; for a new one delete it and give the same command again",
            path,
        )
    log.info("examples of settings: %s", EXAMPLES)
    log.info(
        "write into %s where your videos are and which model to use; then, in %s: snakemake --cores 2",
        options.folder / "config.yaml",
        options.folder,
    )
