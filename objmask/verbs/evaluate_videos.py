"""Compare models on annotated videos with stored detections: precision, coverage, hidden pixels, leaks."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.evaluation_options import add_configured, add_judging, configured, judge_settings, marks
from objmask.verbs.options import add_video_table, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--annotations",
        type=Path,
        required=True,
        metavar="JSON",
        help="a COCO file or a folder of them; images have `video` and `frame`",
    )
    add_video_table(parser)
    parser.add_argument(
        "--results", type=Path, required=True, metavar="FOLDER", help="results folder with probe/, detections/, tracks/"
    )
    parser.add_argument("--content", metavar="HEX", help="expected digest of the annotations; none: any")
    parser.add_argument(
        "--name", required=True, action="extend", nargs="+", metavar="MODEL", help="names of the models"
    )
    add_judging(parser)
    add_configured(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for the tables")


def run(options: argparse.Namespace) -> None:
    """Writes the files and logs the comparison."""
    import logging

    from objmask.errors import DataError
    from objmask.evaluation.judge_videos import evaluate_videos
    from objmask.evaluation.over_time import over_time, ways
    from objmask.evaluation.results import write_results
    from objmask.evaluation.video_index import check_known
    from objmask.evaluation.videos import VideoAnnotations
    from objmask.inputs.video_table import read_video_table

    log = logging.getLogger(__name__)
    settings = judge_settings(options)
    made = configured(options, settings)
    annotations = VideoAnnotations(options.annotations)
    if options.content not in (None, annotations.digest):
        raise DataError(f"{options.annotations}: changed while the workflow ran; start it again")
    there = [row["name"] for row in read_video_table(options.videos)[0]]
    for name in check_known(annotations.videos, there, options.annotations):
        log.warning("annotations of '%s' are left out: it is not among the videos", name)
    videos = [name for name in annotations.videos if name in frozenset(there)]
    frames = sum(len(annotations.frames(video)) for video in videos)
    total = frames * (1 + sum(1 for _ in ways(options.name, made)))
    with progress(options, "evaluate-videos", total) as bar:
        models, rows = evaluate_videos(annotations, videos, options.name, options.results, settings, bar)
        temporal, unsaid = over_time(annotations, videos, options.name, options.results, made, bar)
    for row in rows:
        if row["judged"] != row["annotated"]:
            log.warning(
                "%s: %s of %s annotated frames are left out: outside the window, or without inference",
                *(row["video"], int(row["annotated"]) - int(row["judged"]), row["annotated"]),
            )
    if unsaid:
        log.warning(
            "annotations of %d videos, the first '%s', do not say which object is which: longest leak, flicker and "
            "identities are not known there; give annotations of one object the same `instance` or `track_id`",
            *(len(unsaid), unsaid[0]),
        )
    for line in write_results(models, options.out, marks(options), rows, temporal).splitlines():
        log.info("%s", line)
