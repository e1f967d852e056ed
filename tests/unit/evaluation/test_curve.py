"""The picture of models against score floors."""

from __future__ import annotations

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from objmask.evaluation.curve import _SETTINGS, _trade
from objmask.evaluation.judge import Judged

SCORES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)


@pytest.mark.parametrize("models", [1, 4])
def test_no_score_is_cut_at_the_diagram_s_edge(models):
    def rows(k):
        return [
            {"score": score, "over_blur": 0.12 / (1 + 3 * score) + 0.01 * k, "hidden_pixels": 0.97 - score / 3 - k / 50}
            for score in SCORES
        ]

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(13, 4.8 + 0.18 * models), layout="constrained")
        canvas = FigureCanvasAgg(figure)
        _, axes, _ = figure.subplots(1, 3)
        _trade(axes, [Judged(f"m{k}", "0" * 64, 9, 1.0, rows(k), [], []) for k in range(models)])
        canvas.draw()
        frame = axes.get_window_extent()
        for text in axes.texts:
            box = text.get_window_extent()
            assert frame.x0 <= box.x0 <= box.x1 <= frame.x1, text
            assert frame.y0 <= box.y0 <= box.y1 <= frame.y1, text
