"""The page itself: one file that needs no network, loads nothing from one, and takes names for text, never for code."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from objmask.classes import Palette
from objmask.errors import DataError
from objmask.files import atomic_path
from objmask.index import shown_name
from objmask.provenance import versions
from objmask.report.bounds import BINS, GAP_S, MANY, NEAR, PARTS
from objmask.report.dataset import Survey, Video, blocks, survey
from objmask.report.inks import PAPER, SCREEN, css, ink
from objmask.report.stages import read_stages

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("data.js", "charts.js", "videos.js", "main.js")
EMBED_BYTES = 2_000_000
"""Larger videos are linked, not embedded."""
EMBED_ALL_BYTES = 12_000_000
WARNINGS = 30
"""So many warnings of videos are listed at the top; all of them are with their videos."""
_PACKAGES = ("plotly", "jinja2", "numpy", "pandas")
_KINDS = ("masks", "protected")


def write_report(
    videos: Sequence[Video], excluded: Mapping[str, str], about: Mapping[str, Any], results: Path, out: Path
) -> None:
    """Writes the report.

    Args:
        videos: those that count.
        excluded: name of each video that was left out, and why.
        about: as `objmask.report.about.about` gives it.
        results: the folder of results, where glances, summaries, benchmarks and logs lie.
        out: file to write.

    Raises:
        DataError: a file of the results is damaged.
        OSError: one cannot be read, or the report cannot be written.
    """
    settings = about["settings"]
    found = survey(videos, results / "report")
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(PAGE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(percent=percent, duration=duration, number=number)
    scripts = [get_plotlyjs(), "\n".join((PAGE / name).read_text(encoding="utf-8") for name in SCRIPTS)]
    context = {
        "style": Markup((PAGE / "report.css").read_text(encoding="utf-8")),  # noqa: S704
        "scripts": [Markup(script) for script in scripts],  # noqa: S704
        "policy": policy(scripts),
        "survey": found,
        "excluded": {shown_name(name): reason for name, reason in excluded.items()},
        "notes": about["notes"],
        "raw": settings["report"]["raw_pictures"],
        "warnings": found.warnings[:WARNINGS],
        "groups": _groups(settings),
        "activities": _activities(results / "summary"),
        "cards": [{**card, "sha256": found.models.get(card["name"], card["sha256"])} for card in about["models"]],
        "settings": yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100),
        "score": settings["masks"]["score"],
        "hidden": _hidden(found, settings),
        "stages": read_stages(results, {video.name for video in videos}),
        "versions": versions(*_PACKAGES),
        "page": json_block("page", _page_data(found, settings)),
        "blocks": _json_blocks(videos, results, found, settings),
    }
    with atomic_path(out) as temporary:
        environment.get_template("report.html.j2").stream(context).dump(str(temporary), encoding="utf-8")


def policy(scripts: Sequence[str]) -> str:
    """A Content-Security-Policy under which a page can run these scripts, play files beside it, and reach nothing else.

    Styles are free: Plotly sets its own. Local videos have no origin that `'self'` would match when the page is a file.
    """
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "media-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )


def json_block(name: str, document: Any) -> Markup:
    """A script element that holds data and can neither run nor end early, whatever its texts are."""
    text = json.dumps(document, separators=(",", ":"))  # ASCII, so U+2028 and U+2029 are escaped
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="{name}">{text}</script>')  # noqa: S704


def percent(fraction: float | None) -> str:
    """A share of the picture in percent, with no more digits than say something; empty: not known."""
    if fraction is None or pd.isna(fraction):
        return ""
    value = fraction * 100
    if 0 < value < 0.01:
        return "<0.01"
    return f"{value:.0f}" if value >= 99.5 or not value else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def duration(seconds: float) -> str:
    """`1 h 02 min`, `3 min 04 s`, `12.3 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def number(value: float) -> str:
    """A whole number with spaces between thousands."""
    return f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _groups(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    palette = Palette.from_config(settings["groups"])
    hidden = palette.hidden(settings["sensitive_objects"]) if "protected" in settings["outputs"] else frozenset()
    return [
        {
            "name": group.name,
            "objects": group.objects,
            "hidden": sorted(hidden & set(group.objects)),
            "colour": css(group.colour),
            "paper": ink(group.colour, PAPER),
            "screen": ink(group.colour, SCREEN),
        }
        for group in palette.groups
    ]


def _activities(summary: Path) -> list[dict[str, Any]]:
    """Rows of the heat map: all videos, then each label, with a cell a group."""
    try:
        by_group = pd.read_csv(summary / "coverage_by_group.csv", dtype={"group": str}, keep_default_na=False)
        by_label = pd.read_csv(
            summary / "coverage_by_label.csv", dtype={"group": str, "label": str}, keep_default_na=False
        )
        by_group["label"] = None
        cells = pd.concat([by_group, by_label]) if len(by_label) else by_group
        for column in ("mean", "mean_low", "mean_high", "present", "max"):
            cells[column] = pd.to_numeric(cells[column])
    except (KeyError, ValueError) as error:
        raise DataError(f"{summary}: not the summaries of coverage; delete them and run again ({error})") from error
    largest = cells[cells["label"].notna()].groupby("group")["mean"].max()
    rows: dict[str | None, dict[str, Any]] = {}
    for cell in cells.to_dict("records"):
        row = rows.setdefault(cell["label"], {"label": cell["label"], "videos": cell["videos"], "cells": {}})
        top = float(largest.get(cell["group"], 0))
        row["cells"][cell["group"]] = {**cell, "shade": round(100 * cell["mean"] / top) if top and row["label"] else 0}
    return list(rows.values())


def _page_data(found: Survey, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "groups": _groups(settings),
        "videos": found.index,
        "scores": found.scores.tolist(),
        "bins": BINS,
        "threshold": settings["masks"]["score"],
        "floor": settings["detect"]["floor"],
        "objects": found.objects.tolist(),
        "many": MANY,
        "parts": PARTS,
        "looked_at": found.looked_at,
        "hidden": _hidden(found, settings),
    }


def _hidden(found: Survey, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is said of all videos about what protected video hides; `nearly`: scores that count as nearly enough."""
    if not found.hidden:
        return None
    score = settings["privacy"]["score"]
    low = max(score - NEAR, settings["detect"]["floor"])
    return {"gap_s": GAP_S, "nearly": [round(low, 4), score] if low < score else None}


def _json_blocks(
    videos: Sequence[Video], results: Path, found: Survey, settings: Mapping[str, Any]
) -> Iterator[Markup]:
    room = EMBED_ALL_BYTES if settings["report"]["players"] == "embed" else 0
    for k, block in enumerate(blocks(videos, results / "report", found)):
        players = []
        for kind in _KINDS:
            if kind in settings["outputs"] and settings["report"]["players"] != "none":
                path = results / kind / f"{block['name']}.mp4"
                source, room = _source(path, f"{kind}/{block['name']}.mp4", room)
                players.append({"kind": kind, "source": source})
        yield json_block(f"v{k}", {**block, "players": players})


def _source(path: Path, relative: str, room: int) -> tuple[str, int]:
    """Where a player gets its video: from the page itself while there is room, else from the file beside the page."""
    if room and (size := path.stat().st_size) <= min(EMBED_BYTES, room):
        return f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}", room - size
    return quote(relative), room
