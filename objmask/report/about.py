"""What the report says of the run as a whole, put together when the workflow is read: settings, models, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from objmask.config.config import Config, palette_of
from objmask.config.models import own_settings
from objmask.models.info import ModelInfo
from objmask.models.source import ModelSource

_PLACES = ("videos", "mirror", "corrections")
"""Where inputs lie and come from decides no result, and is nobody's business who gets the report."""


def about(
    config: Config, models: Mapping[str, ModelInfo], sources: Mapping[str, ModelSource], notes: Sequence[str]
) -> dict[str, Any]:
    """A document of plain JSON types.

    Args:
        config: complete.
        models: what each model is, by name.
        sources: what the user gave for each.
        notes: warnings about models and objects, the gravest first.
    """
    own = own_settings(config)
    settings = {**config, "models": {name: own.get(name, {}) for name in models} if own else list(models)}
    for place in _PLACES:
        del settings[place]
    if "audit" not in settings["outputs"]:  # decides nothing then
        settings["report"] = {key: value for key, value in settings["report"].items() if key != "leak_pictures"}
    settings["evaluation"] = {key: value for key, value in settings["evaluation"].items() if key != "annotations"}
    cards = [model_card(config, info, sources[name]) for name, info in models.items()]
    # In one order, whatever that of the user's file is; but the order of groups is that of all tables.
    ordered = {key: _ordered(value) if key != "groups" else value for key, value in sorted(settings.items())}
    return {"settings": ordered, "models": cards, "notes": list(notes)}


def _ordered(value: Any) -> Any:
    return {key: _ordered(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def model_card(config: Config, info: ModelInfo, source: ModelSource) -> dict[str, Any]:
    """What to know of a model: names and checksums, no paths."""
    palette = palette_of(config)
    wanted = {*palette.index_of, *palette.hidden(config["sensitive_objects"])}
    sizes = f"{info.input_width} x {info.input_height} px" if info.input_width and info.input_height else "any"
    return {
        "name": info.name,
        "family": info.family,
        "source": source.entry.name if source.entry else "a file or folder of the user's own",
        "licence": info.licence,
        "citation": info.citation,
        "sha256": info.sha256,
        "archive": info.archive,
        "note": info.note,
        "input": sizes,
        "score_cut": info.score_cut,
        "classes": len(info.classes),
        "used": sorted(wanted & set(info.classes)),
        "missing": sorted(wanted - set(info.classes)),
    }
