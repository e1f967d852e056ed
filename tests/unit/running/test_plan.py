import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import clips
import pytest

from objmask.errors import ConfigError, DataError
from objmask.running.further_pass import LeftOut
from objmask.running.plan import Plan, plain
from objmask.running.read_plan import read_plan
from objmask.running.run import RESULTS
from objmask.running.targets import files_by_output, targets

PROJECT = Path(__file__).parents[3]
VIDEOS = ("desk/one", "meeting/two")


@pytest.fixture
def planned(tmp_path, monkeypatch) -> Callable[..., Plan]:
    """Reads the plan of two small videos in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in VIDEOS:
        path = Path(f"videos/{name}.mp4")
        path.parent.mkdir(parents=True)
        clips.make(path, pts=range(0, 10010, 1001))

    def read(warned: list[str] | None = None, **given: Any) -> Plan:
        warned = [] if warned is None else warned
        return read_plan({"videos": "videos", "model": "demo", **given}, PROJECT, main=True, warn=warned.append)

    return read


def test_reading_a_plan_writes_nothing_but_checksums(planned):
    planned(outputs=["clips", "yolo", "audit"])
    assert [path for path in Path("results").rglob("*") if path.is_file()] == [Path("results/index.json")]


def test_chunks_cover_a_video(planned):
    plan = planned(detect={"chunk_frames": 4})
    assert plan.chunks("desk/one", "demo") == ["00000000-00000004", "00000004-00000008", "00000008-00000010"]
    assert len(planned().chunks("desk/one", "demo")) == 1


def test_threads_where_results_depend_on_them_are_few(planned):
    plan = planned()
    assert {plan.inference_threads(cores) for cores in (None, 1, 64)} == {2}


@pytest.mark.parametrize(
    ("given", "pattern"),
    [
        ({}, "results/tracks/demo/{video}.parquet"),
        ({"tracks": {"enabled": False}}, "results/detections/demo/{video}.parquet"),
    ],
    ids=["tracks", "detections"],
)
def test_what_is_rendered_starts_from_tracks_when_there_are_any(planned, given, pattern):
    plan = planned(**given)
    assert plan.detections("masks") == [pattern]
    assert plan.detections("privacy", ".frames.parquet") == [pattern.replace(".parquet", ".frames.parquet")]


def test_protected_video_that_is_audited_waits_elsewhere(planned):
    assert planned(outputs=["protected"]).protected == "protected"
    audited = planned(outputs=["audit"])
    assert audited.protected == "unaudited"
    assert audited.hides
    assert list(audited.searching) == ["demo"]
    assert not planned(outputs=["masks"]).hides


def test_an_excluded_video_is_named_and_not_used(planned):
    Path("videos/desk/one.mp4").write_bytes(b"no video")
    plan = planned(on_unreadable="exclude")
    assert [video.name for video in plan.used] == ["meeting/two"]
    assert [video.name for video in plan.excluded] == ["desk/one"]
    table = plan.video_table(plan.videos).splitlines()
    assert table[0] == "name\tlabel\tsubject\texcluded"
    assert table[1].split("\t")[3] == plan.why_excluded["desk/one"]
    assert table[2] == "meeting/two\tmeeting\t\t"
    assert plan.per_video("masks/{video}.mp4") == ["results/masks/meeting/two.mp4"]


def test_without_a_video_to_use_there_is_no_plan(planned):
    for name in VIDEOS:
        Path(f"videos/{name}.mp4").write_bytes(b"no video")
    with pytest.raises(ConfigError, match="none of 2 can be used; one"):
        planned(on_unreadable="exclude")


def test_a_video_that_failed_in_an_earlier_pass_is_left_out_and_said(planned):
    plan = replace(planned(), left_out=LeftOut({"desk/one": "broke off"}))
    assert [video.name for video in plan.used] == ["meeting/two"]
    assert plan.video_table(plan.videos).splitlines()[1].endswith("\tFAILED broke off")


def test_a_table_without_labels_does_not_change_with_them(planned):
    plan = planned()
    renamed = [replace(video, label="other", subject="7") for video in plan.videos]
    assert plan.video_table(renamed) != plan.video_table(plan.videos)
    assert plan.video_table(renamed, labels=False) == plan.video_table(plan.videos, labels=False)


def test_corrections_that_say_what_is_there_count_for_an_evaluation(planned):
    added = {"add": {"class": "person", "from_s": 0, "to_s": 0.1, "box": [0.1, 0.1, 0.5, 0.5]}}
    allowed = {"allow": {"class": "person", "from_s": 0, "to_s": 0.1, "box": [0.1, 0.1, 0.5, 0.5]}}
    Path("mine.yaml").write_text(json.dumps({"desk/one": [added, allowed], "gone": [added]}))
    warned: list[str] = []
    plan = planned(warned, corrections="mine.yaml")
    assert any("there is no video 'gone'" in line for line in warned)
    assert plan.judged_corrections == ""
    judged = replace(plan, annotated=frozenset(VIDEOS))
    assert json.loads(judged.judged_corrections) == {"desk/one": [added]}


def test_a_folder_of_exports_holds_no_other_video(planned):
    clips.make(Path("videos/desk.mp4"), pts=range(0, 3003, 1001))
    assert planned(outputs=["coco"])
    for given in ({"outputs": ["yolo"]}, {"outputs": ["coco"], "exports": {"images": "png"}}):
        with pytest.raises(ConfigError, match="'desk' is named like the folder of 'desk/one'"):
            planned(**given)


def test_a_split_that_cannot_be_is_refused(planned):
    with pytest.raises(ConfigError, match="leave_one_subject_out"):
        planned(outputs=["clips"], clips={"split": {"leave_one_subject_out": True}})


def test_annotations_of_other_videos_are_refused(planned):
    image = {"id": 1, "video": "gone", "frame": 0, "width": 64, "height": 48, "file_name": ""}
    truth = {"images": [image], "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    Path("truth.json").write_text(json.dumps(truth))
    with pytest.raises(DataError, match="names none of the videos"):
        planned(outputs=["evaluation"], evaluation={"annotations": "truth.json"})


def test_every_output_stands_for_files_and_no_other_changes_them(planned):
    every = list(files_by_output(planned()))
    plan = planned(outputs=[name for name in every if name != "evaluation"])
    by_output = files_by_output(plan)
    assert all(by_output.values())
    assert targets(plan) == list(dict.fromkeys(path for name in plan.config["outputs"] for path in by_output[name]))
    assert targets(planned(outputs=["masks"])) == [f"results/masks/{name}.mp4" for name in VIDEOS]


def test_the_two_tables_can_be_asked_for(planned):
    plan = planned(outputs=["hidden", "painted"])
    assert targets(plan) == [
        f"results/{folder}/{name}{ending}"
        for folder in ("hidden", "painted")
        for ending in (".parquet", ".frames.parquet")
        for name in VIDEOS
    ]


def test_people_are_told_what_each_output_is(planned):
    plan = planned(outputs=["masks"])
    for output, files in files_by_output(plan).items():
        assert {file.split("/")[1] for file in files} & {*RESULTS}, output


def test_frames_that_are_kept_are_asked_for_by_chunk(planned):
    plan = planned(outputs=["masks"], frames={"keep": "png"}, detect={"chunk_frames": 8})
    assert [path for path in targets(plan) if path.startswith("results/frames/")] == [
        f"results/frames/{name}/{chunk}" for name in VIDEOS for chunk in ("00000000-00000008", "00000008-00000010")
    ]


def test_a_model_is_given_as_it_was_configured(planned):
    assert planned().model_given("demo") == "demo"
    own = planned(model=None, models={"mine": str(PROJECT / "objmask/models/demo")})
    assert own.model_given("mine") == str(PROJECT / "objmask/models/demo")


def test_a_path_is_no_address():
    assert plain("a:b.mp4") == "./a:b.mp4"
    assert plain(Path("/a/b.mp4")) == "/a/b.mp4"
