"""What was written of audits, read back and checked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from objmask.audit.audit import FORMAT
from objmask.audit.turns import Turns
from objmask.errors import DataError
from objmask.files.csv_tables import Writer
from objmask.files.documents import typed
from objmask.files.whole import atomic_path, read_json
from objmask.hidden.unhidden import Unhidden

_COUNTED = (
    *("frames", "leaking_frames", "leaking_per_1000", "longest_run_frames", "longest_run_s", "longest_run_first"),
    *("other_lost", "review_frames", "leaks", "moments", "allowed", "silhouettes", "plain"),
    *("read_frames", "read_lines", "words"),
)
"""Of the summary of an audit."""
COLUMNS = (
    *("video", "label", "subject", "nothing_hidden", *_COUNTED),
    *("unhidden_frames", "longest_unhidden_s", "longest_unhidden_first", "rotate"),
)
"""Of the table of audits. `nothing_hidden`: nothing at all was hidden in `all` of the video, or in a long `part`;
`rotate`: what the setting of this name should say of the video, if its picture seems to lie on its side or head."""


def read_audit(path: Path) -> dict[str, Any]:
    """The audit of a video: `protected_sha256`, `models`, `summary`, `unhidden`, `turns`, `moments`.

    Raises:
        DataError: the file is missing or damaged.
    """
    document = read_json(path, "run audit again")
    try:
        known = document["format"] == FORMAT and set(_COUNTED) <= set(document["summary"])
        wrong = [name for name in _COUNTED if not _is_figure(document["summary"][name], name)] if known else []
        document["unhidden"] = typed(document["unhidden"], Unhidden)
        document["turns"] = Turns.in_audit(document)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read; run audit again ({error})") from error
    if not known:
        raise DataError(f"{path}: is of another version of objmask; run audit again")
    if wrong:
        raise DataError(
            f"{path}: summary.{wrong[0]}: {document['summary'][wrong[0]]!r} is no finite number of at least 0; "
            "run audit again"
        )
    return document


def _unhidden(unhidden: Unhidden) -> dict[str, Any]:
    return {
        "nothing_hidden": unhidden.part,
        "unhidden_frames": unhidden.without,
        "longest_unhidden_s": unhidden.longest_s,
        "longest_unhidden_first": unhidden.first if unhidden.without else None,
    }


def _is_figure(value: object, name: str) -> bool:
    if value is None:
        return name == "longest_run_first"
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def write_summary(videos: Iterable[dict[str, str]], audits: Path, out: Path) -> None:
    """Writes `audit/audit.csv`: a row a video; first those in which nothing was hidden, then the one that leaks most.

    Args:
        videos: name, label and subject of each.
        audits: folder of their audits.
        out: file to write.

    Raises:
        DataError: an audit is missing or damaged.
        OSError: the file cannot be written.
    """
    rows: list[dict[str, Any]] = []
    for video in videos:
        document = read_audit(audits / f"{video['name']}.json")
        of_video = {"video": video["name"], "label": video["label"], "subject": video["subject"]}
        turns = document["turns"]
        to_set = {"rotate": turns.rotate_to if turns else None}
        rows.append({**of_video, **document["summary"], **_unhidden(document["unhidden"]), **to_set})
    rows.sort(
        key=lambda row: (not row["nothing_hidden"], -row["leaking_per_1000"], -row["review_frames"], row["video"])
    )
    with atomic_path(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        table = Writer(stream)
        table.row(COLUMNS)
        table.rows([row[name] for name in COLUMNS] for row in rows)
