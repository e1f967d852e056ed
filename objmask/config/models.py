"""The models of a configuration: what each is, how often and at what size it looks, and which of its finds count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from objmask.detections.classes import check_names
from objmask.detections.counting import Counting
from objmask.errors import ConfigError
from objmask.models.info import ModelInfo
from objmask.models.source import ModelSource


@dataclass(frozen=True)
class ChosenModel:
    """A model as configured.

    Attributes:
        name: that the user gave it; None: its own.
        given: what `objmask model` takes.
        own: its own settings, such as `every`, by key; what it has not is as for all models.
    """

    name: str | None
    given: str
    own: Mapping[str, Any] = field(default_factory=dict)

    def describe(self) -> ModelInfo:
        """What it is, at its size.

        Raises:
            ModelError: it is neither a known name nor a model that objmask can run, or not at that size.
            ConfigError: an object that is to count is none of its own.
        """
        info = ModelSource.of(self.given).describe(self.name, size=self.own.get("size"), tiles=self.own.get("tiles", 1))
        check_names(self.own.get("objects", ()), info.classes, f"models.{self.name}.objects")
        return info


def chosen_models(config: Mapping[str, Any]) -> list[ChosenModel]:
    """The models, in configured order."""
    given = config["models"]
    if not isinstance(given, Mapping):
        return [ChosenModel(None, one) for one in given]
    return [
        ChosenModel(name, one["model"], {key: value for key, value in one.items() if key != "model"})
        if isinstance(one, Mapping)
        else ChosenModel(name, one)
        for name, one in given.items()
    ]


def models_of(config: Mapping[str, Any]) -> dict[str, ModelInfo]:
    """What each configured model is, by its name.

    Raises:
        ConfigError: two models have one name, or `masks.models` / `privacy.models` name one that is not there.
        ModelError: one is neither a known name nor a model that objmask can run.
    """
    models: dict[str, ModelInfo] = {}
    for chosen in chosen_models(config):
        info = chosen.describe()
        if info.name in models:
            raise ConfigError(f"models: two are named '{info.name}'; give them names: models: {{name: path, …}}")
        models[info.name] = info
    for section in ("masks", "privacy"):
        for name in config[section]["models"] or ():
            if name not in models:
                raise ConfigError(f"{section}.models: no model '{name}'; there are {', '.join(models)}")
    return models


def notes_of(config: Mapping[str, Any], models: Mapping[str, ModelInfo]) -> list[str]:
    """What to know of the models before trusting their results, a line each.

    Of a model whose name is also that of a file or folder here, it is said which of the two is used.
    """
    notes = [f"model '{name}': {info.note}" for name, info in models.items() if info.note]
    for chosen in chosen_models(config):
        if ModelSource.of(chosen.given).entry is not None and Path(chosen.given).exists():
            notes.append(
                f"model '{chosen.given}' is the one that objmask knows by this name; yours here is ./{chosen.given}"
            )
    return notes


def model_names(config: Mapping[str, Any], models: Mapping[str, ModelInfo], section: str) -> list[str]:
    """Names of the models whose detections `masks` or `privacy` uses, in configured order.

    What gives no masks is not painted unless it is named; of models that all give none, all are taken, so that there
    is something to say that nothing is painted.
    """
    wanted = config[section]["models"]
    if wanted is None and section == "masks":
        wanted = [name for name, info in models.items() if info.masks]
    return [name for name in models if name in (wanted or models)]


def classes_used(config: Mapping[str, Any], models: Mapping[str, ModelInfo], section: str) -> set[str]:
    """The objects that the models of a section can find, as far as they count."""
    counting = counting_of(config, models)
    return {
        name
        for model in model_names(config, models, section)
        for name in counting[model].objects or frozenset(models[model].classes)
    }


def counting_of(config: Mapping[str, Any], models: Mapping[str, ModelInfo]) -> dict[str, Counting]:
    """Which detections of each model count, by its name."""
    own = own_settings(config)
    return {
        name: Counting(
            score=own.get(name, {}).get("score"),
            objects=frozenset(own[name]["objects"]) if "objects" in own.get(name, {}) else None,
        )
        for name in models
    }


def own_settings(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The own settings of the models that have any, by name."""
    return {chosen.name: chosen.own for chosen in chosen_models(config) if chosen.name and chosen.own}
