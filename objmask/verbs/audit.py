"""Read a protected video back, and list the sensitive objects that are still visible. Runs no network."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_corrected, add_hiding, add_protected, add_setting, add_video, progress, share
from objmask.verbs.values import hiding_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video(parser)
    add_corrected(parser)
    add_hiding(parser, "objects", "score", "threshold")
    add_protected(parser)
    parser.add_argument(
        "--again",
        type=Path,
        required=True,
        action="extend",
        nargs="+",
        metavar="PARQUET",
        help="detections of each model in the protected video, with their .frames.parquet beside them",
    )
    parser.add_argument(
        "--words", type=Path, metavar="JSON", help="what `read` wrote about the protected video; none: nobody read it"
    )
    parser.add_argument(
        "--unhidden",
        type=Path,
        required=True,
        metavar="JSON",
        help="what `hide` wrote about frames in which it hides nothing",
    )
    parser.add_argument(
        "--turns", type=Path, metavar="JSON", help="what `turns` found there at other turns of the picture"
    )
    parser.add_argument(
        "--floor", type=share, default=0.05, help="list objects found again with at least this score, 0..1"
    )
    parser.add_argument(
        "--leak-score", type=share, default=0.1, help="objects found again with at least this score are leaks, 0..1"
    )
    add_setting(parser, "audit.thumbnails")
    parser.add_argument("--out", type=Path, required=True, metavar="JSON", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the file."""
    from objmask.audit.audit import Searched, audit
    from objmask.audit.leaks import AuditSettings
    from objmask.audit.turns import Turns
    from objmask.audit.words import Words
    from objmask.hidden.unhidden import Unhidden
    from objmask.objects.tables import read_tables
    from objmask.provenance.unchanged import refuse_changed
    from objmask.video.info import VideoInfo
    from objmask.video.reader import read_frames

    refuse_changed(options.protected)
    info, protected = VideoInfo.read(options.probe), VideoInfo.read(options.protected_probe)
    tables = read_tables(options.detections, info.identity, options.corrections)
    settings = AuditSettings(
        hiding=hiding_of(options),
        floor=options.floor,
        leak_score=options.leak_score,
        pictures=options.thumbnails,
    )
    with progress(options, f"audit {options.out.stem}", len(tables[0][1])) as bar:
        audit(
            info,
            read_frames(
                options.video, info, window=(options.start_s, options.end_s), on_truncated=options.on_truncated
            ),
            tables,
            Searched(
                protected,
                read_frames(options.protected, protected),
                read_tables(options.again, protected.sha256),
                Words.read(options.words) if options.words else None,
            ),
            settings,
            Unhidden.read(options.unhidden),
            Turns.read(options.turns) if options.turns else None,
            options.out,
            bar,
        )
