"""The tutorial, command by command: its first run is the demo, whose results are compared with the truth."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from documents import ROOT, blocks, sections, typed
from snakemake_runs import Run, outputs_of, times

from objmask.cli import main
from objmask.coverage.agreement import agreement
from objmask.evaluation.annotations import read_annotations
from objmask.evaluation.mask_ap import mask_ap
from objmask.models.load import load

TUTORIAL = sections(ROOT / "docs/tutorial.md")
FIRST_RUN = ("1. Install", "2. Make some video", "3. List the jobs, then run them")
MODEL = ROOT / "objmask/models/demo"
LIMIT_BYTES = 6_000_000


def follow(headings: list[str] | tuple[str, ...], project: Path) -> str:
    """Types the commands of sections of the tutorial; gives what the last one showed."""
    shown = ""
    for block in (block for heading in headings for block in blocks(TUTORIAL[heading])):
        folder = project / "tutorial"
        done = typed(block, folder if folder.is_dir() else project, project)
        shown = done.stdout
        assert done.returncode == 0, f"{block}\n{shown}"
    return shown


@pytest.fixture(scope="module")
def demo(project: Path) -> Run:
    """A whole run over three clips of a second, configured by nothing but `config.yaml`."""
    return Run(0, follow(FIRST_RUN, project), project / "tutorial")


@pytest.fixture(scope="module")
def finished(demo: Run, project: Path) -> Run:
    """The folder at the end of the tutorial."""
    return Run(0, follow([heading for heading in TUTORIAL if heading not in FIRST_RUN], project), demo.folder)


def test_it_says_what_the_built_in_model_cannot_do(demo: Run) -> None:
    assert "rendered desks only" in demo.text
    assert "rendered desks only" in (MODEL / "model_card.md").read_text(encoding="utf-8")


def test_it_says_where_to_look(demo: Run) -> None:
    assert demo.text.splitlines().count("objmask: open results/report.html") == 1


def test_every_output_is_there_with_every_frame(demo: Run) -> None:
    for video in ("typing/typing_01", "drinking/drinking_01", "kitchen/kitchen_01"):
        for path in outputs_of(demo.results, video, "masks", "overlay", "protected"):
            assert times(path) == times(demo.folder / "videos" / f"{video}.mp4")


def test_coverage_is_near_the_truth(demo: Run) -> None:
    table = agreement(demo.results / "coverage", demo.folder / "videos/truth")
    assert list(table.index) == [
        *("person", "screen", "drink", "phone", "oven", "sink", "book", "keyboard"),
        "all",
    ]
    # Ten frames a clip say less than the 96 that `make demo` compares.
    assert table.loc["all", "error"] < 1.0, table
    assert (table["true"] > 0).all()


def test_it_finds_objects_that_it_has_not_seen(tmp_path: Path) -> None:
    scenes = ["--stills=12", "--split=test", "--seed=77", "--width=448", "--height=252"]
    assert main(["scene", f"--out={tmp_path / 'scenes'}", *scenes]) == 0
    assert main(["model", "--source=demo", f"--out={tmp_path / 'model'}"]) == 0
    detector = load(tmp_path / "model", device="cpu")
    judged = mask_ap(detector.detect, read_annotations(None, tmp_path / "scenes"))
    assert judged.ap50 > 0.75
    assert judged.ap > 0.5
    # A picture of nothing has nothing on it.
    (nothing,) = detector.detect([np.full((252, 448, 3), 127, np.uint8)])
    detector.close()
    assert (nothing.scores < 0.3).all()


def test_it_is_small_and_complete() -> None:
    files = {path.name: path.stat().st_size for path in MODEL.iterdir()}
    assert {"frozen_inference_graph.pb", "label_map.pbtxt", "pipeline.config", "model_card.md"} <= set(files)
    assert sum(files.values()) < LIMIT_BYTES


def test_its_description(demo: Run) -> None:
    document = json.loads((demo.results / "models/demo/model.json").read_text())
    assert document["classes"][:2] == ["person", "bottle"]
    assert (document["short_side"], document["long_side"], document["score_cut"]) == (288, 512, 0.05)
    assert document["licence"] == "MIT"


def test_the_tutorial_ends_as_it_says(finished: Run) -> None:
    for name in ("protected", "masks", "clips/npz", "provenance/protected"):
        assert {path.parent.name for path in (finished.results / name).rglob("*_01.*")} == {
            *("drinking", "kitchen", "typing"),
        }
    with (finished.results / "evaluation/temporal.csv").open(encoding="utf-8") as stream:
        last = list(csv.DictReader(stream))[-1]
    assert (last["from"], last["video"], last["leaked_frames"]) == ("results", "all", "0")
    assert (finished.folder / "review.html").is_file()
    provenance = json.loads((finished.results / "provenance/hidden/drinking/drinking_01.json").read_text())
    assert "add" in json.dumps(provenance["settings"]["corrections"])
