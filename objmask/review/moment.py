"""A moment worth a look, and the corrections that it may need."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from objmask.detections.boxes import Box

Entry = Mapping[str, Mapping[str, Any]]
_PLAIN = re.compile(r"[A-Za-z][\w./-]*[/_.-][\w./-]*", re.ASCII)
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class Suggestion:
    """Something that is hidden by guess, or perhaps not hidden at all.

    Attributes:
        worth: how much it is worth a look; higher comes first.
        kind: `leak`, `seen`, `weak`, `gap`, `begins`, `ends`, `single`, `class`; or what an audit calls it.
        what: in words.
        video: its name.
        frame: number, 0-based in decode order of the source.
        time_s: since the video's first frame, seconds.
        box: normalised (ymin, xmin, ymax, xmax).
        name: object class.
        score: 0..1.
        track: -1 without one.
        model: whose track it is; empty without one.
        entries: corrections to choose from, the safe one first, each with the words for when it is right.
    """

    worth: float
    kind: str
    what: str
    video: str
    frame: int
    time_s: float
    box: Box
    name: str
    score: float
    track: int = -1
    model: str = ""
    entries: tuple[tuple[str, Entry], ...] = ()

    @property
    def order(self) -> tuple[Any, ...]:
        """Sorts the worst first, and equals always in one way."""
        return (-self.worth, self.video, self.frame, self.model, self.track, self.kind)

    @property
    def time(self) -> str:
        """`m:ss.mmm`."""
        minutes, ms = divmod(round(self.time_s * 1000), 60_000)
        return f"{minutes}:{ms // 1000:02d}.{ms % 1000:03d}"

    @property
    def yaml(self) -> str:
        """Lines for a file of corrections: the first entry as it is, the others as comments."""
        lines = [f"{quoted(self.video)}:"]
        for k, (when, entry) in enumerate(self.entries):
            ((action, given),) = entry.items()
            flow = yaml.safe_dump(
                dict(given), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9
            ).strip()
            lines.append(f"  {'# ' if k else ''}- {action}: {flow}  # {when}")
        return "\n".join(lines)


def quoted(name: str) -> str:
    """A name as YAML takes it for a key, whatever it is."""
    if _PLAIN.fullmatch(name):
        return name
    return _BREAKS.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(name, ensure_ascii=False))


def rounded(box: Sequence[float]) -> list[float]:
    """A box with three digits that covers at least what it covered."""
    low = [math.floor(side * 1000) / 1000 for side in box[:2]]
    return [*low, *(min(math.ceil(side * 1000) / 1000, 1.0) for side in box[2:])]
