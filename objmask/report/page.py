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

from objmask.detections.classes import Palette
from objmask.errors import DataError
from objmask.files.csv_tables import from_cell
from objmask.files.whole import atomic_path
from objmask.inputs.names import shown_name
from objmask.inputs.video_table import FAILED
from objmask.provenance.unchanged import refuse_changed
from objmask.provenance.versions import versions
from objmask.report.all_videos import ReportedVideo, Survey, blocks, survey
from objmask.report.audits import Audits, read_audits
from objmask.report.bounds import BINS, GAP_S, MANY, PARTS
from objmask.report.contrast import PAPER, SCREEN, css, readable
from objmask.report.numbers import duration, number, percent
from objmask.report.stages import read_stages

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("data.js", "charts.js", "videos.js", "main.js")
AUDIT = ("audit.js", "audit.css")
"""Part of the page when there are audits, before the last script and after the other styles."""
EMBED_BYTES = 2_000_000
"""Larger videos are linked, not embedded."""
EMBED_ALL_BYTES = 12_000_000
WARNINGS = 30
"""So many warnings of videos are listed at the top; all of them are with their videos."""
LEAKING = 10
"""So many videos that leak are listed there; all of them are in the section on audits."""
_PACKAGES = ("plotly", "jinja2", "numpy", "pandas")
_KINDS = ("masks", "protected")


def write_report(
    videos: Sequence[ReportedVideo], excluded: Mapping[str, str], about: Mapping[str, Any], results: Path, out: Path
) -> None:
    """Writes the report.

    Args:
        videos: those that count.
        excluded: name of each video that was left out, and why, as in the table of videos.
        about: as `objmask.report.about.about` gives it.
        results: the folder of results, where video summaries, coverage summaries, benchmarks and logs lie.
        out: file to write.

    Raises:
        DataError: a file of the results is damaged.
        OSError: one cannot be read, or the report cannot be written.
    """
    settings = about["settings"]
    found = survey(videos, results / "report")
    audits = _audits(videos, results, settings)
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(PAGE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(percent=percent, duration=duration, number=number)
    *names, main = SCRIPTS
    more, styles = [[name] for name in AUDIT] if audits else ([], [])
    scripts = [get_plotlyjs(), _texts([*names, *more, main])]
    context = {
        "style": Markup(_texts(["report.css", *styles])),  # noqa: S704
        "scripts": [Markup(script) for script in scripts],  # noqa: S704
        "policy": policy(scripts),
        "survey": found,
        "failed": {shown_name(v): why.removeprefix(FAILED) for v, why in excluded.items() if why.startswith(FAILED)},
        "excluded": {shown_name(v): why for v, why in excluded.items() if not why.startswith(FAILED)},
        "notes": about["notes"],
        "raw": settings["report"]["raw_pictures"],
        "warnings": found.warnings[:WARNINGS],
        "audits": audits,
        "leaking": audits.leaking if audits else [],
        "unhidden": _unhidden(found, audits),
        "listed": LEAKING,
        "groups": _groups(settings),
        "activities": _activities(results / "summary"),
        "cards": [{**card, "sha256": found.models.get(card["name"], card["sha256"])} for card in about["models"]],
        "settings": yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100),
        "score": settings["masks"]["score"],
        "hidden": {"gap_s": GAP_S} if found.hidden else None,
        "stages": read_stages(results, {video.name for video in videos}),
        "versions": versions(*_PACKAGES),
        "page": json_block("page", _page_data(found, audits, settings)),
        "blocks": _json_blocks(videos, results, found, audits, settings),
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


def _texts(names: Sequence[str]) -> str:
    """Files of the page, one after another."""
    return "\n".join((PAGE / name).read_text(encoding="utf-8") for name in names)


def _audits(videos: Sequence[ReportedVideo], results: Path, settings: Mapping[str, Any]) -> Audits | None:
    """What is known of leaks; None: nobody asked."""
    if "audit" not in settings["outputs"]:
        return None
    limit, pictures = settings["audit"]["fail_over"], settings["report"]["leak_pictures"]
    nothing_hidden = settings["privacy"]["nothing_hidden"]
    return read_audits(videos, results / "audit", limit, nothing_hidden, pictures=pictures)


def _unhidden(found: Survey, audits: Audits | None) -> list[tuple[str, str, bool]]:
    """(title, what is said, kept back) of each video in which, or in much of which, nothing is hidden; worst first."""
    worst = sorted(found.unhidden, key=lambda one: (-one[0], one[1]))
    if audits is None:
        return [(shown_name(name), said, False) for _, name, said in worst]
    audited = [(shown_name(name), audits.of[name]) for _, name, _ in worst]
    return [(title, audit.unhidden.sentence(audit.advice), audit.kept) for title, audit in audited]


def _shown(settings: Mapping[str, Any]) -> set[str]:
    """What was asked for; an audit comes with the protected video that it is of."""
    return {*settings["outputs"], *(["protected"] if "audit" in settings["outputs"] else [])}


def _groups(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    palette = Palette.from_config(settings["groups"])
    hidden = palette.hidden(settings["sensitive_objects"]) if "protected" in _shown(settings) else frozenset()
    return [
        {
            "name": group.name,
            "objects": group.objects,
            "hidden": sorted(hidden & set(group.objects)),
            "colour": css(group.colour),
            "paper": readable(group.colour, PAPER),
            "screen": readable(group.colour, SCREEN),
        }
        for group in palette.groups
    ]


def _activities(summary: Path) -> list[dict[str, Any]]:
    """Rows of the heat map: all videos, then each label, with a cell a group."""
    refuse_changed(summary)
    try:
        texts = dict.fromkeys(("group", "label"), from_cell)
        by_group = pd.read_csv(summary / "coverage_by_group.csv", converters=texts, keep_default_na=False)
        by_label = pd.read_csv(summary / "coverage_by_label.csv", converters=texts, keep_default_na=False)
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


def _page_data(found: Survey, audits: Audits | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    index = found.index
    if audits:
        index = [{**video, "audit": audits.of[video["name"]].row} for video in index]
    return {
        "groups": _groups(settings),
        "videos": index,
        "scores": found.scores.tolist(),
        "bins": BINS,
        "threshold": settings["masks"]["score"],
        "floor": settings["detect"]["floor"],
        "objects": found.objects.tolist(),
        "many": MANY,
        "parts": PARTS,
        "looked_at": found.looked_at,
        "hidden": {"gap_s": GAP_S} if found.hidden else None,
        **({"audit": audits.to_json()} if audits else {}),
    }


def _json_blocks(
    videos: Sequence[ReportedVideo], results: Path, found: Survey, audits: Audits | None, settings: Mapping[str, Any]
) -> Iterator[Markup]:
    room = EMBED_ALL_BYTES if settings["report"]["players"] == "embed" else 0
    for k, block in enumerate(blocks(videos, results / "report", found)):
        players, room = _players(block["name"], results, audits, settings, room)
        yield json_block(f"v{k}", {**(audits.marked(block) if audits else block), "players": players})


def _players(
    name: str, results: Path, audits: Audits | None, settings: Mapping[str, Any], room: int
) -> tuple[list[dict[str, str]], int]:
    """What a video's players play, and the room that is left for others in the page itself."""
    players: list[dict[str, str]] = []
    for kind in _KINDS if settings["report"]["players"] != "none" else ():
        audit = audits.of[name] if audits and kind == "protected" else None
        if kind not in _shown(settings) or (audit and audit.kept):
            continue
        # Before it is let through it lies elsewhere; and a page that shows no leaks does not hold it when it leaks.
        path = results / ("unaudited" if audit else kind) / f"{name}.mp4"
        inside = 0 if audit and audit.leaking and not settings["report"]["leak_pictures"] else room
        source, left = _source(path, f"{kind}/{name}.mp4", inside)
        players.append({"kind": kind, "source": source})
        room -= inside - left
    return players, room


def _source(path: Path, relative: str, room: int) -> tuple[str, int]:
    """Where a player gets its video: from the page itself while there is room, else from the file beside the page."""
    if room and (size := path.stat().st_size) <= min(EMBED_BYTES, room):
        return f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}", room - size
    return quote(relative), room
