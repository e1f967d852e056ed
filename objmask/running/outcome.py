"""What became of the jobs of a pass: which videos failed, which are unusable, and what a further pass leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from objmask.inputs.index import InputVideo
from objmask.inputs.unusable import Unusable, note
from objmask.jobs.logs import LastWords, last_words
from objmask.running.further_pass import LeftOut

EXCLUDES = "; `on_unreadable: exclude` leaves such videos out"


@dataclass(frozen=True)
class FailedJob:
    """A job that Snakemake gave up.

    Attributes:
        rule: its name.
        verb: what it runs.
        video: whose job it is; None: it is of no single video.
        logs: its log files.
    """

    rule: str
    verb: str
    video: str | None
    logs: tuple[Path, ...]

    def said(self, since: float) -> LastWords:
        """How it failed; see `objmask.jobs.logs.last_words`."""
        of = f" of {self.video}" if self.video else ""
        log = f"; its log: {self.logs[0]}" if self.logs else ""
        return last_words(self.logs, since) or LastWords(f"{self.rule}{of}: ended without saying why{log}", False)


@dataclass
class Outcome:
    """What became of the jobs.

    Attributes:
        unusable: notes on videos that no run can use with these settings, by video; empty with `fail`.
        left: what a further pass leaves out.
        lines: what to say of the rest: of failed jobs that keep no video from being counted, or are of no single video.
    """

    unusable: dict[str, Unusable] = field(default_factory=dict)
    left: LeftOut = field(default_factory=LeftOut)
    lines: list[str] = field(default_factory=list)


def outcome(
    jobs: Iterable[FailedJob],
    videos: Mapping[str, InputVideo],
    config: Mapping[str, Any],
    *,
    since: float,
    harmless: frozenset[str] = frozenset(),
) -> Outcome:
    """What became of the jobs that failed.

    Args:
        jobs: that failed.
        videos: by name.
        config: complete.
        since: s, as `time.time`: when the pass began.
        harmless: rules whose failure is said, and keeps nothing of others or of the same video from being made.
    """
    exclude = config["on_unreadable"] == "exclude"
    found = Outcome()
    said: dict[str, list[tuple[FailedJob, LastWords]]] = {}
    for job in jobs:
        words = job.said(since)
        if job.video is None or job.rule in harmless:
            found.lines.append(words.text)
        else:
            said.setdefault(job.video, []).append((job, words))
    failed: dict[str, str] = {}
    excluded: dict[str, str] = {}
    lines: list[str] = []
    for name, ended in sorted(said.items()):
        video = videos[name]
        job, words = next((one for one in ended if one[1].unusable), ended[0])
        if words.unusable and exclude:
            found.unusable[name] = note(video, job.rule, job.verb, words.text, config)
            excluded[name] = found.unusable[name].reason
        else:
            failed[name] = video.without_place(words.text)
            lines += _lines(words for _, words in ended)
    found.left = LeftOut(failed, excluded, lines)
    found.lines.sort()
    return found


def _lines(ended: Iterable[LastWords]) -> Iterator[str]:
    for words in ended:
        yield words.text + (EXCLUDES if words.unusable else "")
