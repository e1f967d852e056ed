"""What an audit may see in protected video because somebody has looked at it and said so."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from objmask.detections.arrays import Detections
from objmask.detections.boxes import iou_of_two
from objmask.objects.tables import Tables, uncorrected_by_frame

_SAME = 0.5
"""Intersection over union from which something that is found again is what was dropped or renamed."""


def allowed_by_frame(tables: Tables, classes: Collection[str]) -> Iterator[Detections]:
    """What corrections let be seen of each frame: rows that they drop, or rename to what is not hidden.

    Args:
        tables: what was found in the source, with corrections.
        classes: object classes that are hidden.

    Yields:
        The rows as the tracks have them; a row's own class is `classes`, what the network took it for `found_as`.

    Raises:
        DataError: a file is damaged.
    """
    changes = [c for c in tables.corrections.changes if c.action != "confirm" and c.to not in classes]
    if not changes:
        yield from (Detections.empty() for _ in tables[0][1].number)
        return
    for time_s, parts in zip(tables[0][1].time_s.tolist(), uncorrected_by_frame(tables), strict=True):
        yield Detections.concatenate(
            [
                found.take(sorted({i for change in changes for i in change.rows(found, time_s, model)}))
                for model, found in parts
            ]
        )


def split_allowed(again: Detections, tables: Tables, dropped: Detections, time_s: float) -> tuple[Detections, int]:
    """What is left of what was found again in a frame, and how much of it may be seen.

    Args:
        again: what a model found in the protected video, of classes that are hidden.
        tables: what was found in the source, with corrections.
        dropped: those rows of it that corrections let be seen.
        time_s: of the frame, seconds since the video's first.
    """
    seen = {i for one in tables.corrections.allowed for i in one.rows(again, time_s, "")}
    for i in set(range(len(again))) - seen:
        box = again.boxes[i].tolist()
        if any(
            again.classes[i] in (dropped.classes[k], dropped.found_as[k])
            and iou_of_two(box, dropped.boxes[k].tolist()) >= _SAME
            for k in range(len(dropped))
        ):
            seen.add(i)
    return again.take(i for i in range(len(again)) if i not in seen) if seen else again, len(seen)
