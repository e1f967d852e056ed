"""The configuration: strict against the settings, complete with defaults, sensible before any job starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

from PIL import ImageColor
from pydantic import ValidationError

from objmask.config.defaults import PALETTE
from objmask.config.hiding import HiddenLook, Hiding, HidingRules
from objmask.config.schema import check, fill
from objmask.config.settings import Settings
from objmask.detections.classes import Palette, check_names
from objmask.errors import ConfigError
from objmask.exports.labelmap import check_group_names
from objmask.hints import did_you_mean
from objmask.models.coco import COCO_NAMES
from objmask.models.info import ModelInfo
from objmask.models.source import ModelSource

Config = dict[str, Any]


def complete(given: Mapping[str, Any]) -> Config:
    """Validates a configuration against the settings and fills in their defaults.

    `model` (one name or path) is short for `models`, `null` for a whole section means its defaults, a text where a
    list belongs means a list: of its parts between commas where these are words to choose from, else of itself.

    Raises:
        ConfigError: a line for each mistake: the key, what is wrong with it, and what is possible.
    """
    config = deepcopy(dict(given))
    config = {key: value for key, value in config.items() if value is not None}
    if "model" in config:
        config["models"] = [str(config.pop("model"))]
    if "videos" in config:
        config["videos"] = str(config["videos"])
    fill(config)
    check(config)
    _name_colours(config["groups"])
    _refuse_endless(config)
    try:
        settings = Settings.model_validate(config)
    except ValidationError as error:
        where = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise ConfigError(*(f"config: {key}: {message}" for key, message in where)) from error
    if mistakes := list(_mistakes(settings, config)):
        raise ConfigError(*mistakes)
    return config


def palette_of(config: Config) -> Palette:
    """The palette that `groups` describes.

    Raises:
        ConfigError: groups clash.
    """
    return Palette.from_config(config["groups"])


def hiding_of(config: Config) -> Hiding:
    """What protected video hides.

    Raises:
        ConfigError: groups clash.
    """
    rules = {key: config["privacy"][key] for key in HidingRules.model_fields}
    return Hiding(objects=palette_of(config).hidden(config["sensitive_objects"]), **rules)


def look_of(config: Config) -> HiddenLook:
    """What is seen in place of what is hidden."""
    return HiddenLook(**{key: config["privacy"][key] for key in HiddenLook.model_fields})


def models_of(config: Config) -> dict[str, ModelInfo]:
    """What each configured model is, by its name.

    Raises:
        ConfigError: two models have one name, or `masks.models` / `privacy.models` name one that is not there.
        ModelError: one is neither a known name nor a model that objmask can run.
    """
    models: dict[str, ModelInfo] = {}
    for name, given_as in _given(config):
        info = ModelSource.of(given_as).describe(name)
        if info.name in models:
            raise ConfigError(f"models: two are named '{info.name}'; give them names: models: {{name: path, …}}")
        models[info.name] = info
    for section in ("masks", "privacy"):
        for name in config[section]["models"] or ():
            if name not in models:
                raise ConfigError(f"{section}.models: no model '{name}'; there are {', '.join(models)}")
    return models


def notes_of(config: Config, models: Mapping[str, ModelInfo]) -> list[str]:
    """What to know of the models before trusting their results, a line each.

    Of a model whose name is also that of a file or folder here, it is said which of the two is used.
    """
    notes = [f"model '{name}': {info.note}" for name, info in models.items() if info.note]
    for _, given_as in _given(config):
        if ModelSource.of(given_as).entry is not None and Path(given_as).exists():
            notes.append(f"model '{given_as}' is the one that objmask knows by this name; yours here is ./{given_as}")
    return notes


def check_objects(config: Config, models: Mapping[str, ModelInfo]) -> list[str]:
    """Checks that the named objects exist and can be detected.

    Returns:
        Warnings, a line each: groups of the default palette, and sensitive objects, that no model used for them
        detects.

    Raises:
        ConfigError: unknown objects, or ones that the user's own groups name and no model detects, a line each.
    """
    defaults = {group.name: group.objects for group in PALETTE.groups}
    known = {*COCO_NAMES, *(c for m in models.values() for c in m.classes)}
    named = {f"groups.{name}.objects": group["objects"] for name, group in config["groups"].items()}
    mistakes: list[str] = []
    for where, names in {**named, "sensitive_objects": config["sensitive_objects"]}.items():
        try:
            check_names(names, known, where)
        except ConfigError as error:
            mistakes += error.args
    palette, warnings = palette_of(config), []
    seen = _classes_used(config, models, "masks")
    for group in palette.groups:
        missing = [name for name in group.objects if name in known and name not in seen]
        if missing and set(missing) - set(defaults.get(group.name, ())):
            mistakes.append(f"groups.{group.name}: no model used for masks can detect {', '.join(missing)}")
        elif missing:
            warnings.append(f"group '{group.name}': no model used for masks can detect {', '.join(missing)}")
    if mistakes:
        raise ConfigError(*mistakes)
    hidden = palette.hidden(config["sensitive_objects"])
    leaks = sorted(hidden - _classes_used(config, models, "privacy"))
    if Settings.model_validate(config).protects:
        if leaks:
            warnings.insert(0, f"SENSITIVE objects that no model used for privacy can detect: {', '.join(leaks)}")
        for name in model_names(config, models, "privacy"):
            if config["privacy"]["score"] < models[name].score_cut:
                warnings.append(
                    f"privacy.score {config['privacy']['score']} has no effect below {models[name].score_cut}: model "
                    f"'{name}' itself drops what scores less"
                )
    return warnings


def model_names(config: Config, models: Mapping[str, ModelInfo], section: str) -> list[str]:
    """Names of the models whose detections `masks` or `privacy` uses, in configured order."""
    return [name for name in models if name in (config[section]["models"] or models)]


def _name_colours(groups: dict[str, Any]) -> None:
    """Puts red, green and blue in place of colours that are named, or written as on web pages."""
    unknown = []
    for name, group in groups.items():
        if isinstance(group["colour"], str):
            levels: list[int] = []
            with suppress(ValueError):
                levels = [*ImageColor.getrgb(group["colour"].strip())]
            if len(levels) != 3:
                hint = did_you_mean(group["colour"].lower(), ImageColor.colormap) or "write [red, green, blue], 0..255"
                unknown.append(f"groups.{name}.colour: no colour '{group['colour']}'; {hint}")
            group["colour"] = levels
    if unknown:
        raise ConfigError(*unknown)


def _given(config: Config) -> list[tuple[str | None, str]]:
    """(name of the user's own or None, model as it was given) of each model."""
    given = config["models"]
    return list(given.items()) if isinstance(given, dict) else [(None, one) for one in given]


def _classes_used(config: Config, models: Mapping[str, ModelInfo], section: str) -> set[str]:
    return {c for name in model_names(config, models, section) for c in models[name].classes}


def _refuse_endless(config: Config) -> None:
    endless = _not_finite(config)
    lines = [f"config: {where} is no finite number; set it to one, or to null for the default" for where in endless]
    if lines:
        raise ConfigError(*lines)


def _mistakes(settings: Settings, config: Config) -> Iterator[str]:
    """Values that contradict each other."""
    palette = Palette(())
    try:
        palette = palette_of(config)
        if {"masks_png", "cvat"} & {*settings.outputs}:
            check_group_names(palette)
    except ConfigError as error:
        yield str(error)
    yield from settings.contradictions(hidden=palette.hidden(settings.sensitive_objects))


def _not_finite(value: Any, where: str = "") -> Iterator[str]:
    """Keys of the numbers that YAML can write and nothing can use: `.nan`, `.inf`."""
    if isinstance(value, float) and not math.isfinite(value):
        yield where
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _not_finite(part, f"{where}.{key}" if where else str(key))
