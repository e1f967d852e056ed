"""Figures against the score floor as a picture, from which to choose a threshold and a model."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from objmask.evaluation.judge import Judged, Row
from objmask.files.whole import atomic_path

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which people who see colours differently tell apart."""
_MARKERS = "osD^vP*"
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "objmask",
    "svg.fonttype": "path",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
"""Nothing in it may depend on the time, the machine's fonts or a model's name."""


def write_curve(
    models: Sequence[Judged], folder: Path, *, privacy_score: float | None, mask_score: float | None
) -> None:
    """Writes `curve.png` and `curve.svg`.

    Args:
        models: what came of each.
        folder: for the files.
        privacy_score: a floor to mark in the diagram of privacy; None: none.
        mask_score: a floor to mark in the diagram of masks; None: none.

    Raises:
        OSError: a file cannot be written.
    """
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(13, 4.8 + 0.18 * len(models)), layout="constrained")
        FigureCanvasAgg(figure)
        privacy, trade, masks = figure.subplots(1, 3)
        _privacy(privacy, models, privacy_score)
        _trade(trade, models)
        _masks(masks, models, mask_score)
        handles, labels = trade.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(models)), frameon=False)
        for name, metadata in (("curve.png", {"Software": None}), ("curve.svg", {"Date": None, "Creator": None})):
            with atomic_path(folder / name) as temporary:
                figure.savefig(temporary, dpi=110, metadata=metadata)


def _privacy(axes: Axes, models: Sequence[Judged], marked: float | None) -> None:
    for k, one in enumerate(models):
        for figure, style in (("hidden_pixels", "-"), ("hidden_instances", "--"), ("over_blur", ":")):
            axes.plot(_scores(one), _percent(one, figure), style, color=_colour(k), marker=_marker(k), markersize=4)
    _finish(axes, "Privacy against the score floor", "score floor (privacy.score)", "percent", marked)
    _styles(
        axes, (("-", "sensitive pixels hidden"), ("--", "sensitive instances hidden"), (":", "other pixels hidden"))
    )


def _trade(axes: Axes, models: Sequence[Judged]) -> None:
    for k, one in enumerate(models):
        across, up = _percent(one, "over_blur"), _percent(one, "hidden_pixels")
        axes.plot(across, up, color=_colour(k), marker=_marker(k), markersize=5, label=one.model)
        for x, y, row in zip(across, up, one.scores, strict=True):
            axes.annotate(f"{row['score']:g}", (x, y), **_label(k))
    axes.set_title("What hiding costs: up and left is better")
    axes.set_xlabel("other pixels hidden, percent")
    axes.set_ylabel("sensitive pixels hidden, percent")
    axes.margins(0.15, 0.1)  # room for what stands beside the outermost points


def _masks(axes: Axes, models: Sequence[Judged], marked: float | None) -> None:
    errors = axes.twinx()
    errors.grid(visible=False)
    for k, one in enumerate(models):
        axes.plot(_scores(one), _percent(one, "group_iou"), "-", color=_colour(k), marker=_marker(k), markersize=4)
        values = [float(row["coverage_error"]) for row in one.scores]
        errors.plot(_scores(one), values, ":", color=_colour(k), marker=_marker(k), markersize=4)
    errors.set_ylim(bottom=0)
    errors.set_ylabel("coverage error, points")
    _finish(axes, "Masks against the score floor", "score floor (masks.score)", "mean group IoU, percent", marked)
    _styles(axes, (("-", "group IoU"), (":", "coverage error (right)")))


def _finish(axes: Axes, title: str, across: str, up: str, marked: float | None) -> None:
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_ylim(0, 102)
    if marked is not None:
        axes.axvline(marked, color="0.45", linewidth=1, zorder=0)
        axes.annotate("now", (marked, 1), xytext=(3, 2), textcoords="offset points", fontsize=7, color="0.35")


def _styles(axes: Axes, styles: Sequence[tuple[str, str]]) -> None:
    handles = [axes.plot([], [], style, color="0.3", label=label)[0] for style, label in styles]
    axes.legend(handles=handles, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, frameon=False)


def _scores(one: Judged) -> list[float]:
    return [float(row["score"]) for row in one.scores]


def _percent(one: Judged, figure: str) -> list[float]:
    rows: list[Row] = one.scores
    return [100 * float(row[figure]) for row in rows]


def _label(k: int) -> dict[str, Any]:
    """Beside a point of model k, where those of its neighbours are not."""
    place = ((5, -9), (-6, 5), (6, 4), (-6, -10))[k % 4]
    side = "left" if place[0] > 0 else "right"
    return {"xytext": place, "textcoords": "offset points", "fontsize": 7, "color": _colour(k), "ha": side}


def _colour(k: int) -> str:
    return _COLOURS[k % len(_COLOURS)]


def _marker(k: int) -> str:
    return _MARKERS[k % len(_MARKERS)]
