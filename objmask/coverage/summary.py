"""Coverage over videos, groups and labels, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from objmask.coverage.intervals import Interval, block_interval, block_starts, interval_of_means
from objmask.errors import DataError
from objmask.files.csv_tables import Writer, from_cell
from objmask.files.whole import atomic_path
from objmask.provenance.unchanged import refuse_changed


@dataclass(frozen=True)
class VideoCoverage:
    """One video's coverage, reduced to what the summaries need.

    Attributes:
        video: its name.
        label: its activity.
        subject: who wears the camera, or empty.
        groups: g group names.
        mean, present, highest: (g,) over frames: mean fraction, share of frames with a pixel, largest fraction.
        block_sums: (b, g) summed fraction of each block.
        block_frames: (b,) frames of each block.
    """

    video: str
    label: str
    subject: str
    groups: tuple[str, ...]
    mean: npt.NDArray[np.float64]
    present: npt.NDArray[np.float64]
    highest: npt.NDArray[np.float64]
    block_sums: npt.NDArray[np.float64]
    block_frames: npt.NDArray[np.float64]

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.block_frames.sum())

    @classmethod
    def read(cls, path: Path, video: str, label: str, subject: str) -> VideoCoverage:
        """Reads a file that `write_coverage` wrote.

        Raises:
            DataError: it is damaged.
            OSError: it cannot be read.
        """
        refuse_changed(path)
        try:
            data = pd.read_csv(path, dtype={"fraction": str}, converters={"group": from_cell}, keep_default_na=False)
            # Blank is not looked at; a text such as `nan` is a number that is none.
            data = data[data["fraction"] != ""]
            data = data.assign(fraction=data["fraction"].astype(np.float64))
            table = data.pivot(index="frame", columns="group", values="fraction")[list(dict.fromkeys(data["group"]))]
            times = data.drop_duplicates("frame").sort_values("frame")["time_s"].to_numpy(np.float64)
            fractions = table.to_numpy(np.float64)
        except (KeyError, ValueError) as error:
            raise DataError(f"{path}: not a coverage table; delete it and run again ({error})") from error
        if not len(times) or not np.all((fractions >= 0) & (fractions <= 1)):
            raise DataError(
                f"{path}: a coverage table with rows missing or fractions outside 0..1; delete it and run again"
            )
        if not np.all(np.isfinite(times)) or np.any(np.diff(times) < 0):
            raise DataError(f"{path}: times do not rise; delete it and run again")
        first = block_starts(times)
        return cls(
            video,
            label,
            subject,
            tuple(str(name) for name in table.columns),
            fractions.mean(0),
            (fractions > 0).mean(0),
            fractions.max(0),
            np.add.reduceat(fractions, first, axis=0),
            np.diff([*first.tolist(), len(times)]).astype(np.float64),
        )


def write_summaries(videos: Sequence[VideoCoverage], excluded: Mapping[str, str], folder: Path) -> None:
    """Writes `coverage_by_{video,group,label}.csv` and `excluded.csv`.

    By group and label a video counts as one, however long: the mean is the mean of the videos' means. Intervals (95 %)
    resample videos and, within each, blocks of at least 2 s (a two-stage bootstrap: Davison and Hinkley, Bootstrap
    Methods and their Application, 1997, section 3.8); with fewer than three videos there are none. By video they
    resample its blocks; with fewer than three blocks there are none.

    Args:
        videos: the coverage of each.
        excluded: name and reason of each video that is left out.
        folder: `results/summary`.

    Raises:
        OSError: a file cannot be written.
    """
    for video in videos:
        if video.groups != videos[0].groups:
            raise DataError(f"coverage of {video.video}: has other groups than {videos[0].video}; run coverage again")
    by_video = [
        {"video": v.video, "label": v.label, "subject": v.subject, "group": group, "frames": v.frames, **values}
        for v in videos
        for group, values in _statistics([v], block_interval(v))
    ]
    by_group = [
        {"group": group, "videos": len(videos), **values}
        for group, values in _statistics(videos, interval_of_means(videos))
    ]
    by_label = []
    for label in sorted({v.label for v in videos}):
        of_label = [v for v in videos if v.label == label]
        by_label += [
            {"label": label, "group": group, "videos": len(of_label), **values}
            for group, values in _statistics(of_label, interval_of_means(of_label))
        ]
    left_out = [{"video": video, "reason": reason} for video, reason in excluded.items()]
    values = ["mean", "mean_low", "mean_high", "present", "max"]
    _write(by_video, ["video", "label", "subject", "group", "frames", *values], folder / "coverage_by_video.csv")
    _write(by_group, ["group", "videos", *values], folder / "coverage_by_group.csv")
    _write(by_label, ["label", "group", "videos", *values], folder / "coverage_by_label.csv")
    _write(left_out, ["video", "reason"], folder / "excluded.csv")


def _statistics(videos: Sequence[VideoCoverage], interval: Interval) -> Iterator[tuple[str, dict[str, float | None]]]:
    if not videos:
        return
    low, high = interval
    for g, group in enumerate(videos[0].groups):
        yield (
            group,
            {
                "mean": float(np.mean([v.mean[g] for v in videos])),
                "mean_low": None if low is None else float(low[g]),
                "mean_high": None if high is None else float(high[g]),
                "present": float(np.mean([v.present[g] for v in videos])),
                "max": float(max(v.highest[g] for v in videos)),
            },
        )


def _write(rows: Iterable[Mapping[str, object]], columns: Sequence[str], path: Path) -> None:
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        table = Writer(stream)
        table.row(columns)
        for row in rows:
            cells = (row[column] for column in columns)
            table.row(f"{cell:.8f}" if isinstance(cell, float) else cell for cell in cells)
