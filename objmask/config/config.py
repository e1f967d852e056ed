"""The configuration: strict against its schema, complete with defaults, sensible before any job starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from PIL import ImageColor

from objmask.config.schema import check, fill
from objmask.detections.classes import Palette, check_names
from objmask.errors import ConfigError
from objmask.exports.labelmap import check_group_names
from objmask.hints import did_you_mean
from objmask.models.coco import COCO_NAMES
from objmask.models.info import ModelInfo
from objmask.models.source import ModelSource

Config = dict[str, Any]
_MOST_CLIP_BYTES = 10**9
"""Of a video's training clips, which are put together in memory; what the rule asks for."""


def complete(given: Mapping[str, Any], schema_path: Path) -> Config:
    """Validates a configuration against the schema and fills in the defaults.

    `model` (one name or path) is short for `models`, `null` for a whole section means its defaults, a text where a
    list belongs means a list: of its parts between commas where these are words to choose from, else of itself.

    Raises:
        ConfigError: a line for each mistake: the key, what is wrong with it, and what is possible.
    """
    schema = yaml.safe_load(schema_path.read_text(encoding="utf-8"))
    config = deepcopy(dict(given))
    config = {key: value for key, value in config.items() if value is not None}
    if "model" in config:
        config["models"] = [str(config.pop("model"))]
    if "videos" in config:
        config["videos"] = str(config["videos"])
    fill(config, schema)
    check(config, schema)
    _name_colours(config["groups"])
    if mistakes := list(_mistakes(config)):
        raise ConfigError(*mistakes)
    return config


def palette_of(config: Config) -> Palette:
    """The palette that `groups` describes.

    Raises:
        ConfigError: groups clash.
    """
    return Palette.from_config(config["groups"])


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


def check_objects(config: Config, models: Mapping[str, ModelInfo], schema_path: Path) -> list[str]:
    """Checks that the named objects exist and can be detected.

    Returns:
        Warnings, a line each: groups of the default palette, and sensitive objects, that no model used for them
        detects.

    Raises:
        ConfigError: unknown objects, or ones that the user's own groups name and no model detects, a line each.
    """
    defaults = yaml.safe_load(schema_path.read_text(encoding="utf-8"))["properties"]["groups"]["default"]
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
        if missing and set(missing) - set(defaults.get(group.name, {}).get("objects", ())):
            mistakes.append(f"groups.{group.name}: no model used for masks can detect {', '.join(missing)}")
        elif missing:
            warnings.append(f"group '{group.name}': no model used for masks can detect {', '.join(missing)}")
    if mistakes:
        raise ConfigError(*mistakes)
    hidden = palette.hidden(config["sensitive_objects"])
    leaks = sorted(hidden - _classes_used(config, models, "privacy"))
    if _protects(config):
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


def _mistakes(config: Config) -> Iterator[str]:
    """What a schema cannot say: values that contradict each other."""
    endless = list(_not_finite(config))
    yield from (f"config: {where} is no finite number; set it to one, or to null for the default" for where in endless)
    if endless:
        return
    try:
        palette = palette_of(config)
        if {"masks_png", "cvat"} & {*config["outputs"]}:
            check_group_names(palette)
    except ConfigError as error:
        yield str(error)
        palette = Palette(())
    floor = config["detect"]["floor"]
    for section in ("masks", "privacy"):
        if config[section]["score"] < floor:
            yield (
                f"{section}.score: {config[section]['score']} is below detect.floor {floor}, "
                f"under which nothing is stored; lower detect.floor or raise {section}.score"
            )
    if _protects(config) and config["detect"]["every"] != 1 and not config["tracks"]["enabled"]:
        yield (
            "detect.every: a frame without inference would leak in protected video; set it to 1, or tracks.enabled to "
            "true, which carries masks to such frames"
        )
    if _protects(config) and not _hides_something(config, palette):
        yield "sensitive_objects: protected video would hide nothing; name objects, or leave protected out"
    yield from _clip_mistakes(config["clips"])
    if "evaluation" in config["outputs"]:
        yield from _evaluation_mistakes(config["evaluation"], floor)
    start, end = config["window"]["start_s"], config["window"]["end_s"]
    if end is not None and end <= (start or 0):
        yield f"window: end_s {end} is not after start_s {start or 0}"


def _protects(config: Config) -> bool:
    """Whether protected video is made, to be kept or to make clips of."""
    outputs = config["outputs"]
    return bool({"protected", "audit"} & {*outputs}) or ("clips" in outputs and config["clips"]["of"] == "protected")


def _clip_mistakes(clips: Config) -> Iterator[str]:
    low, high = clips["step_min"], clips["step_max"]
    if high is not None and high < low:
        yield f"clips.step_max: {high} is below clips.step_min {low}; raise it, or set it to null"
    width, height = clips["size"] if isinstance(clips["size"], list) else (clips["size"], clips["size"])
    size_bytes = clips["per_video"] * clips["frames"] * width * height * 3
    if size_bytes > _MOST_CLIP_BYTES:
        yield (
            f"clips: those of one video would take {size_bytes / 1e9:.1f} GB of memory, at most "
            f"{_MOST_CLIP_BYTES / 1e9:.0f} are possible; lower clips.per_video, frames or size"
        )


def _evaluation_mistakes(evaluation: Config, floor: float) -> Iterator[str]:
    if not evaluation["annotations"]:
        yield ("evaluation.annotations: output evaluation needs the truth; set it to a COCO file or a folder")
    lowest = min(evaluation["scores"])
    if lowest < floor:
        yield (
            f"evaluation.scores: {lowest} is below detect.floor {floor}, under which nothing is stored; "
            "lower detect.floor or leave that score out"
        )


def _hides_something(config: Config, palette: Palette) -> bool:
    privacy = config["privacy"]
    hidden = palette.hidden(config["sensitive_objects"])
    return bool(hidden or privacy["zones"] or privacy["whole_frame_when"] != "never")


def _not_finite(value: Any, where: str = "") -> Iterator[str]:
    """Keys of the numbers that YAML can write and nothing can use: `.nan`, `.inf`."""
    if isinstance(value, float) and not math.isfinite(value):
        yield where
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _not_finite(part, f"{where}.{key}" if where else str(key))
