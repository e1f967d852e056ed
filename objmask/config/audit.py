"""What the configuration says of audits: by which model, and from which scores on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from objmask.config.config import not_asked_for, palette_of
from objmask.config.models import model_names
from objmask.errors import ConfigError
from objmask.models.info import ModelInfo
from objmask.models.source import ModelSource

_LEAST_FLOOR = 0.001


def audit_models_of(config: Mapping[str, Any], models: Mapping[str, ModelInfo]) -> dict[str, ModelInfo]:
    """What searches protected video, by its name; none when that is not asked for.

    Args:
        config: the configuration.
        models: what `models_of` gave.

    Raises:
        ConfigError: the scores contradict each other, the name of `audit.model` is that of another model, or it detects
            nothing of what is hidden.
        ModelError: it is neither a known name nor a model that objmask can run.
    """
    if "audit" not in config["outputs"]:
        return {}
    floor, score = audit_bars(config)
    if score < floor:
        raise ConfigError(
            f"audit.score: {score} is below audit.floor {floor}, under which nothing is listed; "
            "lower audit.floor or raise audit.score"
        )
    given = config["audit"]["model"]
    if given is None:
        return {name: models[name] for name in model_names(config, models, "privacy")}
    info = models[given] if given in models else ModelSource.of(given).describe()
    if info.name in models and models[info.name].digest() != info.digest():
        raise ConfigError(f"audit.model: another model is named '{info.name}'; give that one a name: models: {{…}}")
    hidden = _hidden(config)
    if hidden and not hidden & {*info.classes}:
        raise ConfigError(
            f"audit.model: '{info.name}' detects nothing of what is hidden ({', '.join(sorted(hidden))}), so it would "
            "find nothing again; name another one, or null for the models whose objects are hidden"
        )
    return {info.name: info}


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
