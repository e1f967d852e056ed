"""A folder to run the workflow in: settings and profiles to edit, and a Snakefile that leads to objmask's own."""

from __future__ import annotations

from pathlib import Path

from objmask.files.whole import atomic_path
from objmask.project.place import CONFIG, PROFILES, PROJECT

SNAKEFILE = """\
from objmask.project.place import SNAKEFILE
workflow.include(SNAKEFILE, overwrite_default_target=True)  # all of objmask's workflow; its settings: config.yaml
"""
"""After the statement `include:` no target would be the default one."""


def run_folder_files() -> dict[str, bytes]:
    """Path and content of each file of a new run folder."""
    copied = [CONFIG, *sorted(path for path in PROFILES.rglob("*") if path.is_file())]
    return {
        "Snakefile": SNAKEFILE.encode(),
        **{path.relative_to(PROJECT).as_posix(): path.read_bytes() for path in copied},
    }


def write_run_folder(folder: Path) -> tuple[list[Path], list[Path]]:
    """Writes the files that are not there yet. What is there is never replaced.

    Args:
        folder: made when it is not there.

    Returns:
        The files written; and those kept that differ from what would have been written.

    Raises:
        OSError: a file cannot be read or written.
    """
    written: list[Path] = []
    kept: list[Path] = []
    for name, content in run_folder_files().items():
        path = folder / name
        if not path.exists():
            with atomic_path(path) as temporary:
                temporary.write_bytes(content)
            written.append(path)
        elif path.read_bytes() != content:
            kept.append(path)
    return written, kept
