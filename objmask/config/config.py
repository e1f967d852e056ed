"""The configuration: strict against the settings, complete with defaults, sensible before any job starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

from PIL import ImageColor
from pydantic import ValidationError

from objmask.config.defaults import PALETTE, SENSITIVE
from objmask.config.hiding import HiddenLook, Hiding, HidingRules
from objmask.config.models import classes_used, counting_of, model_names
from objmask.config.schema import check, fill
from objmask.config.settings import Settings
from objmask.detections.classes import Palette, check_names
from objmask.detections.counting import ALL_COUNT, Counting
from objmask.errors import ConfigError
from objmask.exports.labelmap import check_group_names
from objmask.hints import did_you_mean
from objmask.models.coco import BEYOND_COCO, KNOWN_OBJECTS
from objmask.models.info import ModelInfo

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


def hiding_of(config: Config, counting: Mapping[str, Counting] | None = None) -> Hiding:
    """What protected video hides.

    Args:
        config: complete.
        counting: which detections of each model count, by its name; None: all alike.

    Raises:
        ConfigError: groups clash.
    """
    rules = {key: config["privacy"][key] for key in HidingRules.model_fields}
    own = {name: one for name, one in (counting or {}).items() if one != ALL_COUNT}
    return Hiding(objects=palette_of(config).hidden(config["sensitive_objects"]), models=own, **rules)


def look_of(config: Config) -> HiddenLook:
    """What is seen in place of what is hidden."""
    return HiddenLook(**{key: config["privacy"][key] for key in HiddenLook.model_fields})


def check_objects(config: Config, models: Mapping[str, ModelInfo]) -> list[str]:
    """Checks that the named objects exist and can be detected.

    Returns:
        Warnings, a line each: groups of the default palette, and sensitive objects, that no model used for them
        detects.

    Raises:
        ConfigError: unknown objects, or ones that the user's own groups name and no model detects, a line each.
    """
    defaults = {group.name: group.objects for group in PALETTE.groups}
    known = {*KNOWN_OBJECTS, *(c for m in models.values() for c in m.classes)}
    named = {f"groups.{name}.objects": group["objects"] for name, group in config["groups"].items()}
    mistakes: list[str] = []
    for where, names in {**named, "sensitive_objects": config["sensitive_objects"]}.items():
        try:
            check_names(names, known, where)
        except ConfigError as error:
            mistakes += error.args
    palette, warnings, counting = palette_of(config), list[str](), counting_of(config, models)
    seen = classes_used(config, models, "masks")
    for group in palette.groups:
        missing = [name for name in group.objects if name in known and name not in seen]
        if missing and set(missing) - set(defaults.get(group.name, ())):
            mistakes.append(f"groups.{group.name}: no model used for masks can detect {', '.join(missing)}")
        elif missing:
            warnings.append(f"group '{group.name}': no model used for masks can detect {', '.join(missing)}")
    mistakes += _without_use(config, models)
    if mistakes:
        raise ConfigError(*mistakes)
    hidden = palette.hidden(config["sensitive_objects"])
    leaks = sorted(hidden - classes_used(config, models, "privacy") - not_asked_for(config))
    if Settings.model_validate(config).protects:
        if leaks:
            warnings.insert(0, f"SENSITIVE objects that no model used for privacy can detect: {', '.join(leaks)}")
        for name in model_names(config, models, "privacy"):
            score = counting[name].score
            score = config["privacy"]["score"] if score is None else score
            if score < models[name].score_cut:
                warnings.append(
                    f"privacy.score {score} has no effect below {models[name].score_cut}: model "
                    f"'{name}' itself drops what scores less"
                )
    return warnings


def not_asked_for(config: Mapping[str, Any]) -> frozenset[str]:
    """Objects that are hidden where a model finds them, and that nobody said must be: most models know no such."""
    return frozenset(BEYOND_COCO) if tuple(config["sensitive_objects"]) == SENSITIVE else frozenset()


def _without_use(config: Config, models: Mapping[str, ModelInfo]) -> Iterator[str]:
    """Models whose work nobody would see, and outputs of masks that no model gives; a line each."""
    outputs, settings = {*config["outputs"]}, Settings.model_validate(config)
    palette = palette_of(config)
    painted, hidden = {*palette.index_of}, palette.hidden(config["sensitive_objects"])
    paints, hides = model_names(config, models, "masks"), model_names(config, models, "privacy")
    for name, info in models.items():
        own = counting_of(config, models)[name].objects or frozenset(info.classes)
        seen = (name in paints and own & painted) or (name in hides and settings.protects and own & hidden)
        if not info.masks and not seen and not outputs & {"detections", "tracks", "evaluation"}:
            yield (
                f"models: none of what '{name}' finds ({', '.join(sorted(own))}) is painted or hidden; name it in "
                "sensitive_objects, or leave the model out"
            )
    boxes = [name for name in paints if not models[name].masks]
    if outputs & _OF_MASKS and config["masks"]["models"] is None and len(boxes) == len(paints):
        yield (
            f"outputs: {', '.join(sorted(outputs & _OF_MASKS))} need masks, and {', '.join(boxes)} gives none; leave "
            "them out, add a model that does, or name it in masks.models to paint what it has"
        )


_OF_MASKS = {"masks", "overlay", "coverage", "coco", "yolo", "masks_png", "cvat"}
"""Outputs that show or count what is painted."""


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
