"""After a whole run: what runs again when something changed, and above all what does not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import clips
import pytest
from snakemake_runs import Run, Workflow

CONFIG = {"videos": "videos"}
VIDEO_RULES = {"probe", "frames", "detect", "gather", "masks", "overlay", "protect", "coverage"}
PAINTED = {"masks", "overlay", "coverage", "summary"}
GROUPS = {
    "person": {"objects": ["person"], "colour": [255, 255, 255], "sensitive": True},
    "screen": {"objects": ["tv", "laptop"], "colour": [255, 0, 0], "sensitive": True},
}
COLOUR = {**GROUPS, "screen": {**GROUPS["screen"], "colour": [0, 255, 0]}}
OFFICIAL = {"sensitive_objects": ["toilet", "cell phone", "book", "keyboard"]}

CHANGES = {
    "masks.threshold": ({"masks": {"threshold": 0.6}}, PAINTED),
    "masks.score": ({"masks": {"score": 0.4}}, PAINTED),
    "masks.lossless": ({"masks": {"lossless": True}}, {"masks"}),
    "privacy.style": ({"privacy": {"style": "solid"}}, {"protect"}),
    "privacy.hold": ({"privacy": {"hold": 5}}, {"protect"}),
    "privacy.audio": ({"privacy": {"audio": "copy"}}, {"protect"}),
    "video.quality": ({"video": {"quality": 30}}, {"overlay", "protect"}),
    "groups": ({"groups": GROUPS, **OFFICIAL}, PAINTED),
    "one more sensitive object": ({"sensitive_objects": ["toilet", "cup"]}, {"protect"}),
    "detect.floor": ({"detect": {"floor": 0.06}}, VIDEO_RULES - {"probe"} | {"summary"}),
    "detect.chunk_frames": ({"detect": {"chunk_frames": 10}}, VIDEO_RULES - {"probe"} | {"summary"}),
    "fewer outputs": ({"outputs": ["masks"]}, set()),
    "detections too": ({"outputs": ["masks", "detections"]}, set()),
    "device": ({"device": "auto"}, VIDEO_RULES - {"probe"} | {"summary"}),
}


@pytest.fixture
def done(full_run: Run, tmp_path: Path) -> Path:
    """A copy of a finished run, for tests that change its videos."""
    return Path(shutil.copytree(full_run.folder, tmp_path / "run", symlinks=True))


def test_nothing_changed(workflow: Workflow, full_run: Run):
    run = workflow.plan(full_run.folder, CONFIG)
    assert not run.jobs
    run.line("Nothing to be done")


@pytest.mark.parametrize("what", CHANGES)
def test_a_setting_reruns_what_depends_on_it(workflow, full_run, what):
    change, rules = CHANGES[what]
    assert set(workflow.plan(full_run.folder, {**CONFIG, **change}).jobs) == rules


def test_a_colour_costs_no_inference_and_no_protection(workflow, done):
    """Groups are replaced as a whole; after that, one colour changes."""
    workflow.run(done, {**CONFIG, "groups": GROUPS, **OFFICIAL}, "--touch").ok()
    workflow.run(done, {**CONFIG, "groups": GROUPS, **OFFICIAL}).ok()
    plan = workflow.plan(done, {**CONFIG, "groups": COLOUR, **OFFICIAL})
    assert set(plan.jobs) == PAINTED


def test_touched_and_copied_videos_are_the_same_videos(workflow, done):
    for path in (done / "videos").rglob("*.mp4"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    copied = done / "videos/desk/one.mp4"
    data = copied.read_bytes()
    copied.unlink()
    copied.write_bytes(data)
    assert not workflow.plan(done, CONFIG).jobs


def test_a_model_downloaded_again_is_the_same_model(workflow, tmp_path):
    (tmp_path / "videos").mkdir()
    clips.make(tmp_path / "videos/a.mp4", pts=range(0, 5005, 1001))
    config = {"videos": "videos", "model": "model.tflite", "outputs": ["masks"]}
    for _ in range(2):
        (tmp_path / "model.tflite").unlink(missing_ok=True)
        shutil.copyfile(workflow.model, tmp_path / "model.tflite")
        run = workflow.run(tmp_path, config).ok()
    assert not run.jobs


def test_changed_bytes_rerun_that_video_alone(workflow, done):
    clips.make(done / "videos/desk/one.mp4", pts=range(0, 9009, 1001))
    plan = workflow.plan(done, CONFIG)
    assert plan.videos == {"desk/one": VIDEO_RULES}
    assert plan.jobs["summary"] == 1
    run = workflow.run(done, CONFIG).ok()
    assert run.videos == {"desk/one": VIDEO_RULES}
    assert not workflow.plan(done, CONFIG).jobs


def test_a_video_more_and_a_video_less(workflow, done):
    clips.make(done / "videos/desk/three.mp4", pts=range(0, 9009, 1001))
    plan = workflow.plan(done, CONFIG)
    assert plan.videos == {"desk/three": VIDEO_RULES}
    assert plan.jobs["summary"] == 1
    (done / "videos/desk/three.mp4").unlink()
    (done / "videos/desk/two.mp4").unlink()
    plan = workflow.plan(done, CONFIG)
    assert plan.jobs == {"summary": 1}


def test_a_lost_output_is_made_again_without_inference(workflow, done):
    (done / "results/protected/desk/one.mp4").unlink()
    plan = workflow.plan(done, CONFIG)
    assert plan.videos == {"desk/one": {"protect"}}
