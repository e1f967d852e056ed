"""A configuration that cannot work ends in one line, before any job."""

from __future__ import annotations

from pathlib import Path

import clips
import pytest

PERSON = {"objects": ["person"], "colour": [255, 255, 255]}
GREY = {"objects": ["book"], "colour": [240, 240, 240]}

WRONG = {
    "unknown key": ({"detectt": {}}, ["unknown key 'detectt'", "possible:", "detect"]),
    "a section's name for videos": ({"video": "/path"}, ["video: '/path'", "did you mean 'videos'?"]),
    "unknown key in a section": ({"privacy": {"blur": 3}}, ["unknown key 'privacy.blur'", "style"]),
    "wrong type": ({"masks": {"score": "high"}}, ["masks.score", "'high'", "0..1"]),
    "out of range": ({"privacy": {"strength": 9}}, ["privacy.strength", "9", "8"]),
    "unknown output": ({"outputs": ["mask"]}, ["outputs", "'mask'", "'masks'"]),
    "unknown object": ({"groups": {"people": {**PERSON, "objects": ["persn"]}}}, ["'persn'", "did you mean 'person'"]),
    "unknown sensitive object": ({"sensitive_objects": ["toilett"]}, ["'toilett'", "did you mean 'toilet'"]),
    "clashing colours": ({"groups": {"people": PERSON, "books": GREY}}, ["'people'", "'books'", "clash", "40"]),
    "black": ({"groups": {"people": {**PERSON, "colour": [0, 0, 0]}}}, ["'people'", "background", "clash"]),
    "object in two groups": (
        {"groups": {"people": PERSON, "walkers": {**PERSON, "colour": [255, 0, 0]}}},
        ["'person'", "'people'", "'walkers'"],
    ),
    "privacy below the floor": ({"privacy": {"score": 0.01}}, ["privacy.score", "0.01", "detect.floor", "lower"]),
    "masks below the floor": ({"detect": {"floor": 0.5}}, ["masks.score", "0.3", "detect.floor"]),
    "window backwards": ({"window": {"start_s": 3, "end_s": 2}}, ["window", "end_s 2", "start_s 3"]),
    "gaps in protected video": (
        {"detect": {"every": 2}, "tracks": {"enabled": False}},
        ["detect.every", "protected", "set it to 1"],
    ),
    "unknown model for masks": ({"masks": {"models": ["big"]}}, ["masks.models", "'big'", "yolov8n-seg_256"]),
    "unknown model for privacy": ({"privacy": {"models": ["big"]}}, ["privacy.models", "'big'"]),
    "two models of one name": ({"models": ["MODEL", "copy/MODEL"]}, ["two are named", "give them names"]),
    "a name that no label map can hold": (
        {"outputs": ["cvat"], "groups": {"a:b": PERSON}},
        ["groups.a:b", "label maps", "rename it"],
    ),
    "missing model": ({"model": "models/none.tflite"}, ["models/none.tflite", "no such model", "give a"]),
    "no model": ({"models": None}, ["models is missing", "--config model="]),
    "no videos": ({"videos": None}, ["videos is missing", "folder"]),
    "videos nowhere": ({"videos": "nowhere"}, ["'nowhere'", "/nowhere)", "set it to"]),
    "a table without paths": ({"videos": "given.json"}, ["given.json", "column 'path'"]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "videos").mkdir()
    clips.make(folder / "videos/a.mp4", pts=range(0, 3003, 1001))
    return folder


@pytest.mark.parametrize("what", WRONG)
def test_it_is_refused_in_one_line(workflow, folder, what):
    wrong, parts = WRONG[what]
    config = {"videos": "videos", **wrong}
    if "two models" in what:
        config["models"] = [str(workflow.model), str(folder / workflow.model.name)]
        (folder / workflow.model.name).write_bytes(workflow.model.read_bytes())
    workflow.run(folder, config, "-n").refused(*parts)
    assert not (folder / "results/videos").exists()


def test_values_on_the_command_line_have_their_types(workflow, folder):
    """`--config 'window={…}'` arrives as text all through."""
    run = workflow.run(
        folder,
        {"videos": "videos"},
        "-n",
        "--config",
        "window={end_s: 0.5}",
        "detect={every: 2}",
        "tracks={enabled: false}",
    )
    run.refused("detect.every", "protected")
    workflow.run(folder, {"videos": "videos"}, "-n", "--config", "privacy={zones: [[[0, 0], [1, 0], [1, 0.5]]]}").ok()


def test_a_misspelt_column_is_a_warning(workflow, folder):
    (folder / "videos.csv").write_text("path,lable,camera\nvideos/a.mp4,chat,left\n")
    run = workflow.plan(folder, {"videos": "videos.csv"})
    run.line("objmask: videos: videos.csv: unknown column 'lable'; did you mean 'label'?")
    assert "'camera'" not in run.text
    # A dry run makes no report.
    assert "objmask: open" not in run.text


def test_outputs_in_one_text(workflow, folder):
    run = workflow.run(folder, {"videos": "videos"}, "-n", "--config", "outputs=masks, coverage").ok()
    assert {"masks", "coverage", "summary"} <= set(run.jobs)
    assert not {"overlay", "protect"} & set(run.jobs)


def test_what_no_model_detects_is_an_error_in_groups_of_the_user_s_own(workflow, folder):
    """`mirror` is an object of COCO's longer list, which these networks do not know."""
    groups = {"mirrors": {"objects": ["mirror"], "colour": [255, 0, 0]}}
    workflow.run(folder, {"videos": "videos", "groups": groups}, "-n").refused("'mirror'")


@pytest.mark.parametrize("config", [{"outputs": ["yolo"]}, {"outputs": ["coco"], "exports": {"images": "png"}}])
def test_a_video_named_like_a_folder_of_videos(workflow, tmp_path, config):
    """Each would have a folder of exports, one within the other, and be removed with it."""
    (tmp_path / "videos/a").mkdir(parents=True)
    clips.make(tmp_path / "videos/a.mp4", pts=range(0, 3003, 1001))
    clips.make(tmp_path / "videos/a/b.mp4", pts=range(0, 3003, 1001))
    workflow.run(tmp_path, {"videos": "videos", **config}, "-n").refused("'a'", "'a/b'", "rename one")
    workflow.plan(tmp_path, {"videos": "videos", "outputs": ["coco", "cvat"]})


@pytest.mark.parametrize(
    ("split", "parts"),
    [
        ({"leave_one_subject_out": True}, ["leave_one_subject_out", "two subjects", "column subject"]),
        ({"test_subjects": [9]}, ["test_subjects", "no subject '9'"]),
    ],
)
def test_videos_that_cannot_be_divided_as_asked(workflow, folder, split, parts):
    """The verb says the same, after everything has been detected."""
    workflow.run(folder, {"videos": "videos", "clips": {"split": split}, "outputs": ["clips"]}, "-n").refused(*parts)
    workflow.plan(folder, {"videos": "videos", "clips": {"split": split}})
