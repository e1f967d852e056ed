"""What was written of audits, read back and checked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from objmask.audit.audit import FORMAT
from objmask.csv_files import Writer
from objmask.errors import DataError
from objmask.files import atomic_path, read_json

COLUMNS = (
    *("video", "label", "subject", "frames", "leaking_frames", "leaking_per_1000"),
    *("longest_run_frames", "longest_run_s", "longest_run_first"),
    *("other_lost", "review_frames", "leaks", "moments", "allowed", "silhouettes", "plain"),
)


def read_audit(path: Path) -> dict[str, Any]:
    """The audit of a video: `protected_sha256`, `models`, `summary`, `moments`.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        document = read_json(path, "run audit again")
        known = document["format"] == FORMAT and set(COLUMNS[3:]) <= set(document["summary"])
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read; run audit again ({error})") from error
    if not known:
        raise DataError(f"{path}: is of another version of objmask; run audit again")
    return document


def write_summary(videos: Iterable[dict[str, str]], audits: Path, out: Path) -> None:
    """Writes `audit/audit.csv`: a row a video, the one that leaks most first.

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
        summary = read_audit(audits / f"{video['name']}.json")["summary"]
        rows.append({"video": video["name"], "label": video["label"], "subject": video["subject"], **summary})
    rows.sort(key=lambda row: (-row["leaking_per_1000"], -row["review_frames"], row["video"]))
    with atomic_path(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        table = Writer(stream)
        table.row(COLUMNS)
        table.rows([row[name] for name in COLUMNS] for row in rows)
