"""What the configuration says of audits: by which models, and from which scores on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from objmask.config.config import not_asked_for, palette_of
from objmask.config.models import ChosenModel, chosen_models, classes_used, model_names
from objmask.errors import ConfigError
from objmask.models.coco import TEXT
from objmask.models.info import ModelInfo

_LEAST_FLOOR = 0.001
OTHER_EYES: Mapping[str, tuple[ChosenModel, ...]] = {
    "face": (
        ChosenModel("blazeface", "blazeface", {"score": 0.5, "tiles": 2}),
        ChosenModel("centerface", "centerface", {"score": 0.4}),
    ),
}
"""Networks that search for an object again, by its name: the first of another kind than those that it was hidden by. A
network does not see what it missed before."""


def audit_models_of(config: Mapping[str, Any], models: Mapping[str, ModelInfo]) -> dict[str, ModelInfo]:
    """What searches protected video, by its name; none when that is not asked for.

    Args:
        config: the configuration.
        models: what `models_of` gave.

    Raises:
        ConfigError: the scores contradict each other, a name in `audit.model` is that of another model, or those there
            detect nothing of what is hidden.
        ModelError: one is neither a known name nor a model that objmask can run.
    """
    if "audit" not in config["outputs"]:
        return {}
    floor, score = audit_bars(config)
    if score < floor:
        raise ConfigError(
            f"audit.score: {score} is below audit.floor {floor}, under which nothing is listed; "
            "lower audit.floor or raise audit.score"
        )
    configured = chosen_models(config)
    searching = {
        name: models[name] if chosen in configured else chosen.describe()
        for name, chosen in _searching(config, models).items()
    }
    for name, info in searching.items():
        if name in models and models[name].digest() != info.digest():
            raise ConfigError(f"audit.model: another model is named '{name}'; give that one a name: models: {{…}}")
    hidden = _hidden(config)
    if (
        config["audit"]["model"]
        and hidden
        and not hidden & {name for one in searching.values() for name in one.classes}
    ):
        raise ConfigError(
            f"audit.model: {', '.join(map(repr, searching))} detects nothing of what is hidden "
            f"({', '.join(sorted(hidden))}), so it would find nothing again; name another one, or null for the models "
            "whose objects are hidden"
        )
    return searching


def searching_models(config: Mapping[str, Any], models: Mapping[str, ModelInfo]) -> dict[str, ChosenModel]:
    """What searches protected video and detects nothing else, as configured, by its name."""
    if "audit" not in config["outputs"]:
        return {}
    return {name: one for name, one in _searching(config, models).items() if name not in models}


def _searching(config: Mapping[str, Any], models: Mapping[str, ModelInfo]) -> dict[str, ChosenModel]:
    given = config["audit"]["model"]
    configured = dict(zip(models, chosen_models(config), strict=True))
    if given:
        named = [configured.get(one) or ChosenModel(None, one) for one in given]
        return {one.name or one.describe().name: one for one in named}
    used = model_names(config, models, "privacy")
    if reads(config, models):  # the reader has other eyes than what hid the text, and need not look at each frame
        used = [name for name in used if {*models[name].classes} != {TEXT}] or used
    others = {}
    for name in sorted(_hidden(config) & classes_used(config, models, "privacy") & {*OTHER_EYES}):
        taken = {models[model].family for model in used if name in models[model].classes}
        other = next((one for one in OTHER_EYES[name] if one.describe().family not in taken), None)
        if other is not None and other.name not in models:
            others[str(other.name)] = other
    return {name: configured[name] for name in used} | others


def reads(config: Mapping[str, Any], models: Mapping[str, ModelInfo]) -> bool:
    """Whether words are read in protected video.

    Args:
        config: the configuration.
        models: what `models_of` gave.
    """
    asked = config["audit"]["read"]
    if asked == "auto":
        asked = TEXT in _hidden(config) & classes_used(config, models, "privacy")
    return bool(asked) and "audit" in config["outputs"]


def audit_notes(config: Mapping[str, Any], searching: Mapping[str, ModelInfo]) -> list[str]:
    """What to know of `audit.model` before trusting it, a line each: hidden objects that it cannot find again.

    Args:
        config: the configuration.
        searching: what `audit_models_of` gave.
    """
    found = {name for model in searching.values() for name in model.classes}
    unseen = _hidden(config) - found - not_asked_for(config)
    if not searching or config["audit"]["model"] is None or not unseen:
        return []
    return [f"SENSITIVE objects that audit.model cannot detect: {', '.join(sorted(unseen))}"]


def _hidden(config: Mapping[str, Any]) -> frozenset[str]:
    return palette_of(dict(config)).hidden(config["sensitive_objects"])


def audit_bars(config: Mapping[str, Any]) -> tuple[float, float]:
    """Scores from which what is found in protected video is listed, and is a leak: they follow `privacy.score`."""
    bar = config["privacy"]["score"]
    floor = config["audit"]["floor"]
    floor = max(bar / 2, _LEAST_FLOOR) if floor is None else floor
    score = config["audit"]["score"]
    return floor, max(bar, floor) if score is None else score
