"""`python -m objmask evaluate`: the built-in model on rendered pictures, detected once."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from objmask.cli import main
from objmask.evaluation.annotations import read_annotations
from objmask.evaluation.mask_ap import mask_ap
from objmask.inference.job import NetworkOptions
from objmask.models.load import load


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    assert main(["scene", f"--out={folder}", "--stills=4", "--seed=77", "--width=320", "--height=180"]) == 0
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "demo"
    assert main(["model", "--source=demo", f"--out={folder}"]) == 0
    return folder


def evaluate(scenes: Path, model: Path, out: Path, *more: str) -> int:
    given = [f"--images={scenes / 'images'}", f"--annotations={scenes / 'annotations.json'}", f"--model={model}"]
    return main(["evaluate", *given, f"--out={out}", "--device=cpu", *more])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def out(scenes: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    assert evaluate(scenes, model, folder) == 0
    return folder


def test_precision_is_that_of_the_training_s_judge(out: Path, scenes: Path, model: Path) -> None:
    detector = load(model, device="cpu")
    judged = mask_ap(detector.detect, read_annotations(None, scenes))
    detector.close()
    (row,) = rows(out / "models.csv")
    assert float(row["mask_ap"]) == pytest.approx(judged.ap, abs=1e-6)
    assert float(row["box_ap50"]) == pytest.approx(judged.box_ap50, abs=1e-6)
    classes = [one for one in rows(out / "classes.csv") if one["score"] == "0.05"]
    assert {one["class"]: int(one["instances"]) for one in classes} == {
        name: one.instances for name, one in judged.classes.items()
    }
    for one in classes:
        expected = judged.classes[one["class"]].ap
        assert (
            (not one["mask_ap"]) if math.isnan(expected) else float(one["mask_ap"]) == pytest.approx(expected, abs=1e-6)
        )
    assert float(row["ms"]) > 0
    assert float(row["hidden_pixels@0.1"]) > 0.9


def test_other_scores_and_groups_detect_nothing_again(
    out: Path, scenes: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(out / "models.csv")[0]

    def forbidden(_: NetworkOptions) -> Any:
        raise AssertionError("the network was loaded again")

    monkeypatch.setattr(NetworkOptions, "load", forbidden)
    groups = '{"thing": {"objects": ["cup", "book"], "colour": [255, 0, 0]}}'
    more = ["--floor=0.05", "--scores=[0.3]", f"--groups={groups}", '--objects=["cup"]', "--shape=box"]
    assert evaluate(scenes, model, out, *more) == 0
    row = rows(out / "models.csv")[0]
    assert row["ms"] == before["ms"]
    assert [one["group"] for one in rows(out / "groups.csv")] == ["thing", "all"]
    assert [one["class"] for one in rows(out / "classes.csv") if one["sensitive"] == "1"] == ["cup"]
    with pytest.raises(AssertionError, match="loaded again"):
        evaluate(scenes, model, out, "--scores=[0.2]", "--floor=0.2")


def test_two_models_of_one_name(scenes: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(scenes, model, tmp_path / "o", f"--model={model}") == 1
    assert "two are named 'demo'" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_model_need_not_be_installed(out: Path, scenes: Path, model: Path, tmp_path: Path) -> None:
    """A name, and a folder of a graph; what is detected is the same, so nothing is detected again."""
    shutil.copytree(out / "detections", tmp_path / "o/detections")
    log = tmp_path / "log.txt"
    assert evaluate(scenes, Path("demo"), tmp_path / "o", f"--log={log}") == 0
    lines = log.read_text().splitlines()
    assert any("demo: detections of these pictures are kept in" in line for line in lines)
    assert [line.split(" INFO ")[1].split(" in ")[0] for line in lines if " pictures in " in line] == [
        "judge demo: 4 pictures"
    ]
    shutil.copytree(Path(__file__).parents[3] / "objmask/models/demo", tmp_path / "other")
    assert evaluate(scenes, model, tmp_path / "two", f"--model={tmp_path}/other") == 0
    first, other = rows(tmp_path / "two/models.csv")
    assert (other["model"], other["mask_ap"]) == ("other", first["mask_ap"])


@pytest.mark.parametrize("given", ["nothing.tflite", "demmo"])
def test_a_model_that_is_none(given: str, scenes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(scenes, Path(given), tmp_path / "o") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert f"{given}: no such model; give an .onnx, .tflite or .pb file" in line
    assert not (tmp_path / "o").exists()


def changed(document: dict[str, Any], kind: str, **values: Any) -> dict[str, Any]:
    return {**document, kind: [{**document[kind][0], **values}, *document[kind][1:]]}


BAD = {
    "no annotation": (lambda d: {**d, "annotations": []}, "no object at all"),
    "another size": (lambda d: changed(d, "images", width=7), "pixels, its annotations say"),
    "a picture that is missing": (lambda d: changed(d, "images", file_name="no.jpg"), "no.jpg: missing (1 of 4"),
    "a way out": (lambda d: changed(d, "images", file_name="../x.jpg"), "must be relative"),
    "an image twice": (lambda d: {**d, "images": d["images"][:1] * 2}, "1 is the id of two images"),
    "an unknown category": (lambda d: changed(d, "annotations", category_id=999), "category_id 999"),
    "a polygon of two corners": (
        lambda d: changed(d, "annotations", segmentation=[[0, 0, 5, 5]]),
        "a polygon needs three corners",
    ),
    "runs for another size": (
        lambda d: changed(d, "annotations", segmentation={"size": [3, 3], "counts": [9]}),
        "a mask of [3, 3] in a picture of [180, 320]",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_truth_is_one_line(
    name: str, scenes: Path, model: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, message = BAD[name]
    document = json.loads((scenes / "annotations.json").read_text())
    shutil.copytree(scenes / "images", tmp_path / "s/images")
    (tmp_path / "s/annotations.json").write_text(json.dumps(change(document)))
    shutil.copytree(out / "detections", tmp_path / "o/detections")
    assert evaluate(tmp_path / "s", model, tmp_path / "o") == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "o/models.csv").exists()


def test_a_score_under_the_floor(scenes: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(scenes, model, tmp_path / "o", "--floor=0.3") == 1
    assert "--scores: 0.05 is below --floor 0.3" in capsys.readouterr().err
