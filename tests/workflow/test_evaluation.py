"""Output `evaluation`: rendered clips and their truth through the workflow, with the built-in model."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from snakemake_runs import Run, Workflow, csv_column

from objmask.cli import main

FILES = (
    *("models.csv", "scores.csv", "groups.csv", "classes.csv", "videos.csv", "temporal.csv"),
    *("curve.png", "curve.svg", "evaluation.html"),
)
EVERYTHING = {"add": {"class": "person", "from_s": 0, "to_s": 9, "box": [0, 0, 1, 1]}}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {
        "videos": "videos",
        "models": ["demo"],
        "outputs": ["evaluation"],
        "evaluation": {"annotations": "truth", "scores": [0.1, 0.3]},
    }


@pytest.fixture(scope="module")
def demo(project: Path) -> Workflow:
    return Workflow(project, project / "objmask/models/demo")


@pytest.fixture(scope="module")
def run(demo: Workflow, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("evaluation")
    clips = ["--clips=3", "--seconds=0.4", "--rate=10", "--seed=29", "--width=320", "--height=180"]
    assert main(["scene", f"--out={folder / 'videos'}", *clips]) == 0
    # The truth of one clip is not there, and there is some of a clip that is not.
    (folder / "videos/truth").rename(folder / "truth")
    shutil.rmtree(folder / "truth/kitchen")
    other = (folder / "truth/typing/typing_01.json").read_text().replace("typing/typing_01", "gone/clip")
    (folder / "truth/gone.json").write_text(other)
    return demo.run(folder, settings).ok()


def test_only_annotated_videos_are_worked_on(run: Run) -> None:
    run.line("annotations of 1 videos are left out", "gone/clip")
    assert csv_column(run.results / "evaluation/videos.csv", "video") == ["drinking/drinking_01", "typing/typing_01"]
    assert csv_column(run.results / "evaluation/videos.csv", "judged") == ["4", "4"]
    assert not (run.results / "detections/demo/kitchen").exists()
    assert {path.name for path in (run.results / "evaluation").iterdir()} >= set(FILES)
    assert (run.results / "provenance/evaluation.json").exists()
    (hidden,) = csv_column(run.results / "evaluation/models.csv", "hidden_pixels@0.1")
    assert float(hidden) > 0.8


def over_time(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Rows of `temporal.csv` by way and video."""
    with (folder / "results/evaluation/temporal.csv").open(newline="", encoding="utf-8") as stream:
        return {(row["from"], row["video"]): row for row in csv.DictReader(stream)}


def test_figures_over_time_follow_the_configuration(
    demo: Workflow, run: Run, settings: dict[str, Any], tmp_path: Path
) -> None:
    rows = over_time(run.folder)
    videos = ("drinking/drinking_01", "typing/typing_01", "all")
    assert list(rows) == [(way, video) for way in ("detections", "tracks", "results") for video in videos]
    assert [rows["results", video]["frames"] for video in videos] == ["4", "4", "8"]
    found, tracked, made = (rows[way, "all"] for way in ("detections", "tracks", "results"))
    assert {**made, "from": "", "model": ""} == {**tracked, "from": "", "model": ""}
    assert min(float(tracked["hidden_share"]), float(found["hidden_share"])) > 0.8
    assert (found["idf1"], float(tracked["idf1"]) > 0.3) == ("", True)

    place = shutil.copytree(run.folder, tmp_path / "run", symlinks=True)
    # What is held moves with a track, and stays where it was without: only what a frame itself hides can be compared.
    assert set(demo.run(place, changed(settings, "privacy", hold=0)).ok().jobs) == {"evaluation"}
    found, tracked = (over_time(place)[way, "all"] for way in ("detections", "tracks"))
    assert float(tracked["hidden_share"]) >= float(found["hidden_share"]) > 0.8
    strict = {**changed(settings, "privacy", hold=0, score=0.9), "tracks": {"enabled": False}}
    assert set(demo.run(place, strict).ok().jobs) == {"evaluation"}
    leaking = over_time(place)["results", "all"]
    assert ("tracks", "all") not in over_time(place)
    assert int(leaking["leaked_frames"]) > 0
    (place / "corrections.yaml").write_text(json.dumps({videos[0]: [EVERYTHING], "kitchen/kitchen_01": [EVERYTHING]}))
    mended = {**strict, "corrections": "corrections.yaml"}
    assert set(demo.run(place, mended).ok().jobs) == {"evaluation"}
    rows = over_time(place)
    assert rows["results", videos[0]]["leaked_frames"] == "0"
    assert rows["results", videos[0]]["over_blur"] == "1.000000"
    assert rows["detections", videos[0]]["leaked_frames"] == leaking["leaked_frames"]
    # Neither what is said of a video without annotations nor another file with the same words is a change.
    (place / "other.yaml").write_text(json.dumps({videos[0]: [EVERYTHING]}))
    assert not demo.plan(place, {**mended, "corrections": "other.yaml"}).jobs
    (place / "other.yaml").write_text(json.dumps({videos[0]: [EVERYTHING] * 2}))
    assert set(demo.plan(place, {**mended, "corrections": "other.yaml"}).jobs) == {"evaluation"}


def changed(settings: dict[str, Any], section: str, **values: Any) -> dict[str, Any]:
    return {**settings, section: {**settings.get(section, {}), **values}}


def test_what_is_wrong_is_one_line(demo: Workflow, run: Run, settings: dict[str, Any], tmp_path: Path) -> None:
    def refused(*parts: str, **values: Any) -> None:
        demo.run(run.folder, changed(settings, "evaluation", **values), "-n").refused(*parts)

    refused("evaluation.annotations", "needs the truth", annotations=None)
    refused("evaluation.annotations", "no COCO file", annotations="no")
    refused("evaluation.scores: 0.01 is below detect.floor 0.05", scores=[0.01])
    (tmp_path / "a.json").write_text("[")
    refused("not COCO annotations of video frames", annotations=str(tmp_path / "a.json"))
    shutil.copy(run.folder / "truth/gone.json", tmp_path / "a.json")
    refused("names none of the videos", annotations=str(tmp_path / "a.json"))
