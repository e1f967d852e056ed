"""Corrections in the workflow: they change what they should and nothing else, and no network is asked."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from snakemake_runs import Run, Workflow, contents

from objmask.cli import main
from objmask.video import probe
from objmask.video.reader import read_frames

OUTPUTS = ["masks", "overlay", "protected", "coverage", "report", "coco", "clips"]
CONFIG = {
    "videos": "videos",
    "models": ["demo"],
    "outputs": OUTPUTS,
    "clips": {"frames": 4, "size": 16},
    "privacy": {"hold": "0.1 s"},
    "corrections": "corrections.yaml",
}
OF_VIDEO = {"paint", "hide", "masks", "overlay", "protect", "coverage", "video_summary", "coco", "clips"}
OF_ALL = {"summary", "report", "coco_dataset", "clip_images"}
BOX = [0.0, 0.0, 0.5, 0.5]
ADD = {"add": {"class": "person", "from_s": 0.3, "to_s": 0.5, "box": BOX}}
"""In frames 3, 4 and 5 of ten a second."""


@pytest.fixture(scope="module")
def whole(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workflow, Run]:
    """A run over two rendered clips of ten frames, with nothing to correct."""
    folder = tmp_path_factory.mktemp("corrected")
    clips = ["--clips=2", "--seconds=1", "--rate=10", "--seed=29", "--width=320", "--height=180"]
    assert main(["scene", f"--out={folder / 'videos'}", *clips]) == 0
    write(folder, {})
    workflow = Workflow(project, Path("demo"))
    return workflow, workflow.run(folder, CONFIG).ok()


@pytest.fixture
def place(whole: tuple[Workflow, Run], tmp_path: Path) -> Path:
    """A copy of its folder."""
    return shutil.copytree(whole[1].folder, tmp_path / "run", symlinks=True)


def write(folder: Path, entries: Mapping[str, Any]) -> None:
    (folder / "corrections.yaml").write_text(yaml.safe_dump(dict(entries), allow_unicode=True))


def videos(folder: Path) -> tuple[str, str]:
    one, other = sorted(
        p.relative_to(folder / "videos").with_suffix("").as_posix()
        for p in folder.rglob("*/*_01.mp4")
        if "results" not in p.parts
    )
    return one, other


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_an_edit_reaches_what_is_made_of_its_video_and_nothing_else(whole: tuple[Workflow, Run], place: Path) -> None:
    one, other = videos(place)
    before = contents(place / "results")
    write(place, {one: [ADD]})
    run = whole[0].run(place, CONFIG).ok()
    assert set(run.jobs) == OF_VIDEO | OF_ALL
    assert run.videos == {one: OF_VIDEO}
    names = changed(before, contents(place / "results"))
    assert {f"{kind}/{one}.mp4" for kind in ("masks", "overlay", "protected")} <= names
    assert not [name for name in names if other in name or name.startswith(("detections", "tracks", "models", "probe"))]
    assert not whole[0].plan(place, CONFIG).jobs
    # The same words elsewhere, or in another order, are the same corrections.
    (place / "folder" / one).parent.mkdir(parents=True)
    (place / "folder" / f"{one}.yaml").write_text(json.dumps([{"add": dict(reversed(ADD["add"].items()))}]))
    assert not whole[0].plan(place, {**CONFIG, "corrections": "folder"}).jobs
    assert whole[0].plan(place, {**CONFIG, "corrections": None}).videos == {one: OF_VIDEO}


def test_an_added_object_is_painted_counted_exported_and_hidden(whole: tuple[Workflow, Run], place: Path) -> None:
    one, _ = videos(place)
    before = coverage(place, one), annotations(place, one), pictures(place, one)
    write(place, {one: [ADD]})
    whole[0].run(place, CONFIG).ok()
    after = coverage(place, one), annotations(place, one), pictures(place, one)
    assert {row for row in after[0] if before[0].get(row) != after[0][row]} >= {
        (3, "person"),
        (4, "person"),
        (5, "person"),
    }
    assert {frame for frame, _ in (row for row in after[0] if before[0].get(row) != after[0][row])} == {3, 4, 5}
    assert all(float(after[0][frame, "person"]["fraction"]) >= 0.24 for frame in (3, 4, 5))
    assert {frame for frame in range(10) if before[1][frame] != after[1][frame]} == {3, 4, 5}
    difference = np.abs(before[2].astype(int) - after[2]).mean(3)
    # Encoders carry a level or two to where nothing has changed.
    corner = difference[:, : 180 // 2, : 320 // 2].mean((1, 2))
    assert corner[3:6].min() > 5
    assert max(corner[[0, 8, 9]].max(), difference[:, 120:, 200:].mean((1, 2)).max()) < 2


def test_a_dropped_track_is_gone_and_said_so(whole: tuple[Workflow, Run], place: Path) -> None:
    one, _ = videos(place)
    rows = pq.read_table(place / f"results/tracks/demo/{one}.parquet").to_pylist()
    best = max((row for row in rows if row["class"] in ("laptop", "tv")), key=lambda row: row["score"])
    before = coverage(place, one)
    write(place, {one: [{"drop": {"track": best["track_id"], "class": best["class"]}}, {"drop": {"track": 9999}}]})
    run = whole[0].run(place, CONFIG).ok()
    after = coverage(place, one)
    assert int(after[best["frame"], "screen"]["pixels"]) < int(before[best["frame"], "screen"]["pixels"])
    others = [key for key in after if key[1] != "screen"]
    assert [after[key]["pixels_union"] for key in others] == [before[key]["pixels_union"] for key in others]
    log = (place / f"results/logs/hide/{one}.log").read_text()
    said = (
        f"correction 1 (drop track {best['track_id']} {best['class']}) shows what was hidden: track {best['track_id']}"
    )
    assert said in log
    assert said in run.text
    assert "correction 2 (drop track 9999) meets nothing" in log


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("- [", {}, ("corrections.yaml: not YAML",)),
        ("a: [{drop: {}}]", {}, ("corrections.yaml: a, entry 1, drop: say one of track, class",)),
        ("a: [{drop: {class: lapto}}]", {}, ("a, entry 1", "did you mean 'laptop'?")),
        ("a: [{drop: {track: 1, model: x}}]", {}, ("a, entry 1: no model 'x'", "demo")),
        ("a: [{drop: {track: 1}}]", {"tracks": {"enabled": False}}, ("a, entry 1", "tracks.enabled is false")),
        ("a: []", {"corrections": "none.yaml"}, ("none.yaml: cannot be read",)),
    ],
)
def test_what_is_wrong_is_said_before_any_job(
    whole: tuple[Workflow, Run], place: Path, text: str, more: Mapping[str, Any], said: tuple[str, ...]
) -> None:
    (place / "corrections.yaml").write_text(text)
    whole[0].run(place, {**CONFIG, **more}).refused(*said)


def test_a_video_that_is_not_there_is_a_warning(whole: tuple[Workflow, Run], place: Path) -> None:
    one, _ = videos(place)
    write(place, {one[:-1]: [ADD]})
    run = whole[0].plan(place, CONFIG)
    assert not run.jobs
    run.line("corrections: there is no video", f"did you mean '{one}'?")


def test_boxes_need_no_tracks(whole: tuple[Workflow, Run], place: Path) -> None:
    one, _ = videos(place)
    write(place, {one: [ADD, {"drop": {"class": "laptop"}}]})
    whole[0].plan(place, {**CONFIG, "tracks": {"enabled": False}})


def coverage(folder: Path, video: str) -> dict[tuple[int, str], dict[str, str]]:
    with (folder / f"results/coverage/{video}.csv").open(newline="", encoding="utf-8") as stream:
        return {(int(row["frame"]), row["group"]): row for row in csv.DictReader(stream)}


def annotations(folder: Path, video: str) -> dict[int, list[Any]]:
    document = json.loads((folder / f"results/exports/coco/{video}.json").read_text(encoding="utf-8"))
    frames = {image["id"]: k for k, image in enumerate(document["images"])}
    found: dict[int, list[Any]] = {k: [] for k in frames.values()}
    for one in document["annotations"]:
        found[frames[one["image_id"]]].append({key: value for key, value in one.items() if key != "id"})
    return found


def pictures(folder: Path, video: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    path = folder / f"results/protected/{video}.mp4"
    return np.stack([frame.rgb() for frame in read_frames(path, probe(path))])
