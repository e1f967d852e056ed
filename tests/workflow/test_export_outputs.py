"""Exports through the workflow: every format of every video, joined, and which change makes what again."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import clips
import numpy as np
import pytest
import yaml
from PIL import Image
from pycocotools.coco import COCO
from snakemake_runs import Run

from objmask.exports.instances import frame_name

HOSTILE = "it's {odd} $name\" \N{CAMERA}"
CONFIG = {
    "videos": "videos",
    "outputs": ["coverage", "coco", "masks_png", "yolo", "cvat"],
    "detect": {"every": 2},
    "tracks": {"enabled": False},
    "exports": {"every": 3, "images": "jpg"},
    "groups": {
        "person": {"objects": ["person"], "colour": [255, 0, 255]},
        "screen": {"objects": ["tv", "laptop"], "colour": [255, 0, 0]},
    },
}
FORMATS = {"coco", "masks_png", "yolo", "cvat"}
JOINED = {"coco_dataset", "yolo_dataset"}


@pytest.fixture(scope="module")
def run(workflow, assets, tmp_path_factory) -> Run:
    """A real video, and one with a name of the worst kind that shows nothing."""
    folder = tmp_path_factory.mktemp("exports")
    (folder / "videos/meeting").mkdir(parents=True)
    shutil.copy(assets / "videos/office/meeting/two_people_at_desk.mp4", folder / "videos/meeting/people.mp4")
    clips.make(folder / f"videos/{HOSTILE}.mp4")
    return workflow.run(folder, CONFIG).ok()


def odd(results: Path) -> str:
    """The name of the other video in files."""
    [path] = (results / "exports/coco").glob("*.json")
    return path.stem


def test_every_format_has_the_frames_that_the_network_saw(run):
    exports = run.results / "exports"
    for video, frames in (("meeting/people", range(0, 33, 6)), (odd(run.results), range(0, 20, 6))):
        names = [frame_name(number) for number in frames]
        document = json.loads((exports / f"coco/{video}.json").read_text())
        assert [image["frame"] for image in document["images"]] == list(frames)
        assert {image["video"] for image in document["images"]} == {video}
        assert sorted(p.stem for p in (exports / f"masks_png/{video}").glob("*.png")) == names
        assert sorted(p.stem for p in (exports / f"yolo/{video}/labels").iterdir()) == names
        assert sorted(p.stem for p in (exports / f"yolo/{video}/images").glob("*.jpg")) == names
        with zipfile.ZipFile(exports / f"cvat/{video}.zip") as archive:
            assert archive.read("ImageSets/Segmentation/default.txt").decode().split() == names
            assert len(archive.namelist()) == 2 * len(names) + 2


def test_pixels_are_those_of_coverage(run):
    with (run.results / "coverage/meeting/people.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if int(row["frame"]) % 6 == 0]
    expected = {(int(row["frame"]), row["group"]): int(row["pixels"]) for row in rows}
    coco = COCO(str(run.results / "exports/coco/meeting/people.json"))
    frame_of = {image["id"]: image["frame"] for image in coco.dataset["images"]}
    group_of = {kind["id"]: kind["supercategory"] for kind in coco.dataset["categories"]}
    pixels = Counter(dict.fromkeys(expected, 0))
    for annotation in coco.dataset["annotations"]:
        pixels[frame_of[annotation["image_id"]], group_of[annotation["category_id"]]] += annotation["area"]
    assert pixels == expected
    assert max(expected.values()) > 10_000
    groups = list(dict.fromkeys(row["group"] for row in rows))
    with Image.open(run.results / "exports/masks_png/meeting/people/00000006.png") as png:
        counted = np.bincount(np.asarray(png).ravel(), minlength=len(groups) + 1)
    assert [expected[6, group] for group in groups] == counted[1:].tolist()


def test_all_videos_are_joined(run):
    exports = run.results / "exports"
    document = json.loads((exports / "annotations.json").read_text())
    assert len(document["images"]) == 6 + 4
    assert all((exports / "images" / image["file_name"]).is_file() for image in document["images"])
    lists = yaml.safe_load((exports / "data.yaml").read_text("utf-8"))["train"]
    assert len(lists) == 2
    for path in lists:
        for line in (exports / path).read_text().splitlines():
            image = (exports / path).parent / line
            assert image.is_file()
            assert Path(str(image).replace("/images/", "/labels/")).with_suffix(".txt").is_file()
