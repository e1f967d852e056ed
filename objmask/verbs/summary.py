"""Summarise coverage by video, group and label, with intervals, and list the videos that were left out."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--coverage", type=Path, required=True, metavar="FOLDER", help="folder of coverage CSV files")
    parser.add_argument(
        "--videos",
        type=Path,
        required=True,
        metavar="TSV",
        help="table of the videos that count, with the columns name, label, subject, excluded (why, or empty)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder for the CSV files")


def run(options: argparse.Namespace) -> None:
    """Writes the CSV files."""
    import csv

    from objmask.errors import DataError
    from objmask.summary import VideoCoverage, write_summaries

    with options.videos.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    if rows and not {"name", "label", "subject", "excluded"} <= rows[0].keys():
        raise DataError(f"{options.videos}: expected the columns name, label, subject, excluded, with tabs between")
    kept = [row for row in rows if not row["excluded"]]
    videos = [
        VideoCoverage.read(options.coverage / f"{row['name']}.csv", row["name"], row["label"], row["subject"])
        for row in kept
    ]
    write_summaries(videos, {row["name"]: row["excluded"] for row in rows if row["excluded"]}, options.out)
