"""From which folder, with which flags and for which outputs the workflow is called."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import get_args

import clips
import pytest
import yaml
from snakemake_runs import OUTPUTS, outputs_of

from objmask.config.settings import Output

ROOT = Path(__file__).parents[2]
DETECTED = {"model", "probe", "frames", "detect", "gather"}
TRACKED = DETECTED | {"track"}
PAINTED, HIDDEN = TRACKED | {"paint"}, TRACKED | {"hide"}
COUNTED = PAINTED | {"coverage", "summary"}
SEARCHED = {"audit_probe", "audit_frames", "audit_detect", "audit_gather", "turns", "audit", "release"}
SEARCHED |= {"audit_summary"}
CHOICES: dict[str, set[str]] = {
    "detections": DETECTED,
    "tracks": TRACKED,
    "painted": PAINTED,
    "hidden": HIDDEN,
    "masks": PAINTED | {"masks"},
    "overlay": PAINTED | {"overlay"},
    "protected": HIDDEN | {"protect"},
    "coverage": COUNTED,
    "clips": PAINTED | {"clips", "clip_splits", "clip_images"},
    "coco": PAINTED | {"coco", "coco_dataset"},
    "masks_png": PAINTED | {"masks_png"},
    "yolo": PAINTED | {"yolo", "yolo_dataset"},
    "cvat": PAINTED | {"cvat"},
    "evaluation": TRACKED | {"evaluation"},
    "audit": HIDDEN | {"protect"} | SEARCHED,
    "report": COUNTED | {"video_summary", "report"},
}
ALL = set.union(*(CHOICES[output] for output in ("masks", "overlay", "protected", "coverage", "report")))


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("input") / "my videos"
    (folder / "desk").mkdir(parents=True)
    return clips.make(folder / "desk/a.mp4", pts=range(0, 5005, 1001)).parents[1]


@pytest.mark.parametrize("output", get_args(Output))
def test_outputs_choose(workflow, videos, tmp_path, output):
    config = {"videos": str(videos), "outputs": [output]}
    if output == "evaluation":
        truth = {
            "images": [{"id": 1, "video": "desk/a", "frame": 0, "width": 8, "height": 8, "file_name": ""}],
            "annotations": [],
            "categories": [{"id": 1, "name": "person"}],
        }
        tmp_path.joinpath("truth.json").write_text(json.dumps(truth))
        config["evaluation"] = {"annotations": "truth.json"}
    plan = workflow.plan(tmp_path, config)
    assert set(plan.jobs) == CHOICES[output]


def test_all_cores_work_on_one_chunk_or_on_many(workflow, videos, tmp_path):
    def threads(**config) -> str | None:
        plan = workflow.run(tmp_path, {"videos": str(videos), **config}, "-n", "--cores", "2").ok()
        shown = re.search(r"^rule detect:\n(?:    .*\n)*?    threads: (\d+)\n", plan.text, re.M)
        return shown[1] if shown else None

    assert threads() == "2"
    assert threads(detect={"chunk_frames": 2}) == "2"  # three: two side by side would leave the third alone
    assert threads(detect={"chunk_frames": 1}) is None  # one each, which Snakemake does not mention


def test_a_dry_run_makes_no_result(workflow, videos, tmp_path):
    assert set(workflow.plan(tmp_path, {"videos": str(videos)}).jobs) == ALL
    assert {path.name for path in (tmp_path / "results").iterdir()} <= {"index.json", "videos"}


def test_one_file_can_be_asked_for(workflow, videos, tmp_path):
    plan = workflow.run(tmp_path, {"videos": str(videos)}, "-n", "results/masks/desk/a.mp4").ok()
    assert set(plan.jobs) == CHOICES["masks"]


def test_another_working_directory(workflow, full_run, tmp_path):
    """`--directory`: relative paths and results lie there, and it is where an earlier run is found again."""
    shutil.copytree(full_run.folder, tmp_path / "there it is", symlinks=True)
    run = workflow.run(tmp_path / "here", {"videos": "videos"}, "-n", "--directory", tmp_path / "there it is").ok()
    assert not run.jobs
    assert not (tmp_path / "here/results").exists()


def test_plainly_from_the_project_s_folder(workflow, videos):
    """`snakemake --cores 2` and nothing else: config.yaml and profiles/default are taken by themselves."""
    config = yaml.safe_load((workflow.root / "config.yaml").read_text())
    assert config["videos"] == "videos"
    copied = [
        shutil.copytree(videos, workflow.root / "videos"),
        workflow.root / "models",
    ]
    copied[1].mkdir()
    shutil.copy(workflow.model, copied[1] / "model.tflite")
    (workflow.root / "videos/desk/broken.mp4").write_text("no video")
    try:
        run = workflow.run(workflow.root, None, unflagged=True)
        assert run.code != 0
        run.line("workflow specific profile", "profiles/default")
        run.line("FAILED", "videos/desk/broken.mp4")
        # keep-going: the video beside the broken one is done.
        for path in outputs_of(workflow.root / "results", "desk/a"):
            assert path.is_file()
        (workflow.root / "videos/desk/broken.mp4").unlink()
        run = workflow.run(workflow.root, None, unflagged=True).ok()
        assert set(run.jobs) == {"summary", "report"}
        assert "./" not in "".join(line for line in run.text.splitlines() if "discouraged" in line)
    finally:
        for folder in (*copied, workflow.root / "results", workflow.root / ".snakemake"):
            shutil.rmtree(folder)


def test_the_default_profile_says_what_it_promises():
    profile = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text())
    assert profile["keep-going"] is True
    assert profile["rerun-incomplete"] is True
    assert profile["scheduler"] == "greedy"
    assert profile["resources"] == ["gpu=1"]
    assert profile["retries"] == 1
    assert profile["nolock"] is True


def rules_of() -> tuple[str, set[str]]:
    """The text of all rule files, and the names of their rules."""
    text = "".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    return text, {*re.findall(r"^rule (\w+):", text, re.M), *re.findall(r"^use rule \w+ as (\w+) with:", text, re.M)}


def test_what_a_job_needs_is_said_by_its_rule_and_grows_with_each_attempt():
    text, _ = rules_of()
    needs = re.findall(r"^ +(?:mem_mb|runtime)=(.*),$", text, re.M)
    assert len(needs) == 2 * len(re.findall(r"^rule ", text, re.M))
    assert [need for need in needs if not re.fullmatch(r"growing\(\w+\)", need)] == []


def test_the_slurm_profile_names_rules_that_there_are():
    """A name that is no rule's would do nothing, without a word."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    _, rules = rules_of()
    grouped = {group.split("=")[0] for group in profile["groups"]}
    once = {"model", "summary", "report", "evaluation", "coco_dataset", "yolo_dataset", "audit_summary"}
    once |= {"clip_splits", "clip_images", "clip_records"}
    assert {*profile["set-resources"]} <= rules
    assert grouped | once | {"probe", "audit_probe"} == rules
    assert profile["retries"] == 2
    assert profile["nolock"] is True


def test_config_yaml_shows_every_default(workflow, full_run):
    """What is shown for a key is what holds when it is not set."""
    shown = yaml.safe_load((workflow.root / "config.yaml").read_text())
    own = {"models": [str(workflow.model)], "device": "cpu", "videos": "videos"}
    assert not workflow.plan(full_run.folder, {**shown, **own}).jobs


def test_every_example_is_a_whole_configuration(workflow, tmp_path):
    """With names as FPV-O has them, whose example asks for two subjects."""
    (tmp_path / "videos/walk").mkdir(parents=True)
    for subject in (1, 2):
        clips.make(tmp_path / f"videos/walk/{subject}_10_walk.mp4")
    for example in sorted((workflow.root / "workflow/examples").glob("*.yaml")):
        given = ["-s", workflow.root / "Snakefile", "--configfile", example]
        values = ["videos=videos", f"model={workflow.model}"]
        run = workflow.run(tmp_path, None, "-n", *given, "--config", *values, unflagged=True).ok()
        assert run.jobs["paint"] == 2
    assert len(OUTPUTS) == 4
