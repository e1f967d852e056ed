"""Draws the workflow as it is, into docs/workflow.svg: python docs/workflow_picture.py

Snakemake says which rules there are and which rule takes files of which. This script only says where each box lies.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from objmask.config.settings import Output

ROOT = Path(__file__).parents[1]
EVERYTHING = {
    "outputs": get_args(Output),
    "evaluation": {"annotations": "truth.json"},
    "clips": {"formats": ["npz", "png", "tfrecord"]},
    "exports": {"images": "jpg"},
    "frames": {"keep": "png"},
    "audit": {"read": True},
}
"""A configuration that uses every rule."""
TRUTH = {
    "images": [{"id": 1, "video": "clip", "frame": 0, "width": 8, "height": 8, "file_name": ""}],
    "annotations": [],
    "categories": [{"id": 1, "name": "person"}],
}

PLACES = {
    "probe": (0, 0, "what the video is"),
    "frames": (0, 1, "what the network sees"),
    "detect": (0, 2, "runs the network"),
    "gather": (0, 3, "joins the chunks"),
    "track": (0, 4, "follows the objects"),
    "model": (1, 0, "installs the network"),
    "images": (1, 1, "frames as images"),
    "hide": (1, 2, "decides what is hidden"),
    "paint": (1, 4, "decides what is painted"),
    "protect": (2, 2, "hides what is sensitive"),
    "audit_probe": (3, 2, "the protected video …"),
    "audit_frames": (4, 2, "… is read again …"),
    "audit_detect": (5, 2, "… and searched again"),
    "audit_gather": (5, 3, "joins the chunks"),
    "turns": (3, 0, "is it on its side?"),
    "audit_read": (4, 4, "… and read"),
    "audit": (4, 3, "lists leaks"),
    "release": (3, 3, "lets through or keeps"),
    "audit_summary": (3, 4, "all audits"),
    "masks": (2, 3, "colours on black"),
    "overlay": (2, 4, "masks over the video"),
    "coverage": (2, 5, "shares by frame"),
    "video_summary": (3, 5, "one video, for the report"),
    "summary": (3, 6, "by video, group, label"),
    "report": (5, 5, "one page"),
    "masks_png": (2, 6, "annotations"),
    "clips": (2, 7, "training clips"),
    "clip_images": (3, 7, "as PNG files"),
    "clip_splits": (2, 8, "train and test lists"),
    "clip_records": (3, 8, "as TFRecord files"),
    "coco": (2, 9, "annotations"),
    "coco_dataset": (3, 9, "all videos"),
    "yolo": (2, 10, "annotations"),
    "yolo_dataset": (3, 10, "all videos"),
    "cvat": (2, 11, "annotations"),
    "annotated_images": (2, 12, "their frames"),
    "evaluation": (2, 13, "compares with truth"),
}
"""Rule -> (column, row, what it does)."""
WIDTH, HEIGHT = 134, 34
ACROSS, DOWN = 164, 44
BUSES = {"track": 0.94, "paint": 1.94}
"""Rule -> column at which the line from it goes up or down to the rules of column 2 that take its files."""


def graph(settings: Mapping[str, object]) -> tuple[set[str], set[tuple[str, str]]]:
    """The rules of a run, and (rule, rule that takes its files), as Snakemake sees them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "clip.mp4").write_text("reading the workflow decodes no video")
        (folder / "truth.json").write_text(json.dumps(TRUTH))
        given = {"videos": ".", "models": ["demo"], **settings}
        (folder / "given.json").write_text(json.dumps(given))
        command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--configfile", "given.json"]
        done = subprocess.run([*command, "--rulegraph"], cwd=folder, text=True, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', done.stdout, re.M))
    pairs = re.findall(r"^\s*(\d+) -> (\d+)$", done.stdout, re.M)
    return set(names.values()) - {"all"}, {(names[a], names[b]) for a, b in pairs if names[b] != "all"}


def without_shortcuts(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges without those that a longer way replaces."""
    after: dict[str, set[str]] = {}
    for first, second in edges:
        after.setdefault(first, set()).add(second)

    def reached(rule: str) -> set[str]:
        return {later for near in after.get(rule, ()) for later in (near, *reached(near))}

    return {(a, b) for a, b in edges if not any(b in reached(other) for other in after[a] - {b})}


def box(rule: str, always: bool) -> str:
    """A rounded box with the name of a rule and what it does."""
    column, row, words = PLACES[rule]
    x, y = 8 + column * ACROSS, 8 + row * DOWN
    centre, fill = x + WIDTH / 2, "#dceefb" if always else "#ffffff"
    return (
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}" stroke="#345"/>\n'
        f'<text x="{centre}" y="{y + 14}" font-weight="bold">{rule}</text>\n'
        f'<text x="{centre}" y="{y + 27}" font-size="10" fill="#333">{words}</text>'
    )


def line(first: str, second: str) -> str:
    """An arrow between two boxes: down or up within a column, to the side between columns."""
    (c1, r1, _), (c2, r2, _) = PLACES[first], PLACES[second]
    middle = 8 + HEIGHT / 2
    if c1 == c2:
        x = 8 + c1 * ACROSS + WIDTH / 2
        lower, upper = (0, HEIGHT) if r1 > r2 else (HEIGHT, 0)
        path = f"M{x} {8 + r1 * DOWN + lower} V{8 + r2 * DOWN + upper}"
    elif first in BUSES and c2 == 2:
        start, bus = 8 + c1 * ACROSS + WIDTH, BUSES[first] * ACROSS
        path = f"M{start} {r1 * DOWN + middle} H{bus:.0f} V{r2 * DOWN + middle} H{8 + c2 * ACROSS}"
    else:
        start, end = (
            (8 + c1 * ACROSS + WIDTH, 8 + c2 * ACROSS) if c1 < c2 else (8 + c1 * ACROSS, 8 + c2 * ACROSS + WIDTH)
        )
        path = f"M{start} {r1 * DOWN + middle} L{end} {r2 * DOWN + middle}"
    return f'<path d="{path}" fill="none" stroke="#345" marker-end="url(#arrow)"/>'


def picture() -> str:
    """The SVG text."""
    usual, _ = graph({})
    rules, edges = graph(EVERYTHING)
    if lacking := sorted(rules - set(PLACES)):
        raise SystemExit(f"{', '.join(lacking)}: say in PLACES of {Path(__file__).name} where the box lies")
    if gone := sorted(set(PLACES) - rules):
        raise SystemExit(f"{', '.join(gone)}: in PLACES of {Path(__file__).name}, but EVERYTHING runs no such rule")
    width, height = 6 * ACROSS, 14 * DOWN + 30
    words = "Blue: rules of a run with the default outputs. White: rules that run only when a setting asks for them."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
            'font-size="12" text-anchor="middle">',
            "<title>The rules of the workflow, and which rule takes files of which</title>",
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#345"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *(line(*edge) for edge in sorted(without_shortcuts(edges))),
            *(box(rule, rule in usual) for rule in PLACES),
            f'<text x="8" y="{height - 12}" text-anchor="start" fill="#333">{words}</text>',
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    (ROOT / "docs/workflow.svg").write_text(picture(), encoding="utf-8")
