"""Figures over time of annotated videos: of each model's detections and tracks, and of what a run hides and paints."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from objmask.evaluation.ground_truth_objects import annotated, tells_apart
from objmask.evaluation.judge import ALL, Row
from objmask.evaluation.temporal import Temporal, TemporalSettings
from objmask.evaluation.videos import AnnotatedFrame, VideoAnnotations
from objmask.objects.tables import Tables, known_rows, read_tables
from objmask.progress import Progress
from objmask.video.info import VideoInfo

RESULTS = "results"
_WITHOUT = ("consistency",)
"""Figures that need the pictures."""


@dataclass(frozen=True)
class Configured:
    """What a run hides and paints.

    Attributes:
        settings: how; whether there are tracks, it starts from them.
        hidden_by: names of the models whose objects are hidden.
        painted_by: names of those whose objects are painted.
        corrections: name of a video to what was put right by hand there.
    """

    settings: TemporalSettings
    hidden_by: tuple[str, ...]
    painted_by: tuple[str, ...]
    corrections: Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class _Way:
    """What is judged: objects of models, as they lie in a folder of the results."""

    source: str
    folder: str
    hidden_by: tuple[str, ...]
    painted_by: tuple[str, ...]
    corrected: bool = False


def over_time(
    annotations: VideoAnnotations,
    videos: Collection[str],
    models: Sequence[str],
    results: Path,
    configured: Configured,
    progress: Progress,
) -> tuple[list[Row], list[str]]:
    """The rows of `temporal.csv`, for each way one a video and then one for all of them.

    Args:
        annotations: the truth.
        videos: names of the videos to judge by.
        models: names of the models that are judged each for itself.
        results: holds `probe/`, `detections/` and, where there are tracks, `tracks/`.
        configured: what is judged beside them.
        progress: counts frames, each once a way.

    Returns:
        The rows, and the videos of which the truth does not say which object is which.

    Raises:
        DataError: truth or a file is damaged, or models saw different frames.
    """
    judged = [(way, _judge_of(way, configured), list[Row]()) for way in ways(models, configured)]
    unsaid = []
    for video in videos:
        frames = annotations.frames(video)
        unsaid += [] if tells_apart(frames) else [video]
        for way, total, rows in judged:
            temporal = _judge_of(way, configured)
            _judge(temporal, way, video, frames, results, configured)
            total.join(temporal)
            rows.append(_row(way, video, temporal))
            progress.step(len(frames))
    return [row for way, total, rows in judged for row in (*rows, _row(way, ALL, total))], unsaid


def ways(models: Sequence[str], configured: Configured) -> Iterator[_Way]:
    """What is judged: each model's detections, its tracks where there are any, and what the run hides and paints."""
    folders = ("detections", "tracks") if configured.settings.tracks else ("detections",)
    for folder in folders:
        yield from (_Way(folder, folder, (model,), (model,)) for model in models)
    yield _Way(RESULTS, folders[-1], configured.hidden_by, configured.painted_by, corrected=True)


def _judge_of(way: _Way, configured: Configured) -> Temporal:
    # Each model counts its tracks for itself, so of several it is not known which are one object's.
    return Temporal(replace(configured.settings, tracks=way.folder == "tracks" and len(way.painted_by) == 1))


def _judge(
    temporal: Temporal,
    way: _Way,
    video: str,
    frames: Sequence[AnnotatedFrame],
    results: Path,
    configured: Configured,
) -> None:
    info = VideoInfo.read(results / "probe" / f"{video}.json")
    names = tuple(dict.fromkeys((*way.hidden_by, *way.painted_by)))
    entries = configured.corrections.get(video) if way.corrected else None
    paths = [results / way.folder / name / f"{video}.parquet" for name in names]
    tables = read_tables(paths, info.identity, json.dumps(entries) if entries else None)
    of = dict(zip(names, tables.files, strict=True))
    hidden = replace(tables, files=tuple(of[name] for name in way.hidden_by))
    painted = replace(tables, files=tuple(of[name] for name in way.painted_by))
    known = frozenset(_known(tables))
    truth = {frame.number: frame for frame in frames if frame.number in known}
    ground_truth = annotated(truth, hidden[0][1].number.tolist())
    temporal.add(info, hidden, ground_truth, repeat(None, len(hidden[0][1])), painted, told=tells_apart(truth.values()))


def _known(tables: Tables) -> list[int]:
    """Numbers of the frames of which it is known what was found there."""
    numbers: list[int] = tables[0][1].number[np.flatnonzero(known_rows(tables))].tolist()
    return numbers


def _row(way: _Way, video: str, temporal: Temporal) -> Row:
    figures = {name: value for name, value in temporal.figures().items() if name not in _WITHOUT}
    model = "" if way.source == RESULTS else way.hidden_by[0]
    return {"from": way.source, "model": model, "video": video, **figures}
