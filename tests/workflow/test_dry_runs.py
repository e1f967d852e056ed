"""A dry run only looks: the folder stays as it was, but for what saves reading the videos twice."""

from __future__ import annotations

import json
from pathlib import Path

import clips
import pytest

CHECKSUMS = {"results/index.json", "results/evaluation/index.json"}
"""Of videos and annotations: reading them can take hours, and the run that follows takes these."""
TRUTH = {
    "images": [{"id": 1, "video": "desk/one", "frame": 3, "width": 64, "height": 48, "file_name": ""}],
    "annotations": [],
    "categories": [{"id": 1, "name": "person"}],
}


def files(folder: Path) -> set[str]:
    """Files below a folder, but for Snakemake's own notes and the configuration that a run of these tests is given."""
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path.as_posix() for path in found if path.parts[0] not in (".snakemake", "given.json")}


@pytest.fixture
def place(tmp_path) -> Path:
    (tmp_path / "videos/desk").mkdir(parents=True)
    clips.make(tmp_path / "videos/desk/one.mp4")
    (tmp_path / "truth.json").write_text(json.dumps(TRUTH))
    return tmp_path


def test_a_dry_run_makes_nothing_but_checksums(workflow, place):
    """Even where options are too long for a command line."""
    before = files(place)
    config = {
        "videos": "videos",
        "outputs": ["masks", "coverage", "report", "clips", "coco", "audit", "evaluation"],
        "evaluation": {"annotations": "truth.json"},
        "privacy": {"zones": [[[i / 3000, i % 2] for i in range(3000)]]},
    }
    assert workflow.plan(place, config).jobs["masks"] == 1
    assert files(place) - before == CHECKSUMS


def test_a_refused_run_makes_nothing(workflow, place):
    before = files(place)
    workflow.run(place, {"videos": "videos", "masks": {"score": 7}}, "-n").refused("masks.score")
    assert files(place) == before
