"""Write training clips as two TFRecord files: one for training and one for the test."""

from __future__ import annotations

import argparse
from pathlib import Path

from objmask.verbs.options import add_clips, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_clips(parser)
    parser.add_argument("--splits", type=Path, required=True, metavar="FOLDER", help="what `clip-splits` wrote")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")


def run(options: argparse.Namespace) -> None:
    """Writes the folder."""
    from objmask.clips.records import write_records
    from objmask.files.whole import atomic_path

    lists = {name: _lines(options.splits / f"{name}.txt") for name in ("train", "test")}
    labels = _lines(options.splits / "labels.txt")
    total = sum(len(names) for names in lists.values())
    with progress(options, f"clip-records {options.out}", total, "videos") as bar, atomic_path(options.out) as folder:
        folder.mkdir()
        for split, names in lists.items():
            files = (options.clips / f"{name}.npz" for name in names)
            write_records(bar.counted(files), labels, folder / f"{split}.tfrecord")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]
