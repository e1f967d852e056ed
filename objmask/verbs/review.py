"""List the moments to look at in all videos, worst first, each with corrections to copy.

A moment is an object that only carried masks hide, that begins or ends in the middle of the picture, that scores just
too low to be hidden, that has a doubtful class, or that an audit found.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.errors import ConfigError
from objmask.verbs.options import whole
from objmask.verbs.terminal import show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--results", type=Path, default=Path("results"), metavar="FOLDER", help="results folder of a run"
    )
    parser.add_argument(
        "--video", action="append", default=[], metavar="NAME", help="list this video only; repeat it for several"
    )
    parser.add_argument("--limit", type=whole(1), default=50, metavar="N", help="list at most so many moments")
    parser.add_argument(
        "--corrections", type=Path, metavar="YAML", help="file of corrections; none: those that protected video used"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures to this file")
    parser.add_argument(
        "--raw-pictures", action="store_true", help="show pictures of the source videos; do not share such a page"
    )


def run(options: argparse.Namespace) -> None:
    """Prints the list, or writes the page."""
    from objmask.corrections.read import read_corrections
    from objmask.project.place import CORRECTIONS_SCHEMA
    from objmask.review.listing import as_text
    from objmask.review.results import review, tracked_videos

    if options.raw_pictures and not options.html:
        raise ConfigError("--raw-pictures: goes with --html FILE")
    videos = tracked_videos(options.results, options.video, None)
    if options.corrections:
        entries = read_corrections(options.corrections, CORRECTIONS_SCHEMA, [video.name for video in videos])
        videos = tracked_videos(options.results, options.video, entries)
    moments = review(options.results, videos)
    if options.html:
        from objmask.review.page import write_page

        write_page(moments, options.limit, videos, options.results, options.html, raw=options.raw_pictures)
    else:
        show(as_text(moments, options.limit))
