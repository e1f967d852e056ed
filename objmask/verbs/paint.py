"""Decide which objects are painted in each frame, and which pixels each of them has. Runs no network."""

from __future__ import annotations

import argparse
import logging

from objmask.verbs.options import (
    add_corrected,
    add_counting,
    add_groups,
    add_probe,
    add_setting,
    add_table_out,
    progress,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    add_corrected(parser)
    add_groups(parser)
    add_setting(parser, "masks.score")
    add_setting(parser, "masks.threshold")
    add_counting(parser)
    add_table_out(parser)


def run(options: argparse.Namespace) -> None:
    """Writes the table."""
    from objmask.detections.classes import Palette
    from objmask.objects.effects import tell
    from objmask.objects.tables import read_tables
    from objmask.painted.decide import PaintRules
    from objmask.painted.paint import write_painted
    from objmask.verbs.values import counting_from
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    tables = read_tables(options.detections, info.identity, options.corrections)
    tell(tables, logging.getLogger(__name__))
    rules = PaintRules(
        Palette.from_json(options.groups), options.score, options.threshold, counting_from(options.counting)
    )
    with progress(options, f"paint {options.out.stem}", len(tables[0][1])) as bar:
        write_painted(info, tables, rules, options.out, bar)
