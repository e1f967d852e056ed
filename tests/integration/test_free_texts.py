"""Each text that a user can write, with what shells, templates and pages act on: none of it runs, all of it arrives."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from snakemake_runs import Run, Workflow, csv_column

from objmask.config.json_schema import the_schema
from objmask.config.settings import Output
from objmask.models.coco import COCO_NAMES
from objmask.models.formats.tflite import read_tflite

ROOT = Path(__file__).parents[2]
CANARY = "canary"
SHELL = f"$(touch {CANARY}) `touch {CANARY}` ';touch {CANARY};' &&touch {CANARY}|| %s \\n *?[a] ~ é\u202e☕"
"""Quotes inside out: what runs when a template puts it between quotes that are there already."""
BRACES = "{video} {{wildcards}} {params.options} {input[0]} <results>"


def hostile(place: str, *, most: int = 1000) -> str:
    """A text of its own for a place, of at most `most` characters, that would make a file."""
    return f"{place} {BRACES} {SHELL} <script>touch({CANARY})</script>"[:most]


GROUP, SCREEN = f"{{video}}';touch {CANARY}-g;' $(touch {CANARY}-g) %s é", f"={{params}} `touch {CANARY}` | <b>"
PERSON, THING = hostile("person"), hostile("-thing")
LABEL, SUBJECT = hostile("=label"), hostile("@subject")
FOLDER = f"-{{video}} $(touch {CANARY}) ';touch {CANARY};' %s é"
MODELS = f"models {BRACES} $(touch {CANARY}) ';touch {CANARY};'"

FIRST = f"x'$(touch {CANARY})'"
NAMES = {
    FIRST: FIRST,
    f"{{video}} `touch {CANARY}` %s": f"%7Bvideo%7D `touch {CANARY}` %25s",
}
"""Stems of videos, and what their results are called."""

EACH = [output for output in get_args(Output) if output not in ("detections", "tracks", "evaluation", "audit")]

PLACES = {
    "videos": f"{FOLDER}/videos {{model}}.csv",
    "models[]": None,  # with names of their own they are:
    "models.*": None,
    "models.*.model": f"./{MODELS}/{{video}} `touch {CANARY}`.tflite",
    "models.*.objects[]": THING,
    "mirror": f"/nowhere/{hostile('mirror').replace('/', '')}",
    "corrections": f"{FOLDER}/corrections {{chunk}}.yaml",
    "groups.*.colour": "teal",
    "groups.*.objects[]": THING,
    "sensitive_objects[]": THING,
    "masks.models[]": "a.b",
    "privacy.hold": "0.1 s",  # seconds, and nothing else
    "privacy.models[]": "a.b",
    "clips.split.test_subjects[]": SUBJECT,
    "evaluation.annotations": f"{FOLDER}/truth {{video}}.json",
    "audit.model": None,  # in a list
    "audit.model[]": f"./{MODELS}/$(touch {CANARY}){{model}}.tflite",
}
"""Every place of the schema where a text may stand that is not one of some words, and what stands there."""


def texts(schema: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """The places of a schema that take any text."""
    for one in schema.get("oneOf", [schema]):
        if "string" in one.get("type", ()) and "enum" not in one:
            yield where
        for key, part in one.get("properties", {}).items():
            yield from texts(part, f"{where}.{key}".lstrip("."))
        if isinstance(one.get("additionalProperties"), dict):
            yield from texts(one["additionalProperties"], f"{where}.*")
        if "items" in one:
            yield from texts(one["items"], f"{where}[]")


def test_no_place_is_left_out():
    assert sorted(set(texts(the_schema()))) == sorted(PLACES)


@pytest.mark.parametrize("path", sorted((ROOT / "workflow/rules").glob("*.smk")), ids=lambda path: path.stem)
def test_templates_quote_all_that_they_take(path):
    """A chunk is two numbers."""
    commands = "".join(re.findall(r'^    shell:\n((?:        ".*"\n)+)', path.read_text(encoding="utf-8"), re.M))
    taken = re.findall(r"\{.*?\}", commands)
    assert [one for one in taken if not one.endswith(":q}") and one not in ("{threads}", "{wildcards.chunk}")] == []


def model_of(names: list[str], original: Path, path: Path) -> None:
    """A copy of a network whose metadata calls its objects by other names."""
    with zipfile.ZipFile(original) as archive:
        start = min(entry.header_offset for entry in archive.infolist())
    metadata = read_tflite(original).metadata
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(original.read_bytes()[:start])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("metadata.json", json.dumps({**metadata, "names": dict(enumerate(names))}))


@pytest.fixture(scope="module")
def run(workflow: Workflow, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    # The folder that it runs in has a name too, below which Snakemake makes scripts of long commands.
    folder = tmp_path_factory.mktemp("texts") / f"{{video}} $(touch {CANARY}) `touch {CANARY}` ';touch {CANARY};'"
    source = assets / "videos/office/meeting/two_people_at_desk.mp4"
    (folder / FOLDER).mkdir(parents=True)
    for name in NAMES:
        shutil.copy(source, folder / FOLDER / f"{name}.mp4")
    with (folder / PLACES["videos"]).open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["path", "label", "subject", f"other {SHELL}"])
        rows.writerows([f"{name}.mp4", LABEL, SUBJECT if name == FIRST else "2", SHELL] for name in NAMES)
    coco = [PERSON if name == "person" else THING if name == "laptop" else name for name in COCO_NAMES]
    for place in ("models.*.model", "audit.model[]"):
        model_of(coco, workflow.model, folder / PLACES[place])
    entry = {"class": PERSON, "from_s": 0, "to_s": 0.1, "box": [0.1, 0.1, 0.9, 0.4]}
    corrections = {
        FIRST: [{"add": entry}, {"allow": {**entry, "class": THING}}, {"relabel": {"class": PERSON, "was": THING}}]
    }
    # More than is given on a command line.
    corrections[FIRST] += [{"drop": {"class": "book", "from_s": 5000 + n, "to_s": 9000}} for n in range(500)]
    (folder / PLACES["corrections"]).write_text(json.dumps(corrections), encoding="utf-8")
    truth = {
        "images": [
            {"id": 1, "video": FIRST, "frame": 0, "width": 672, "height": 384, "file_name": hostile("file_name")}
        ],
        "annotations": [
            {
                **{"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 400, "bbox": [4, 4, 20, 20]},
                "segmentation": [[4, 4, 24, 4, 24, 24, 4, 24]],
            }
        ],
        "categories": [{"id": 1, "name": PERSON}],
    }
    (folder / PLACES["evaluation.annotations"]).write_text(json.dumps(truth), encoding="utf-8")
    config = {
        "videos": PLACES["videos"],
        "models": {"a.b": {"model": PLACES["models.*.model"], "objects": [PERSON, THING, "tv"]}},
        "mirror": PLACES["mirror"],
        "corrections": PLACES["corrections"],
        "window": {"end_s": 0.15},
        "groups": {
            GROUP: {"objects": [PERSON], "colour": [255, 255, 255]},
            SCREEN: {"objects": [THING, "tv"], "colour": PLACES["groups.*.colour"]},
        },
        "sensitive_objects": [PERSON, THING],
        "masks": {"models": ["a.b"]},
        "privacy": {"models": ["a.b"], "hold": PLACES["privacy.hold"]},
        "exports": {"images": "png"},
        "clips": {
            "frames": 2,
            "size": 16,
            "formats": ["npz", "png", "tfrecord"],
            "split": {"test_subjects": [SUBJECT]},
        },
        "evaluation": {"annotations": PLACES["evaluation.annotations"]},
        "audit": {"model": [PLACES["audit.model[]"]]},
        "report": {"raw_pictures": True, "players": "embed"},
        "outputs": [*EACH, "evaluation", "audit"],
    }
    return workflow.run(folder, config)


def test_nothing_runs(run, workflow):
    run.ok()
    made = [path for root in (run.folder, workflow.root) for path in root.rglob(f"{CANARY}*")]
    assert made == []
    assert not [path for path in Path.cwd().iterdir() if path.name.startswith(CANARY)]


def test_names_of_videos_and_what_the_table_says_arrive(run):
    table = run.results / "summary/coverage_by_video.csv"
    columns = {column: csv_column(table, column) for column in ("video", "label", "subject", "group")}
    assert set(columns["video"]) == set(NAMES.values())
    assert set(columns["label"]) == {LABEL}
    assert set(columns["subject"]) == {SUBJECT, "2"}
    assert set(columns["group"]) == {GROUP, SCREEN}
    assert set(csv_column(run.results / "audit/audit.csv", "label")) == {LABEL}
    assert (run.results / "clips/splits/test.txt").read_text("utf-8").split("\n")[0].startswith(NAMES[FIRST])


@pytest.mark.parametrize("name", NAMES.values())
def test_groups_and_objects_arrive_in_what_is_made_of_each_video(run, name):
    assert set(csv_column(run.results / f"coverage/{name}.csv", "group")) == {GROUP, SCREEN}
    assert [line.split(":")[0] for line in lines(run.results / f"exports/masks_png/{name}/labelmap.txt")][1:] == [
        *(GROUP, SCREEN)
    ]
    assert lines(run.results / f"exports/yolo/{name}/classes.txt") == [PERSON, THING, "tv"]
    coco = read_json(run.results / f"exports/coco/{name}.json")
    assert {(one["name"], one["supercategory"]) for one in coco["categories"]} >= {(PERSON, GROUP), (THING, SCREEN)}
    assert set(json.loads(settings_of(run, f"audit/{name}")["hiding"])["objects"]) == {PERSON, THING}
    assert list(json.loads(settings_of(run, f"coverage/{name}")["groups"])) == [GROUP, SCREEN]
    assert list(json.loads(settings_of(run, f"masks/{name}")["groups"])) == [GROUP, SCREEN]


def test_corrections_and_models_arrive(run):
    corrected = json.loads(settings_of(run, f"audit/{NAMES[FIRST]}")["corrections"])
    assert [text for entry in corrected[:3] for part in entry.values() for text in (part["class"],)] == [
        PERSON,
        THING,
        PERSON,
    ]
    model = read_json(run.results / "models/a.b/model.json")
    assert (model["classes"][0], model["classes"][63]) == (PERSON, THING)
    assert set(csv_column(run.results / "evaluation/classes.csv", "class")) >= {PERSON}


def test_the_report_shows_them_and_runs_none(run):
    page = (run.results / "report.html").read_text(encoding="utf-8")
    assert f"<script>touch({CANARY})" not in page
    assert html.escape(GROUP, quote=False).split("'")[0] in page


def test_no_table_holds_a_formula(run):
    for path in run.results.rglob("*.csv"):
        with path.open(newline="", encoding="utf-8") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) and not is_number(cell)] == [], path


def is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", cell) is not None


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def settings_of(run: Run, result: str) -> dict[str, Any]:
    """The settings that a result was made with, as its provenance says."""
    return read_json(run.results / f"provenance/{result}.json")["settings"]
