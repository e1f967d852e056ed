"""The effects of corrections in a video, for warnings in the log."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from logging import Logger

import numpy as np

from objmask.corrections.corrections import Change
from objmask.detections.arrays import Detections
from objmask.objects.tables import Tables, model_of, uncorrected_by_frame


@dataclass
class _Shown:
    """Frames in which a change shows what would be hidden.

    Attributes:
        frames: how many.
        first_s, last_s: seconds since the video's first frame.
    """

    frames: int
    first_s: float
    last_s: float


def uncovered(tables: Tables, classes: Collection[str], score: float) -> Iterator[str]:
    """One line per correction and class: what becomes visible that would be hidden without it; most frames first.

    Args:
        tables: tracks, with corrections.
        classes: classes that are hidden.
        score: lowest score of detections that count, 0..1.

    Raises:
        DataError: a file is damaged.
    """
    changes = [change for change in tables.corrections.changes if change.to not in classes]
    shown: dict[tuple[str, str], _Shown] = {}
    if not any(change.action != "confirm" for change in changes):
        return
    for time_s, parts in zip(tables[0][1].time_s.tolist(), uncorrected_by_frame(tables), strict=True):
        told = {
            (str(change), f"track {track} ({name})")
            for model, found in parts
            for change in changes
            if change.action != "confirm"
            for track, name in _hidden_rows(change, found, time_s, model, classes, score)
        }
        for key in told:
            one = shown.setdefault(key, _Shown(0, time_s, time_s))
            one.frames, one.last_s = one.frames + 1, time_s
    for (change, what), one in sorted(shown.items(), key=lambda item: (-item[1].frames, item[0])):
        yield f"{change} shows what was hidden: {what}, {one.first_s:.3f} s to {one.last_s:.3f} s, {one.frames} frames"


def _hidden_rows(
    change: Change, found: Detections, time_s: float, model: str, classes: Collection[str], score: float
) -> Iterator[tuple[int, str]]:
    """(track, class) of the rows that a change is about and that would be hidden."""
    for i in change.rows(found, time_s, model):
        if found.scores[i] >= np.float32(score) and {found.classes[i], found.found_as[i]} & set(classes):
            yield found.track_ids[i], found.classes[i]


def without_effect(tables: Tables) -> Iterator[str]:
    """One line for each correction that matches nothing. Most likely it was made for other tracks.

    Raises:
        DataError: a file is damaged.
    """
    if not tables.corrections:
        return
    models = {model_of(path) for path, _ in tables}
    waiting = [change for change in tables.corrections.changes if change.model is None or change.model in models]
    times_s = tables[0][1].time_s.tolist()
    if waiting:
        for time_s, parts in zip(times_s, uncorrected_by_frame(tables), strict=True):
            waiting = [one for one in waiting if not any(one.rows(found, time_s, model) for model, found in parts)]
    for change in waiting:
        yield f"{change} meets nothing; tracks may have other numbers since it was written: review again"
    for added in tables.corrections.added:
        if not any(time_s in added.span for time_s in times_s):
            yield (
                f"correction {added.entry} (add {added.name}) is in no frame: {added.span.from_s:g} s to "
                f"{added.span.to_s:g} s"
            )


def tell(tables: Tables, log: Logger, *, hidden: Collection[str] = (), score: float = 0.0) -> None:
    """Warns of corrections that match nothing, and of those that make hidden objects visible.

    Args:
        tables: tracks, with corrections.
        log: the log for the warnings.
        hidden: classes to hide.
        score: lowest score of detections to hide, 0..1.

    Raises:
        DataError: a file is damaged.
    """
    for line in (*without_effect(tables), *uncovered(tables, hidden, score)):
        log.warning("%s", line)
