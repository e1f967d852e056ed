"""Output `audit`: protected video searched again, let through or kept back; with the built-in model."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from snakemake_runs import Run, Workflow, contents, times

from objmask.cli import main

NAME = "desk/it's <b>,{🎬} $HOME"
SETTINGS: dict[str, Any] = {
    "videos": "videos",
    "models": ["demo"],
    "outputs": ["audit"],
    # So little is hidden that the second search finds much of it again.
    "privacy": {"score": 0.999},
    "audit": {"floor": 0.2, "score": 0.3},
}
AUDITING = {"audit_frames", "audit_detect", "audit_gather", "audit_probe", "audit"}


def changed(section: str, **values: Any) -> dict[str, Any]:
    return {**SETTINGS, section: {**SETTINGS.get(section, {}), **values}}


@pytest.fixture(scope="module")
def demo(project: Path) -> Workflow:
    return Workflow(project, project / "objmask/models/demo")


@pytest.fixture(scope="module")
def run(demo: Workflow, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("audit")
    clips = ["--clips=2", "--seconds=0.8", "--rate=10", "--seed=29", "--width=320", "--height=180"]
    assert main(["scene", f"--out={folder / 'rendered'}", *clips]) == 0
    first, second = sorted((folder / "rendered").rglob("*.mp4"))
    (folder / "videos/desk").mkdir(parents=True)
    first.rename(folder / f"videos/{NAME}.mp4")
    second.rename(folder / "videos/probe.mp4")  # a name that one of our folders has, too
    return demo.run(folder, SETTINGS).ok()


def rows(run: Run) -> dict[str, dict[str, str]]:
    with (run.results / "audit/audit.csv").open(newline="", encoding="utf-8") as stream:
        return {row["video"]: row for row in csv.DictReader(stream)}


def safe() -> str:
    return NAME.translate({ord(c): f"%{ord(c):02X}" for c in "<>{}"})


def test_what_is_still_found_is_listed(run: Run) -> None:
    table = rows(run)
    assert set(table) == {safe(), "probe"}
    assert max(float(row["leaking_per_1000"]) for row in table.values()) > 200
    for name, row in table.items():
        document = json.loads((run.results / f"audit/{name}.json").read_text())
        assert document["summary"]["frames"] == int(row["frames"]) == 8
        assert len(document["moments"]) == int(row["moments"])
        assert all(moment["picture"] for moment in document["moments"])
        protected, unaudited = (run.results / f"{kind}/{name}.mp4" for kind in ("protected", "unaudited"))
        assert protected.read_bytes() == unaudited.read_bytes()
        assert len(times(protected)) == 9
    assert not (run.results / "quarantine").exists()


def test_nothing_runs_twice_and_each_setting_runs_what_it_must(demo: Workflow, run: Run) -> None:
    def jobs(settings: dict[str, Any]) -> set[str]:
        return set(demo.plan(run.folder, settings).jobs)

    assert jobs(SETTINGS) == set()
    assert jobs(changed("audit", fail_over=1000)) == {"release"}
    assert jobs(changed("audit", thumbnails=0)) == {"audit", "audit_summary", "release"}
    assert jobs(changed("audit", score=0.4)) == {"audit", "audit_summary", "release"}
    again = AUDITING - {"audit_probe", "audit_frames"}
    assert jobs(changed("audit", floor=0.25)) - {"audit_frames"} == again | {"audit_summary", "release"}
    hidden = AUDITING | {"protect", "audit_summary", "release"}
    assert jobs(changed("privacy", style="solid")) == hidden
    assert jobs(changed("privacy", grow=0.1)) == hidden | {"hide", "turns"}
    assert jobs(changed("masks", score=0.5)) == set()


def test_chunks_change_no_byte(demo: Workflow, run: Run, tmp_path: Path) -> None:
    (tmp_path / "videos").symlink_to(run.folder / "videos")
    cut = demo.run(tmp_path, {**SETTINGS, "detect": {"chunk_frames": 3}}).ok()
    assert cut.jobs["audit_detect"] == 6
    whole, pieces = contents(run.results), contents(cut.results)
    same = [name for name in whole if name.startswith(("audit/", "second_look/", "protected/"))]
    assert same
    assert {name: pieces[name] for name in same} == {name: whole[name] for name in same}


def test_video_that_leaks_too_much_is_kept_back_until_the_limit_allows(demo: Workflow, run: Run) -> None:
    table = rows(run)
    worst = max(table, key=lambda name: float(table[name]["leaking_per_1000"]))
    failed = demo.run(run.folder, changed("audit", fail_over=100))
    assert failed.code != 0
    failed.line("FAILED", "quarantine", "above audit.fail_over 100")
    assert not (run.results / f"protected/{worst}.mp4").exists()
    assert (run.results / f"quarantine/{worst}.mp4").exists()
    assert (run.results / f"audit/{worst}.json").exists()
    assert set(failed.jobs) == {"release"}
    allowed = demo.run(run.folder, changed("audit", fail_over=1000)).ok()
    assert set(allowed.jobs) == {"release"}
    assert (run.results / f"protected/{worst}.mp4").exists()
    assert not (run.results / "quarantine").is_dir() or not list((run.results / "quarantine").rglob("*.mp4"))


def test_without_audit_protected_video_is_written_where_it_belongs(demo: Workflow, run: Run) -> None:
    plan = demo.plan(run.folder, {**SETTINGS, "outputs": ["protected"]})
    assert set(plan.jobs) <= {"protect"}


def test_a_second_model_searches_what_the_first_one_hid(workflow: Workflow, run: Run) -> None:
    plan = workflow.plan(run.folder, changed("audit", model=str(workflow.model)))
    assert plan.jobs["model"] == 1
    assert set(plan.jobs) == {"model", *AUDITING, "audit_summary", "release"} - {"audit_probe"}
    assert not plan.jobs["detect"]


def test_what_is_wrong_is_one_line(demo: Workflow, run: Run) -> None:
    def refused(*parts: str, **values: Any) -> None:
        demo.run(run.folder, changed("audit", **values), "-n").refused(*parts)

    refused("audit.score: 0.1 is below audit.floor 0.2", score=0.1)
    refused("no such model", model="nothing.tflite")
    refused("audit.fail_over", fail_over=-1)
    refused("unknown key 'audit.model_'", model_="demo")
