"""Decide which areas of each frame are hidden, and because of which objects. Runs no network."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from objmask.config.hiding import Hiding
from objmask.verbs.options import add_corrected, add_hiding, add_probe, add_table_out, progress
from objmask.verbs.values import hiding_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_corrected(parser)
    add_hiding(parser, *Hiding.model_fields)
    add_table_out(parser)
    parser.add_argument(
        "--out-unhidden", type=Path, metavar="JSON", help="also write in how many frames nothing is hidden, and where"
    )


def run(options: argparse.Namespace) -> None:
    """Writes the table."""
    from objmask.files.whole import write_json
    from objmask.hidden.decide import refuse_gaps
    from objmask.hidden.hide import write_hidden
    from objmask.hidden.unhidden import Unhidden
    from objmask.objects.effects import tell
    from objmask.objects.tables import read_tables
    from objmask.video.info import VideoInfo

    hiding = hiding_of(options)
    info = VideoInfo.read(options.probe)
    tables = read_tables(options.detections, info.identity, options.corrections)
    refuse_gaps(tables)
    tell(tables, logging.getLogger(__name__), hidden=hiding.objects, score=hiding.score)
    with progress(options, f"hide {options.out.stem}", len(tables[0][1])) as bar:
        hides = write_hidden(info, tables, hiding, options.out, bar)
    if options.out_unhidden:
        write_json(options.out_unhidden, Unhidden.of(tables[0][1], hides).to_json())
