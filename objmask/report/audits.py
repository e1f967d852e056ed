"""What audits found in protected video, as the report shows it: a row a video, and the worst moments of all videos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from objmask.audit.turns import Turns
from objmask.errors import DataError
from objmask.files.documents import typed
from objmask.files.whole import read_json
from objmask.hidden.unhidden import ADVICE, NothingHidden, Unhidden
from objmask.inputs.names import shown_name
from objmask.report.all_videos import ReportedVideo
from objmask.report.numbers import moment as seconds
from objmask.report.numbers import number, rate

MOMENTS = 100
"""So many moments of all videos are listed, the worst ones."""
PICTURE_CHARS = 1_000_000
"""Their pictures together take at most so many characters of the page."""
STRETCHES = 40
"""So many stretches of a video are marked over time."""
_COUNTS = ("frames", "leaking_frames", "longest_run_frames", "review_frames", "leaks", "moments", "allowed")
_SHARES = ("leaking_per_1000", "longest_run_s", "other_lost")


@dataclass(frozen=True)
class Stretch:
    """Neighbouring frames of leaks: numbers of the first and the last one, and their times in seconds."""

    first: int
    last: int
    from_s: float
    to_s: float


@dataclass(frozen=True)
class Audit:
    """The audit of one video.

    Attributes:
        summary: what is counted, by the names that `audit/audit.csv` has.
        leaks: where it leaks, in order of time, apart from each other.
        unhidden: where nothing at all was hidden.
        advice: what to do about that.
        over: it leaks more than it may.
        kept: its protected video is in quarantine, for this or because nothing was hidden.
    """

    summary: Mapping[str, Any]
    leaks: Sequence[Stretch]
    unhidden: Unhidden
    advice: str
    over: bool
    kept: bool

    @property
    def leaking(self) -> bool:
        """Whether any frame leaks."""
        return bool(self.summary["leaking_frames"])

    @property
    def longest(self) -> str:
        """Its longest run of leaking frames."""
        length, first = self.summary["longest_run_s"], self.summary["longest_run_first"]
        return f"longest {seconds(length)} from frame {number(first)}"

    @property
    def row(self) -> dict[str, Any]:
        """What the list of videos is sorted by, and the table shows."""
        first = self.summary["longest_run_first"]
        at = next((stretch.from_s for stretch in self.leaks if stretch.first == first), None)
        return {**self.summary, "longest_run_from_s": at, "kept": self.kept, "unhidden": self.unhidden_share}

    @property
    def unhidden_share(self) -> float:
        """Share of the frames in which nothing at all was hidden, when these are many; else 0."""
        return self.unhidden.share if self.unhidden.part else 0.0

    def shows(self, frame: int) -> bool:
        """Whether a picture of the protected video at this frame may show a leak."""
        return self.kept or any(stretch.first <= frame <= stretch.last for stretch in self.leaks)

    def warning(self, fail_over: float | None) -> str:
        """What somebody should know before the video is given away."""
        frames, per_1000 = self.summary["leaking_frames"], rate(self.summary["leaking_per_1000"])
        said = f"{number(frames)} leaking {'frame' if frames == 1 else 'frames'} ({per_1000} of 1,000), {self.longest}"
        if not self.over:
            return said
        return f"{said}: above audit.fail_over {fail_over:g}, so kept in quarantine/, and the run ends with an error"

    def sentence(self) -> str:
        """For the video's card."""
        frames, said = self.summary["leaking_frames"], []
        if self.unhidden.part:
            said.append(self.unhidden.sentence(self.advice))
        if frames:
            said.append(f"leaks in {number(frames)} of {number(self.summary['frames'])} frames, {self.longest}")
        found = "; ".join(said) or "no leak found"
        if self.kept:
            found += "; kept in quarantine/"
        if others := self.summary["moments"] - self.summary["leaks"]:
            found += f"; {number(others)} {'moment' if others == 1 else 'moments'} to look at"
        if allowed := self.summary["allowed"]:
            found += f"; {number(allowed)} {'find' if allowed == 1 else 'finds'} may be seen by corrections"
        return f"Audit: {found}."


@dataclass
class Audits:
    """Those of all videos.

    Attributes:
        fail_over: leaking frames in 1,000 above which a video is kept back; None: none is.
        nothing_hidden: `fail`: so is one in which, or in a long part of which, nothing was hidden.
        pictures: whether pictures of leaks are shown.
        of: each video's, by its name.
        moments: the worst of all, leaks first.
        found: how many moments there are in all.
        models: what searched.
    """

    fail_over: float | None
    nothing_hidden: NothingHidden
    pictures: bool
    of: dict[str, Audit] = field(default_factory=dict)
    moments: list[dict[str, Any]] = field(default_factory=list)
    found: int = 0
    models: set[str] = field(default_factory=set)

    @property
    def leaking(self) -> list[tuple[str, str, bool]]:
        """(title, warning, kept back) of each video that leaks, the worst first."""
        worst = sorted(
            (name for name, audit in self.of.items() if audit.leaking),
            key=lambda name: (-self.of[name].summary["leaking_per_1000"], name),
        )
        return [(shown_name(name), self.of[name].warning(self.fail_over), self.of[name].over) for name in worst]

    @property
    def leaks(self) -> int:
        """Moments that are leaks, of all videos."""
        return sum(int(audit.summary["leaks"]) for audit in self.of.values())

    def to_json(self) -> dict[str, Any]:
        """What the page knows of all videos together."""
        return {"moments": self.moments, "found": self.found, "pictures": self.pictures}

    def marked(self, block: dict[str, Any]) -> dict[str, Any]:
        """A video's block with its audit, and without those pictures of protected video that may show a leak."""
        audit = self.of[block["name"]]
        stretches = sorted(audit.leaks, key=lambda one: one.from_s - one.to_s)[:STRETCHES]
        said = {
            "sentence": audit.sentence(),
            "stretches_s": sorted([one.from_s, one.to_s] for one in stretches),
            "stretches": len(audit.leaks),
        }
        moments = block["moments"]
        if not self.pictures:
            moments = [_unpictured(one) if audit.shows(one["frame"]) else one for one in moments]
        return {**block, "audit": said, "moments": moments}


def read_audits(
    videos: Iterable[ReportedVideo],
    folder: Path,
    fail_over: float | None,
    nothing_hidden: NothingHidden,
    *,
    pictures: bool,
) -> Audits:
    """Reads every audit once, one in memory at a time.

    Args:
        videos: those of the report.
        folder: of their audits.
        fail_over: `audit.fail_over`.
        nothing_hidden: `privacy.nothing_hidden`.
        pictures: show pictures of leaks.

    Raises:
        DataError: one is missing or damaged.
    """
    audits = Audits(fail_over, nothing_hidden, pictures)
    for video in videos:
        path = folder / f"{video.name}.json"
        try:
            document = read_json(path)
            moments = [_moment(one, video.title, pictures=pictures) for one in document["moments"]]
            audits.of[video.name] = _audit(video.name, document, fail_over, nothing_hidden)
            audits.models |= set(map(str, document["models"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: no audit of a video; delete it and run again ({error})") from error
        audits.found += len(moments)
        audits.moments = sorted([*audits.moments, *moments], key=_rank)[:MOMENTS]
    room = PICTURE_CHARS
    for moment in audits.moments:
        room -= len(moment["picture"])
        if room < 0:
            moment["picture"] = ""
    return audits


def _audit(name: str, document: Mapping[str, Any], fail_over: float | None, nothing_hidden: NothingHidden) -> Audit:
    given = document["summary"]
    summary: dict[str, Any] = {name: int(given[name]) for name in _COUNTS}
    summary |= {name: float(given[name]) for name in _SHARES}
    summary["longest_run_first"] = int(given["longest_run_first"]) if summary["leaking_frames"] else None
    sides = [(one["first"], one["last"]) for one in document["moments"] if one["leak"]]
    stretches = sorted((int(a["frame"]), int(b["frame"]), float(a["time_s"]), float(b["time_s"])) for a, b in sides)
    over = fail_over is not None and summary["leaking_per_1000"] > fail_over
    unhidden = typed(document["unhidden"], Unhidden)
    kept = over or (nothing_hidden == "fail" and bool(unhidden.part))
    turns = Turns.in_audit(document)
    advice = turns.advice(name) if turns else ADVICE
    return Audit(summary, _apart([Stretch(*one) for one in stretches]), unhidden, advice, over, kept)


def _apart(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches that overlap, put together; given in order."""
    apart: list[Stretch] = []
    for one in stretches:
        if apart and one.first <= apart[-1].last + 1:
            before = apart.pop()
            one = Stretch(before.first, max(before.last, one.last), before.from_s, max(before.to_s, one.to_s))
        apart.append(one)
    return apart


def _moment(one: Mapping[str, Any], title: str, *, pictures: bool) -> dict[str, Any]:
    return {
        "title": title,
        "frame": int(one["frame"]),
        "time_s": float(one["time_s"]),
        "frames": int(one["frames"]),
        "class": str(one["class"]),
        "score": float(one["score"]),
        "shown": float(one["shown"]),
        "severity": float(one["severity"]),
        "why": sorted(map(str, one["why"])),
        "leak": bool(one["leak"]),
        "picture": str(one["picture"] or "") if pictures else "",
    }


def _rank(moment: Mapping[str, Any]) -> tuple[bool, float, str, int, str]:
    return not moment["leak"], -moment["severity"], moment["title"], moment["frame"], moment["class"]


def _unpictured(moment: Mapping[str, Any]) -> dict[str, Any]:
    pictures = {kind: picture for kind, picture in moment["pictures"].items() if kind != "protected"}
    return {**moment, "pictures": pictures, "withheld": True}
