"""Training clips through the workflow: what is made, what runs again, and that a network learns from it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from patience import AT_MOST_S
from snakemake_runs import Run, Workflow

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = {"videos": "videos.tsv", "outputs": ["clips"], "window": {"end_s": 2}}
ALL_FORMATS = {"formats": ["npz", "png", "tfrecord"]}
FIRST = "videos/typing/mini_subject_2_typeset"


@pytest.fixture(scope="module")
def made(workflow: Workflow, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two seconds of each of the office videos, folders as labels."""
    folder = tmp_path_factory.mktemp("clips")
    shutil.copytree(assets / "videos/office", folder / "videos")
    rows = [f"{path.relative_to(folder)}\t{path.parent.name}\t" for path in sorted(folder.glob("videos/*/*"))]
    (folder / "videos.tsv").write_text("".join(f"{row}\n" for row in ("path\tlabel\tsubject", *rows)))
    return workflow.run(folder, {**CONFIG, "clips": ALL_FORMATS}).ok()


def frames(folder: Path) -> dict[str, np.ndarray]:
    root = folder / "results/clips/npz"
    return {
        path.relative_to(root).as_posix(): np.load(path, allow_pickle=False)["frames"] for path in root.rglob("*.npz")
    }


def test_every_video_has_its_clip(made):
    clips = frames(made.folder)
    assert len(clips) == 7
    assert all((clip.shape, clip.dtype) == ((40, 64, 64, 3), np.uint8) for clip in clips.values())
    assert all(clip.any() for clip in clips.values())
    assert len(list((made.results / "clips/png").rglob("*.png"))) == 7 * 40
    assert {path.name for path in (made.results / "clips/tfrecord").glob("*.*record")} == {
        *("train.tfrecord", "test.tfrecord")
    }
    lists = [(made.results / f"clips/splits/{name}.txt").read_text().split() for name in ("train", "test")]
    assert {f"{name}.npz" for name in lists[0] + lists[1]} == set(clips)
    assert len(lists[1]) == 2  # one of three of desk and meeting each, none of the only one of typing
    assert (made.results / f"provenance/clips/{FIRST}.json").is_file()


def test_only_what_clips_need_has_run(made):
    assert set(made.jobs) == {
        *("model", "probe", "frames", "detect", "gather", "track", "paint"),
        *("clips", "clip_splits", "clip_images", "clip_records"),
    }


def test_a_network_learns_from_them(made):
    """The script of docs/clips.md, as it is."""
    command = [sys.executable, str(ROOT / "docs/examples/train_on_clips.py"), str(made.results / "clips")]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=AT_MOST_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "val_accuracy" in done.stdout


def test_the_script_is_the_one_that_is_shown():
    script = (ROOT / "docs/examples/train_on_clips.py").read_text()
    assert f"```python\n{script}```" in (ROOT / "docs/clips.md").read_text()


def test_a_label_is_that_video_s_clip_and_the_sets(workflow, made, tmp_path):
    folder = shutil.copytree(made.folder, tmp_path / "run", symlinks=True)
    table = folder / "videos.tsv"
    table.write_text(table.read_text().replace(".MP4\ttyping\t", ".MP4\ttype <b>it/now</b> $(touch x) {y} 'z'\tanna"))
    run = workflow.run(folder, {**CONFIG, "clips": ALL_FORMATS}).ok()
    assert dict(run.jobs) == {"clips": 1, "clip_splits": 1, "clip_images": 1, "clip_records": 1}
    assert run.videos == {FIRST: {"clips"}}
    labels = {path.name for path in (folder / "results/clips/png").iterdir() if path.is_dir()}
    assert labels == {"desk", "meeting", "type %3Cb%3Eit%2Fnow%3C%2Fb%3E $(touch x) %7By%7D 'z'"}
    assert not (folder / "x").exists()
    before, after = frames(made.folder), frames(folder)
    assert all((before[name] == after[name]).all() for name in before)


def test_a_further_video_changes_no_other(workflow, made, tmp_path):
    folder = shutil.copytree(made.folder, tmp_path / "run", symlinks=True)
    shutil.copy(folder / "videos/meeting/two_people_at_desk.mp4", folder / "videos/desk/new one.mp4")
    with (folder / "videos.tsv").open("a") as table:
        table.write("videos/desk/new one.mp4\tdesk\t\n")
    run = workflow.run(folder, {**CONFIG, "clips": ALL_FORMATS}).ok()
    assert run.jobs["clips"] == 1
    before, after = frames(made.folder), frames(folder)
    assert set(after) - set(before) == {"videos/desk/new one.npz"}
    assert all((before[name] == after[name]).all() for name in before)


@pytest.mark.parametrize("of", ["picture", "protected"])
def test_clips_of_pictures(workflow, made, tmp_path, of):
    folder = shutil.copytree(made.folder, tmp_path / "run", symlinks=True)
    (folder / "videos.tsv").write_text("path\tlabel\nvideos/typing/mini_subject_2_typeset.MP4\ttyping\n")
    run = workflow.run(folder, {**CONFIG, "clips": {"of": of}}).ok()
    assert run.jobs["clips"] == 1
    shown = frames(folder)[f"{FIRST}.npz"]
    assert len(np.unique(shown)) > 100
    assert "detect" not in run.jobs


def test_a_bad_video_fails_alone(workflow, made, tmp_path):
    folder = shutil.copytree(made.folder, tmp_path / "run", symlinks=True)
    (folder / "videos/desk/broken.mp4").write_text("no video")
    with (folder / "videos.tsv").open("a") as table:
        table.write("videos/desk/broken.mp4\tdesk\t\n")
    config = {**CONFIG, "clips": ALL_FORMATS}
    assert workflow.run(folder, config).code != 0
    run = workflow.run(folder, {**config, "on_unreadable": "exclude"}).ok()
    assert "broken" not in (folder / "results/clips/splits/videos.csv").read_text()
    assert run.results.joinpath("clips/png").is_dir()


def test_the_conda_environment_with_tensorflow_is_for_records_only():
    text = (ROOT / "workflow/rules/clips.smk").read_text()
    rules = {part.split(":")[0]: part for part in text.split("\nrule ")[1:]}
    assert {name for name, rule in rules.items() if "networks.yaml" in rule} == {"clip_records"}


def test_the_slurm_profile_renders_clips_with_their_video():
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    assert "clips=render_{video}" in profile["groups"]


def test_a_wrong_configuration_is_one_line(workflow, made):
    config = {**CONFIG, "clips": {"step_min": 3, "step_max": 2}}
    workflow.run(made.folder, config, "-n").refused("clips.step_max", "3")
