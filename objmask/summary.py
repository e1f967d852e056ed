"""Coverage over videos, groups and labels, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from objmask.errors import DataError
from objmask.files import atomic_path

BLOCK_S = 2.0
"""Neighbouring frames are alike; blocks of this length count as independent in the intervals."""
RESAMPLES = 1000
LEVEL = 0.95
MIN_VIDEOS = MIN_BLOCKS = 3
_SEED = 0
_DRAWS_PER_VIDEO = 200
Interval = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | tuple[None, None]
"""(g,) low and high, or none where there is too little to resample."""


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
        try:
            data = pd.read_csv(path, dtype={"group": str}, keep_default_na=False, na_values={"fraction": [""]})
            data = data[data["fraction"].notna()]
            table = data.pivot(index="frame", columns="group", values="fraction")[list(dict.fromkeys(data["group"]))]
            times = data.drop_duplicates("frame").sort_values("frame")["time_s"].to_numpy(np.float64)
            fractions = table.to_numpy(np.float64)
        except (KeyError, ValueError) as error:
            raise DataError(f"{path}: not a coverage table; delete it and run again ({error})") from error
        if not len(times) or not np.all((fractions >= 0) & (fractions <= 1)):
            raise DataError(f"{path}: a coverage table with rows missing; delete it and run again")
        first = _block_starts(times)
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


def _block_starts(times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Index of the first frame of each block of at least `BLOCK_S`; a rest that is shorter joins the block before."""
    step = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    length_s = BLOCK_S - 1e-6  # the times are written with six decimals
    starts = [0]
    while (row := int(np.searchsorted(times_s, times_s[starts[-1]] + length_s))) < len(times_s):
        starts.append(row)
    if len(starts) > 1 and times_s[-1] + step - times_s[starts[-1]] < length_s:
        starts.pop()
    return np.array(starts, np.intp)


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
        for group, values in _statistics([v], _block_interval(v))
    ]
    by_group = [
        {"group": group, "videos": len(videos), **values} for group, values in _statistics(videos, _interval(videos))
    ]
    by_label = []
    for label in sorted({v.label for v in videos}):
        of_label = [v for v in videos if v.label == label]
        by_label += [
            {"label": label, "group": group, "videos": len(of_label), **values}
            for group, values in _statistics(of_label, _interval(of_label))
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


def _interval(videos: Sequence[VideoCoverage]) -> Interval:
    """Of the mean of several videos' means."""
    if len(videos) < MIN_VIDEOS:
        return None, None
    rng = np.random.default_rng(_SEED)
    draws = np.stack([_block_draws(v, _DRAWS_PER_VIDEO, rng) for v in videos])
    means = np.empty((RESAMPLES, draws.shape[2]))
    for resample in range(RESAMPLES):
        chosen = rng.integers(len(videos), size=len(videos))
        means[resample] = draws[chosen, rng.integers(_DRAWS_PER_VIDEO, size=len(videos))].mean(0)
    return _middle(means)


def _block_interval(video: VideoCoverage) -> Interval:
    """Of one video's mean."""
    if len(video.block_frames) < MIN_BLOCKS:
        return None, None
    return _middle(_block_draws(video, RESAMPLES, np.random.default_rng(_SEED)))


def _middle(means: npt.NDArray[np.float64]) -> Interval:
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def _block_draws(video: VideoCoverage, draws: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(draws, g) means of the video with its blocks resampled."""
    blocks = len(video.block_frames)
    weights = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=draws).astype(np.float64)
    drawn: npt.NDArray[np.float64] = (weights @ video.block_sums) / (weights @ video.block_frames)[:, None]
    return drawn


def _write(rows: Iterable[Mapping[str, object]], columns: Sequence[str], path: Path) -> None:
    with atomic_path(path) as temporary:
        pd.DataFrame(list(rows), columns=list(columns)).to_csv(
            temporary, index=False, float_format="%.8f", lineterminator="\n"
        )
