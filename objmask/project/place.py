"""Where the project's files are. In a checkout they lie beside the package; in a wheel setup.py puts them into it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""The folder of objmask's modules."""
_IN_A_WHEEL = PACKAGE / "project/files"
PROJECT = _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else PACKAGE.parent
"""The folder of the Snakefile. As an entry of Python's path it leads to objmask, and in a wheel to nothing else."""
SNAKEFILE = PROJECT / "Snakefile"
CONFIG = PROJECT / "config.yaml"
PROFILES = PROJECT / "profiles"
EXAMPLES = PROJECT / "workflow/examples"
CORRECTIONS_SCHEMA = PROJECT / "workflow/schemas/corrections.schema.yaml"
