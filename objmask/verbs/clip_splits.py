"""Divide the videos of a run into a training list and a test list. No subject is in both lists."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.errors import ConfigError
from objmask.verbs.options import add_names, add_setting, add_video_table
from objmask.verbs.values import parse_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_video_table(parser)
    add_names(parser)
    add_setting(parser, "clips.split.test_share", help="share of subjects for the test, and of videos without one")
    parser.add_argument(
        "--test-subjects",
        default="[]",
        metavar="JSON",
        help='use these subjects for the test and no others, e.g. \'["1", "7"]\'',
    )
    add_setting(parser, "clips.split.leave_one_subject_out")
    add_setting(parser, "clips.seed", help="another number chooses other test subjects")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for the lists")


def run(options: argparse.Namespace) -> None:
    """Writes the folder."""
    from objmask.clips.splits import divide, write_splits
    from objmask.inputs.video_table import read_video_table

    examples, test = divide(
        [(row["name"], row["label"], row["subject"]) for row in read_video_table(options.videos)[0]],
        names=options.names,
        share=options.test_share,
        seed=options.seed,
        subjects=_subjects(options.test_subjects),
        leave_one_subject_out=options.leave_one_subject_out,
    )
    write_splits(examples, test, options.out, leave_one_subject_out=options.leave_one_subject_out)


def _subjects(text: str) -> list[str | int]:
    names = parse_json(text, "--test-subjects")
    if not isinstance(names, list) or not all(isinstance(name, str | int) for name in names):
        raise ConfigError('--test-subjects: expected a list of names, e.g. ["1", "7"]')
    return names
