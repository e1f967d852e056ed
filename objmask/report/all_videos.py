"""All video summaries together: what holds for the data set, and how much of each video one page can show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.errors import DataError
from objmask.files.whole import read_json
from objmask.inputs.names import shown_name
from objmask.report.bounds import BINS, FORMAT, MANY, POINTS

PICTURE_CHARS = 14_000_000
"""All thumbnails together take at most so many characters of the page."""
VALUES = 2_400_000
"""All timelines together have at most so many values, of four or five characters."""
MIN_POINTS = 24
_KEYS = {
    *("video", "models", "frames", "looked_at", "inferred", "groups"),
    *("timeline", "hidden", "scores", "objects_a_frame", "moments", "warnings"),
}
"""Of a video summary, beside its format."""
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ReportedVideo:
    """A row of the table of videos.

    Attributes:
        name, label, subject: as in the summaries.
    """

    name: str
    label: str
    subject: str

    @property
    def title(self) -> str:
        """Its name as it is shown."""
        return shown_name(self.name)


@dataclass
class Survey:
    """What the whole data set comes to.

    Attributes:
        frames: frames of all videos in the window.
        looked_at: frames of which it is known what they show.
        inferred: those of them that the network saw; to the others masks were carried.
        duration_s: of all videos.
        groups: names of the groups, in order.
        hidden: of some video it is known what protected video hides.
        scores: (g + 1, `BINS`) detections, first those in no group.
        objects: (`MANY` + 1,) frames by number of objects.
        index: of each video what the list is searched and sorted by.
        warnings: (title of a video, warning), in order of the videos.
        unhidden: (share of the frames, name, what is said) of each video in which, or in much of which, nothing at all
            is hidden.
        models: checksum of each model that was used, by name.
        picture_chars: of each video the size of its moments' pictures, the most informative moment first.
    """

    frames: int = 0
    looked_at: int = 0
    inferred: int = 0
    duration_s: float = 0.0
    groups: tuple[str, ...] = ()
    hidden: bool = False
    scores: Counts = field(default_factory=lambda: np.zeros((1, BINS), np.int64))
    objects: Counts = field(default_factory=lambda: np.zeros(MANY + 1, np.int64))
    index: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    unhidden: list[tuple[float, str, str]] = field(default_factory=list)
    models: dict[str, str] = field(default_factory=dict)
    picture_chars: list[list[int]] = field(default_factory=list)

    @property
    def moments_each(self) -> int:
        """How many moments of each video there is room for."""
        most = max((len(sizes) for sizes in self.picture_chars), default=0)
        room = (n for n in range(most, 0, -1) if sum(sum(s[:n]) for s in self.picture_chars) <= PICTURE_CHARS)
        return next(room, 0)

    @property
    def points_each(self) -> int:
        """How many points of each timeline there is room for."""
        curves = 2 * (len(self.groups) + 1) * max(len(self.index), 1)
        return max(MIN_POINTS, min(POINTS, VALUES // curves))

    def add(self, video: ReportedVideo, video_summary: dict[str, Any]) -> None:
        """Takes one more video.

        Raises:
            DataError: it has other groups than those before.
        """
        groups = tuple(group["name"] for group in video_summary["groups"])
        if not self.index:
            self.groups, self.scores = groups, np.zeros((len(groups) + 1, BINS), np.int64)
        if groups != self.groups:
            raise DataError(f"{video.name}: has other groups than the videos before; run video-summary again")
        self.frames += video_summary["frames"]
        self.looked_at += video_summary["looked_at"]
        self.inferred += video_summary["inferred"]
        self.hidden |= video_summary["hidden"] is not None
        self.duration_s += video_summary["video"]["duration_s"]
        self.scores += np.array(video_summary["scores"], np.int64)
        self.objects += np.array(video_summary["objects_a_frame"], np.int64)
        self.warnings += [(video.title, warning) for warning in video_summary["warnings"]]
        nothing = video_summary["hidden"] and video_summary["hidden"]["nothing"]
        if nothing:
            self.unhidden.append((nothing["share"], video.name, nothing["said"]))
        self.models |= video_summary["models"]
        self.picture_chars.append([sum(map(len, moment["pictures"].values())) for moment in video_summary["moments"]])
        self.index.append(
            {
                "name": video.name,
                "title": video.title,
                "label": video.label,
                "subject": video.subject,
                "seconds": video_summary["video"]["duration_s"],
                "warnings": len(video_summary["warnings"]) + bool(nothing),
                "unhidden": nothing["share"] if nothing else 0,
                "gaps": video_summary["hidden"]["gaps"] if video_summary["hidden"] else 0,
                "means": [round(group["mean"] * 1e4) for group in video_summary["groups"]],
            }
        )


def survey(videos: Sequence[ReportedVideo], folder: Path) -> Survey:
    """Reads every video summary once.

    Raises:
        DataError: one is missing or damaged.
    """
    found = Survey()
    for video, video_summary in _video_summaries(videos, folder):
        found.add(video, video_summary)
    return found


def blocks(videos: Sequence[ReportedVideo], folder: Path, survey: Survey) -> Iterator[dict[str, Any]]:
    """Yields what the page shows of each video, one in memory at a time.

    Raises:
        DataError: a video summary is missing or damaged.
    """
    moments, points = survey.moments_each, survey.points_each
    for video, video_summary in _video_summaries(videos, folder):
        kept = sorted(video_summary["moments"][:moments], key=lambda moment: int(moment["frame"]))
        yield {
            "name": video.name,
            "title": video.title,
            "label": video.label,
            "subject": video.subject,
            "facts": video_summary["video"],
            "frames": video_summary["frames"],
            "looked_at": video_summary["looked_at"],
            "inferred": video_summary["inferred"],
            "groups": video_summary["groups"],
            "hidden": video_summary["hidden"],
            "timeline": thinned(video_summary["timeline"], points),
            "moments": kept,
            "warnings": video_summary["warnings"],
        }


def thinned(timeline: dict[str, Any], points: int) -> dict[str, Any]:
    """A timeline with at most so many points: means of means, maxima of maxima, minima of minima."""
    before = len(timeline["time_s"])
    if before <= points:
        return timeline
    first = np.arange(points) * before // points
    lengths = np.diff([*first.tolist(), before])

    def means(values: list[int]) -> list[int]:
        thin: list[int] = np.rint(np.add.reduceat(values, first) / lengths).astype(int).tolist()
        return thin

    thin: dict[str, Any] = {
        "time_s": [timeline["time_s"][i] for i in first],
        "mean": {name: means(values) for name, values in timeline["mean"].items()},
        "max": {name: np.maximum.reduceat(values, first).tolist() for name, values in timeline["max"].items()},
    }
    if hidden := timeline.get("hidden"):
        lowest = np.minimum.reduceat(hidden["min"], first).tolist()
        thin["hidden"] = {"mean": means(hidden["mean"]), "min": lowest}
    return thin


def _video_summaries(videos: Sequence[ReportedVideo], folder: Path) -> Iterator[tuple[ReportedVideo, dict[str, Any]]]:
    for video in videos:
        path = folder / f"{video.name}.json"
        try:
            video_summary = read_json(path)
            if video_summary["format"] != FORMAT or not video_summary.keys() >= _KEYS:
                raise ValueError(f"format {video_summary['format']}, {', '.join(sorted(video_summary))}")
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: no video summary; delete it and run again ({error})") from error
        yield video, video_summary
