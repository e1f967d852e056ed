"""`python -m objmask scene`: files that other tools read, the same for the same options, nothing half-written."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from objmask.cli import main
from objmask.config.defaults import PALETTE
from objmask.models.coco import COCO_IDS, OFFICE_NAMES
from objmask.scene.world import render_still

SMALL = ["--width", "96", "--height", "54", "--seed", "5"]


def _run(out: Path, *options: str) -> int:
    return main(["scene", "--out", str(out), *SMALL, *options])


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def stills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stills")
    assert _run(folder, "--stills", "6", "--split", "train") == 0
    return folder


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    assert _run(folder, "--clips", "3", "--seconds", "0.5", "--rate", "10") == 0
    return folder


def test_stills_are_valid_coco_with_the_masks_that_were_drawn(stills: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coco = COCO(str(stills / "annotations.json"))
    assert {c["name"]: c["id"] for c in coco.loadCats(coco.getCatIds())} == {n: COCO_IDS[n] for n in OFFICE_NAMES}
    images = coco.loadImgs(coco.getImgIds())
    assert [i["file_name"] for i in images] == [f"{k:06d}.jpg" for k in range(6)]
    for k, image in enumerate(images):
        rendered = render_still(5, split="train", width=96, height=54, index=k)
        picture = cv2.imread(str(stills / "images" / image["file_name"]))
        assert picture is not None
        error = picture[..., ::-1].astype(float) - rendered.picture
        assert np.abs(error).mean() < 6
        names = dict(rendered.objects)
        notes = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
        assert len(notes) == sum(pixels >= 12 for pixels in rendered.visible().values())
        for note in notes:
            mask = coco.annToMask(note).astype(bool)
            assert (mask == (rendered.instances == note["instance"])).all()
            assert note["area"] == mask.sum()
            assert COCO_IDS[names[note["instance"]]] == note["category_id"]
            x, y, w, h = note["bbox"]
            rows, columns = np.nonzero(mask)
            assert (x, y) == (columns.min(), rows.min())
            assert (w, h) == (np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_the_same_options_give_the_same_files_with_any_number_of_jobs(stills: Path, tmp_path: Path) -> None:
    assert _run(tmp_path, "--stills", "6", "--split", "train", "--jobs", "2") == 0
    assert _bytes(tmp_path) == _bytes(stills)


def test_clips_lie_in_folders_by_activity(clips: Path) -> None:
    assert sorted(str(p.relative_to(clips)) for p in clips.rglob("*.mp4")) == [
        "drinking/drinking_01.mp4",
        "kitchen/kitchen_01.mp4",
        "typing/typing_01.mp4",
    ]
    for video in clips.rglob("*.mp4"):
        with av.open(str(video)) as container:
            frames = list(container.decode(video=0))
        assert [f.pts * f.time_base for f in frames] == [pytest.approx(k / 10) for k in range(5)]
        assert (frames[0].width, frames[0].height) == (96, 54)


def test_a_clip_s_coverage_is_that_of_its_masks(clips: Path) -> None:
    truth = clips / "truth" / "typing" / "typing_01"
    coco = COCO(str(truth) + ".json")
    from_masks: dict[tuple[int, str], int] = defaultdict(int)
    group_of = {COCO_IDS[name]: PALETTE.groups[k - 1].name for name, k in PALETTE.index_of.items()}
    frame_of = {image["id"]: image["frame"] for image in coco.dataset["images"]}
    assert sorted(frame_of.values()) == list(range(5))
    for note in coco.dataset["annotations"]:
        from_masks[frame_of[note["image_id"]], group_of[note["category_id"]]] += note["area"]
    with Path(str(truth) + ".coverage.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 5 * len(PALETTE.groups)
    shares: dict[str, float] = defaultdict(float)
    for row in rows:
        # Objects of under 12 pixels have no mask in the document, and yet cover what they cover.
        assert 0 <= int(row["pixels"]) - from_masks[int(row["frame"]), row["group"]] < 50
        assert float(row["fraction"]) == pytest.approx(int(row["pixels"]) / (96 * 54), abs=1e-8)
        shares[row["frame"]] += float(row["fraction"])
    assert all(0 < share <= 1 for share in shares.values())
    assert any(int(row["pixels"]) > 100 for row in rows if row["group"] == "person")


def test_clips_repeat(clips: Path, tmp_path: Path) -> None:
    assert _run(tmp_path, "--clips", "1", "--seconds", "0.5", "--rate", "10") == 0
    again = _bytes(tmp_path)
    assert len(again) == 3
    before = _bytes(clips)
    assert [name for name, content in again.items() if before[name] != content] == []


def test_nothing_to_render_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path / "none") == 1
    assert "--stills" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["images/holiday.jpg", "annotations.json"])
def test_pictures_of_other_origin_are_not_replaced(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("{}")
    assert _run(tmp_path, "--stills", "1") == 1
    assert "of other origin; choose another --out" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "{}"


def test_rendered_pictures_are_replaced(tmp_path: Path) -> None:
    assert _run(tmp_path, "--stills", "2") == _run(tmp_path, "--stills", "1") == 0
    assert len(list((tmp_path / "images").iterdir())) == 1
