"""Options of the verbs that judge models, and what they come to."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from objmask.errors import ConfigError
from objmask.verbs.options import add_hidden, hidden_objects, hidden_zones, parse_json, share

if TYPE_CHECKING:
    from objmask.evaluation.judge import JudgeSettings
    from objmask.evaluation.results import Marks


def add_judging(parser: argparse.ArgumentParser) -> None:
    """By what models are judged: score floors, groups, and what `protect` hides."""
    none = "; none: the configuration's defaults"
    parser.add_argument("--scores", metavar="JSON", help=f"score floors to judge at, 0..1: [0.05, 0.1, …]{none}")
    parser.add_argument("--groups", metavar="JSON", help=f"groups, as masks takes them{none}")
    parser.add_argument("--threshold", type=share, default=0.5, help="mask probability of an object's pixels, 0..1")
    parser.add_argument("--privacy-threshold", type=share, default=0.3, help="the same of what is hidden")
    add_hidden(parser, required=False)
    parser.add_argument("--mark-masks", type=share, metavar="SCORE", help="score of masks in use, shown in the picture")
    parser.add_argument("--mark-privacy", type=share, metavar="SCORE", help="score of privacy in use, shown there")


def judge_settings(options: argparse.Namespace) -> JudgeSettings:
    """What `add_judging` was told.

    Raises:
        ConfigError: no such scores, groups, objects or zones.
    """
    from objmask.classes import Palette
    from objmask.defaults import PALETTE, SCORES, SENSITIVE
    from objmask.evaluation.judge import JudgeSettings
    from objmask.render.privacy import PrivacySettings

    scores = list(SCORES) if options.scores is None else parse_json(options.scores, "--scores")
    palette = PALETTE if options.groups is None else Palette.from_json(options.groups)
    numbers = isinstance(scores, list) and all(type(one) in (int, float) and 0 <= one <= 1 for one in scores)
    if not numbers or not scores:
        raise ConfigError("--scores: expected a list of numbers in 0..1, e.g. [0.05, 0.1, 0.3]")
    rising = tuple(sorted({float(score) for score in scores}))
    privacy = PrivacySettings(
        classes=frozenset(SENSITIVE) if options.objects is None else hidden_objects(options),
        score=rising[0],
        threshold=options.privacy_threshold,
        style="solid",
        strength=1,
        shape=options.shape,
        grow=options.grow,
        hold=0,
        zones=hidden_zones(options),
        whole_frame_when_none=options.whole_frame_when == "no_detection",
    )
    return JudgeSettings(rising, palette, options.threshold, privacy)


def marks(options: argparse.Namespace) -> Marks:
    """The score floors in use that `add_judging` was told."""
    from objmask.evaluation.results import Marks

    return Marks(privacy=options.mark_privacy, masks=options.mark_masks)
