"""Options of the verbs that judge models, and the settings that result from them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.config.hiding import Hiding
from objmask.errors import ConfigError
from objmask.verbs.options import add_hiding, share
from objmask.verbs.values import hiding_of, parse_json

if TYPE_CHECKING:
    from objmask.evaluation.judge import JudgeSettings
    from objmask.evaluation.over_time import Configured
    from objmask.evaluation.results import Marks


def add_judging(parser: argparse.ArgumentParser) -> None:
    """Adds the options by which models are judged: score floors, groups, and what `protect` hides."""
    none = "; none: the configuration's defaults"
    parser.add_argument("--scores", metavar="JSON", help=f"score floors to judge at, 0..1: [0.05, 0.1, …]{none}")
    parser.add_argument("--groups", metavar="JSON", help=f"groups, as masks takes them{none}")
    parser.add_argument("--threshold", type=share, default=0.5, help="mask probability of an object's pixels, 0..1")
    # Floors are of many scores, and --threshold is of what is painted.
    add_hiding(parser, *(key for key in Hiding.model_fields if key not in ("score", "threshold")))
    parser.add_argument("--mark-masks", type=share, metavar="SCORE", help="score of masks in use; the diagram marks it")
    parser.add_argument(
        "--mark-privacy", type=share, metavar="SCORE", help="score of privacy in use; the diagram marks it"
    )


def judge_settings(options: argparse.Namespace) -> JudgeSettings:
    """The settings from the options of `add_judging`.

    Raises:
        ConfigError: a score, group, object or zone is not valid.
    """
    from objmask.config.defaults import PALETTE, SCORES
    from objmask.detections.classes import Palette
    from objmask.evaluation.judge import JudgeSettings

    scores = list(SCORES) if options.scores is None else parse_json(options.scores, "--scores")
    palette = PALETTE if options.groups is None else Palette.from_json(options.groups)
    numbers = isinstance(scores, list) and all(type(one) in (int, float) and 0 <= one <= 1 for one in scores)
    if not numbers or not scores:
        raise ConfigError("--scores: expected a list of numbers in 0..1, e.g. [0.05, 0.1, 0.3]")
    rising = tuple(sorted({float(score) for score in scores}))
    return JudgeSettings(rising, palette, options.threshold, hiding_of(options))


def marks(options: argparse.Namespace) -> Marks:
    """The score floors in use, from the options of `add_judging`."""
    from objmask.evaluation.results import Marks

    return Marks(privacy=options.mark_privacy, masks=options.mark_masks)


def add_configured(parser: argparse.ArgumentParser) -> None:
    """Adds the options of what a run hides and paints, in addition to `add_judging`."""
    all_of_them = "as a JSON list; none: all of --name"
    parser.add_argument("--tracks", action="store_true", help="tracks exist, and results are made from them")
    parser.add_argument("--hidden-by", metavar="JSON", help=f"names of the models that privacy uses, {all_of_them}")
    parser.add_argument("--painted-by", metavar="JSON", help=f"names of the models that masks use, {all_of_them}")
    parser.add_argument(
        "--corrections", type=Path, metavar="JSON", help="corrections as JSON: name of a video -> list of entries"
    )


def configured(options: argparse.Namespace, settings: JudgeSettings) -> Configured:
    """The settings from the options of `add_configured`.

    Args:
        options: the options of the verb.
        settings: the result of `judge_settings`.

    Raises:
        ConfigError: a model or correction is not valid.
    """
    from objmask.evaluation.over_time import Configured
    from objmask.evaluation.temporal import TemporalSettings

    at = marks(options)
    score = 0.3 if at.masks is None else at.masks
    return Configured(
        TemporalSettings(settings.hiding, settings.palette, score, settings.threshold, options.tracks),
        _names(options.hidden_by, "--hidden-by", options.name),
        _names(options.painted_by, "--painted-by", options.name),
        _corrections(options.corrections) if options.corrections else {},
    )


def _names(text: str | None, what: str, known: list[str]) -> tuple[str, ...]:
    names = known if text is None else parse_json(text, what)
    if not isinstance(names, list) or not names or any(name not in known for name in names):
        raise ConfigError(f"{what}: expected a list of some of {', '.join(known)}, e.g. {json.dumps(known[:1])}")
    return tuple(dict.fromkeys(names))


def _corrections(path: Path) -> dict[str, list[dict[str, object]]]:
    try:
        entries = parse_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    if not isinstance(entries, dict) or not all(isinstance(of_video, list) for of_video in entries.values()):
        raise ConfigError(f"{path}: expected corrections as JSON, the name of a video to a list of its entries")
    return entries
