"""Results that people open and share are compared with their provenance when a step reads them back."""

from __future__ import annotations

from pathlib import Path

from objmask.errors import DataError
from objmask.files.whole import read_json, sha256_of

_PROVENANCE = {
    "coverage": "coverage",
    "summary": "summary",
    "exports/coco": "coco",
    "clips/npz": "clips",
    "unaudited": "protected",
    "protected": "protected",
}
"""Folders of results, and where below `provenance/` it is said what they hold."""


def refuse_changed(result: Path) -> None:
    """Checks that a result is as it was written; one without provenance, as verbs by hand make it, is taken as it is.

    Args:
        result: a file below a folder of results, or such a folder.

    Raises:
        DataError: it was changed since, or its provenance was.
        OSError: it cannot be read.
    """
    said = _provenance_of(result.absolute())
    if said is None:
        return
    expected = read_json(said).get("sha256")
    if expected is not None and expected != sha256_of(result):
        raise DataError(
            f"{result}: is not what was written there ({said} has its checksum); delete it and run again, or, "
            "if you changed it yourself and want it to count, delete that file"
        )


def _provenance_of(result: Path) -> Path | None:
    for results in result.parents:
        if not (results / "provenance").is_dir():
            continue
        below = result.relative_to(results).as_posix()
        for folder, kind in _PROVENANCE.items():
            if below == folder:
                name = kind
            elif below.startswith(f"{folder}/"):
                name = f"{kind}/{below.removeprefix(f'{folder}/').removesuffix(result.suffix)}"
            else:
                continue
            said = results / "provenance" / f"{name}.json"
            return said if said.is_file() else None
    return None
