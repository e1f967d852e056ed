"""List the results of videos that are not among the input any more, and delete them with --yes."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--videos",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="the present input, as in the setting `videos`: a folder or table",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="FOLDER",
        help="folder of results that the workflow wrote",
    )
    parser.add_argument("--yes", action="store_true", help="delete the files; without --yes they are only listed")


def run(options: argparse.Namespace) -> None:
    """Lists or deletes."""
    import logging

    from objmask.inputs.index import find_videos
    from objmask.running.folder_lock import hold
    from objmask.running.orphans import find_orphans

    if options.yes and (options.results.absolute().parent / ".snakemake").is_dir():
        hold(options.results.absolute().parent / ".snakemake")
    orphans = find_orphans(options.results, [video.name for video in find_videos(options.videos)])
    log = logging.getLogger(__name__)
    for path in (*orphans.files, *orphans.temporary):
        log.info("%s", path)
    size_mb = orphans.size_bytes / 1e6
    if options.yes:
        orphans.remove(options.results)
    log.info(
        "%d files of %d videos that are no longer there and %d folders that killed jobs left, %.1f MB%s",
        *(len(orphans.files), len(orphans.videos), len(orphans.temporary), size_mb),
        ": deleted" if options.yes else "; delete them with --yes" if orphans.files or orphans.temporary else "",
    )
