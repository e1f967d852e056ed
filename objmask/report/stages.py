"""What the stages of a run took, by the benchmarks and logs that happen to be there: no inputs, but good to know."""

from __future__ import annotations

import csv
import re
import statistics
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_CHUNK = re.compile(r"/\d{8}-\d{8}(?:\..*)?$")
_NETWORK = re.compile(r"the network's process \d+ has taken (\d+) MiB at most")
_OWN = re.compile(r"took [\d.]+ s of CPU time, and (\d+) MiB of memory at most")
"""What a job says of itself: Snakemake sees only who asked for it, where it is a fork of a prepared process."""


@dataclass
class Stage:
    """The jobs of one rule.

    Attributes:
        name: of the rule, or of what it made.
        seconds: wall time of each job.
        peak_mib: the most memory that one of them had resident; 0: not measured.
        network_mib: the most that a network's process had, where jobs are its clients; 0: none.
    """

    name: str
    seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    network_mib: int = 0

    @property
    def total_s(self) -> float:
        """Wall time of all jobs, one after another."""
        return sum(self.seconds)

    @property
    def median_s(self) -> float:
        """Wall time of the job in the middle."""
        return statistics.median(self.seconds)

    @property
    def longest_s(self) -> float:
        """Wall time of the slowest job."""
        return max(self.seconds)


def read_stages(results: Path, videos: Collection[str]) -> list[Stage]:
    """What is known of each stage, the longest first; of other videos than these nothing is counted.

    Args:
        results: folder of results, with `benchmarks/` and `logs/`.
        videos: names of the videos of this report.
    """
    stages: dict[str, Stage] = {}
    for name, path in _files(results / "benchmarks", ".tsv", videos):
        stage = stages.setdefault(name, Stage(name))
        with suppress(OSError, ValueError, KeyError, UnicodeDecodeError), path.open(encoding="utf-8") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                stage.seconds.append(float(row["s"]))
                with suppress(ValueError):  # `-`: too short to be measured
                    stage.peak_mib = max(stage.peak_mib, float(row["max_rss"]))
    for name, path in _files(results / "logs", ".log", videos):
        if name in stages:
            text = path.read_text("utf-8", "replace")
            stages[name].network_mib = max([stages[name].network_mib, *map(int, _NETWORK.findall(text))])
            stages[name].peak_mib = max([stages[name].peak_mib, *map(float, _OWN.findall(text))])
    return sorted((stage for stage in stages.values() if stage.seconds), key=lambda stage: (-stage.total_s, stage.name))


def _files(folder: Path, ending: str, videos: Collection[str]) -> Iterator[tuple[str, Path]]:
    """(stage, file) of the videos, and of the stages that run once."""
    for path in sorted(folder.rglob(f"*{ending}")):
        stage, _, below = path.relative_to(folder).as_posix().removesuffix(ending).partition("/")
        video = _CHUNK.sub("", below)
        # Behind the stage comes the model, where there is one for each.
        if not below or video in videos or video.partition("/")[2] in videos:
            yield stage, path
