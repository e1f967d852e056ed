"""Measured coverage beside the truth that rendered clips come with."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from objmask.errors import DataError
from objmask.files.csv_tables import from_cell

_KEYS = ["video", "frame", "group"]
_TRUTH = ".coverage.csv"


def agreement(measured: Path, truth: Path) -> pd.DataFrame:
    """How far measured coverage is from the truth.

    Args:
        measured: folder of `<video>.csv`, as `coverage` writes them.
        truth: folder of `<video>.coverage.csv`, as `scene` writes them, for the same videos and groups.

    Returns:
        A row a group, in the truth's order, and one of their means, `all`: `measured` and `true`, the mean share of
        the frame, and `error`, the mean over frames of the absolute difference of both, all three in percent.

    Raises:
        DataError: there is no truth, or a frame or group of it was not measured.
    """
    expected = sorted(truth.rglob(f"*{_TRUTH}"))
    if not expected:
        raise DataError(f"{truth}: holds no *{_TRUTH}; give the folder `truth` that `python -m objmask scene` wrote")
    both = pd.concat([_of_video(path, measured, truth) for path in expected])
    both["error"] = (both["fraction"] - both["fraction_true"]).abs()
    means = both.groupby("group", sort=False)[["fraction", "fraction_true", "error"]].mean() * 100
    means.columns = pd.Index(["measured", "true", "error"])
    means.loc["all"] = means.mean()
    return means


def _of_video(path: Path, measured: Path, truth: Path) -> pd.DataFrame:
    """Rows (video, frame, group) with `fraction` and `fraction_true`, both 0..1."""
    name = str(path.relative_to(truth)).removesuffix(_TRUTH)
    found = measured / f"{name}.csv"
    if not found.exists():
        raise DataError(f"{found}: missing; run the workflow on the rendered clips first")
    tables = [
        pd.read_csv(file, usecols=["frame", "group", "fraction"], converters={"group": from_cell}).assign(video=name)
        for file in (path, found)
    ]
    both = tables[0].merge(tables[1], how="left", on=_KEYS, suffixes=("_true", ""))
    if both["fraction"].isna().any():
        row = both[both["fraction"].isna()].iloc[0]
        raise DataError(f"{found}: lacks frame {row['frame']} of group {row['group']}, which the truth has")
    return both


def as_text(table: pd.DataFrame) -> str:
    """The table in columns for reading; percent, errors in percentage points."""
    shown = table.rename(columns={"measured": "measured %", "true": "true %", "error": "mean error, points"})
    return shown.to_string(float_format=lambda value: f"{value:.2f}", index_names=False)
