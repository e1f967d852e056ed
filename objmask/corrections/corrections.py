"""The corrections of one video: what of its tracks they drop, rename or confirm, what they add and allow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.corrections.shapes import Added, Corners
from objmask.corrections.span import Span
from objmask.detections.arrays import Detections
from objmask.errors import ConfigError
from objmask.files.whole import parse_json

INSIDE = 0.5
"""A detection is in a box when so much of its own box lies there."""
_ENDLESS = {"from_s": -math.inf, "to_s": math.inf}
_FORM = "python -m objmask review shows entries to copy"


@dataclass(frozen=True)
class Change:
    """Some rows, and what becomes of them.

    Attributes:
        entry: number of the correction in its video's list, from 1.
        action: `drop`, `relabel`, `confirm` or `allow`.
        span: when.
        track: their track id; None: any.
        model: name of the model whose they are; None: any.
        name: class that they have; None: any.
        box: (4,) float32 normalised (ymin, xmin, ymax, xmax) that they lie in, at least half; None: anywhere.
        to: class that they get; None: their own.
    """

    entry: int
    action: str
    span: Span
    track: int | None = None
    model: str | None = None
    name: str | None = None
    box: npt.NDArray[np.float32] | None = None
    to: str | None = None

    def rows(self, found: Detections, time_s: float, model: str) -> list[int]:
        """Indices of the rows that are meant."""
        if time_s not in self.span or self.model not in (None, model):
            return []
        rows = [
            i
            for i in range(len(found))
            if self.track in (None, found.track_ids[i]) and self.name in (None, found.classes[i])
        ]
        return rows if self.box is None else [i for i in rows if share_inside(found.boxes[i], self.box) >= INSIDE]

    def __str__(self) -> str:
        what = [*([f"track {self.track}"] if self.track is not None else []), *([self.name] if self.name else [])]
        return f"correction {self.entry} ({self.action} {' '.join(what)}{f' to {self.to}' if self.to else ''})"


@dataclass(frozen=True)
class Corrections:
    """What was put right by hand. Entries look at what tracks say, not at each other, so their order is free.

    Attributes:
        added: objects that nobody found.
        changes: of what was found; dropped stays dropped, of two new classes the later one holds.
        allowed: what an audit may see in protected video.
    """

    added: tuple[Added, ...] = ()
    changes: tuple[Change, ...] = ()
    allowed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changes or self.allowed)

    @classmethod
    def from_json(cls, text: str) -> Corrections:
        """From a list of entries; see `from_entries`.

        Raises:
            ConfigError: it is no such list.
        """
        try:
            entries = parse_json(text)
        except ValueError as error:
            raise ConfigError(f"corrections: not JSON ({error})") from error
        if not isinstance(entries, list):
            raise ConfigError(f"corrections: expected a list of entries; {_FORM}")
        return cls.from_entries(entries)

    @classmethod
    def from_entries(cls, entries: Sequence[Any]) -> Corrections:
        """From the entries of one video: `add`, `drop`, `relabel`, `confirm` or `allow`, with what belongs to it.

        Raises:
            ConfigError: one is no such entry.
        """
        added, changes, allowed = [], [], []
        for number, entry in enumerate(entries, 1):
            try:
                ((action, given),) = entry.items()
                if action == "add":
                    added.append(_added(number, given))
                elif action == "allow":
                    allowed.append(_allowed(number, given))
                else:
                    changes.append(_change(number, action, given))
            except (AttributeError, KeyError, TypeError) as error:
                raise ConfigError(f"corrections: entry {number} is none; {_FORM}") from error
            except ValueError as error:
                raise ConfigError(f"corrections: entry {number}: {error}") from error
        return cls(tuple(added), tuple(changes), tuple(allowed))

    def added_at(self, time_s: float) -> list[Detections]:
        """The added objects of a frame."""
        return [one.at(time_s) for one in self.added if time_s in one.span]

    def changed(self, found: Detections, time_s: float, model: str) -> Detections:
        """A frame's rows as they should be.

        Args:
            found: what tracks (or a network) say.
            time_s: of the frame, seconds since the video's first.
            model: whose rows they are.
        """
        dropped: set[int] = set()
        classes, found_as = list(found.classes), list(found.found_as)
        scores, found_scores = found.scores.copy(), list(found.found_scores)
        for change in self.changes:
            for i in change.rows(found, time_s, model):
                if change.action == "drop":
                    dropped.add(i)
                elif change.action == "confirm":
                    scores[i] = found_scores[i] = 1
                elif change.to is not None:
                    classes[i] = found_as[i] = change.to
        changed = replace(
            found,
            scores=scores,
            classes=tuple(classes),
            found_as=tuple(found_as),
            found_scores=tuple(found_scores),
        )
        return changed.take(i for i in range(len(found)) if i not in dropped) if dropped else changed


def share_inside(box: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Share of a box, (4,) normalised (ymin, xmin, ymax, xmax), that lies in another; 0..1."""
    sides = np.clip(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0, None)
    return float(sides.prod() / (box[2:] - box[:2]).prod())


def _added(number: int, given: Mapping[str, Any]) -> Added:
    _refuse_unknown(given, {"class", "from_s", "to_s", "box", "polygon", "to_box", "to_polygon"})
    if "from_s" not in given or "to_s" not in given:
        raise ValueError("add: say from_s and to_s, seconds")
    kinds = [kind for kind in ("box", "polygon") if kind in given]
    if len(kinds) != 1 or any(f"to_{other}" in given for other in ("box", "polygon") if other not in kinds):
        raise ValueError("add: say where, with a box or a polygon; to_box goes with box, to_polygon with polygon")
    read = _box if kinds[0] == "box" else _polygon
    start, end = read(given[kinds[0]]), read(given.get(f"to_{kinds[0]}", given[kinds[0]]))
    if len(start) != len(end):
        raise ValueError("add: to_polygon needs as many corners as polygon")
    return Added(number, str(given["class"]), _span(given), start, end, kinds[0] == "box")


def _allowed(number: int, given: Mapping[str, Any]) -> Change:
    keys = ("class", "from_s", "to_s", "box")
    _refuse_unknown(given, set(keys))
    missing = [key for key in keys if key not in given]
    if missing:
        raise ValueError(f"allow: say {missing[0]}: only what somebody has looked at is allowed to be seen")
    return Change(number, "allow", _span(given), name=given["class"], box=_box(given["box"]).ravel())


def _change(number: int, action: str, given: Mapping[str, Any]) -> Change:
    if action not in ("drop", "relabel", "confirm"):
        raise ValueError(f"'{action}' is unknown; possible: add, allow, drop, relabel, confirm")
    was = "was" if action == "relabel" else "class"
    _refuse_unknown(given, {"track", "model", "class", "was", "from_s", "to_s", "box"} - ({"was"} - {was}))
    if "track" not in given and was not in given:
        raise ValueError(f"{action}: say which, with track or {was}")
    if action == "relabel" and "class" not in given:
        raise ValueError("relabel: say class, what it is")
    return Change(
        number,
        action,
        _span(given),
        None if given.get("track") is None else int(given["track"]),
        given.get("model"),
        given.get(was),
        _box(given["box"]).ravel() if "box" in given else None,
        given["class"] if action == "relabel" else None,
    )


def _refuse_unknown(given: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"'{unknown[0]}' is unknown; possible: {', '.join(sorted(known))}")


def _span(given: Mapping[str, Any]) -> Span:
    span = Span(*(float(given[key]) if key in given else endless for key, endless in _ENDLESS.items()))
    if not span.from_s <= span.to_s:
        raise ValueError(f"from_s {span.from_s:g} is after to_s {span.to_s:g}")
    return span


def _box(given: Sequence[float]) -> Corners:
    """(2, 2) corners of [ymin, xmin, ymax, xmax]."""
    box = np.array(given, np.float32)
    if box.shape != (4,) or not np.all((box >= 0) & (box <= 1)) or not np.all(box[2:] > box[:2]):
        raise ValueError("a box is [ymin, xmin, ymax, xmax], shares of the frame in 0..1, ymax > ymin and xmax > xmin")
    return box.reshape(2, 2)


def _polygon(given: Sequence[Sequence[float]]) -> Corners:
    """(k, 2) corners as (y, x) of [[x, y], …]."""
    corners = np.array(given, np.float32)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or not np.all((corners >= 0) & (corners <= 1)):
        raise ValueError("a polygon is at least three corners [[x, y], …], shares of the frame in 0..1")
    return corners[:, ::-1]
