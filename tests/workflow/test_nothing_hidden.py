"""Protected video in which nothing at all was hidden: said at the end of a run and in the report, or not given away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import clips
import pytest
from snakemake_runs import Run, Workflow
from tiny_yolo import TINY_YOLO

SETTINGS: dict[str, Any] = {"videos": "videos", "models": [str(TINY_YOLO)], "outputs": ["protected", "report"]}
EMPTY, HELD = "desk/it's an <empty> room", "added"
ADDED = f"{HELD}:\n  - add: {{class: person, from_s: 0, to_s: 9, box: [0.2, 0.2, 0.6, 0.6]}}\n"
"""In the other video somebody saw an object that no network did."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nothing")
    (folder / "videos/desk").mkdir(parents=True)
    clips.make(folder / f"videos/{EMPTY}.mp4")
    clips.make(folder / f"videos/{HELD}.mp4", pts=clips.VARIABLE)
    (folder / "corrections.yaml").write_text(ADDED)
    return folder


def settings(**privacy: Any) -> dict[str, Any]:
    return {**SETTINGS, "corrections": "corrections.yaml", "privacy": {"score": 0.999, **privacy}}


@pytest.fixture(scope="module")
def run(project: Path, folder: Path) -> Run:
    return Workflow(project, TINY_YOLO).run(folder, settings()).ok()


def test_it_is_said_at_the_end_and_at_the_top_of_the_report(run: Run) -> None:
    said = [line for line in run.text.splitlines() if "NOTHING HIDDEN" in line]
    assert said == [line for line in said if "in any of its 20 frames" in line and HELD not in line]
    assert len(said) == 1
    assert said[0].startswith("objmask: ")
    page = (run.results / "report.html").read_text(encoding="utf-8")
    assert "nothing at all is hidden in any of its 20 frames" in page[: page.index('id="activities"')]


def test_with_fail_such_a_video_is_not_made_and_others_are(run: Run, project: Path, folder: Path) -> None:
    refused = Workflow(project, TINY_YOLO).run(folder, settings(nothing_hidden="fail"))
    assert refused.code
    assert "is not made (privacy.nothing_hidden: fail): nothing at all is hidden" in refused.text
    assert [path.stem for path in (run.results / "protected").rglob("*.mp4")] == [HELD]
