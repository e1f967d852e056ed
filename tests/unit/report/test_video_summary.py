"""The summary of a video, from files as the workflow makes them."""

from __future__ import annotations

import json
from pathlib import Path

import clips
import pytest
from builders import PALETTE, found, write_detections
from test_thumbnails import shown

from objmask.cli import main
from objmask.files.whole import write_json
from objmask.report.bounds import BINS
from objmask.video import probe

PALETTE_JSON = PALETTE.to_json()
PERSON, CUP = ("person", 0.9, (0.0, 0.0, 1.0, 0.5)), ("cup", 0.35, (0.5, 0.5, 1.0, 1.0))


class Made:
    """A video with detections and coverage, and summaries of it."""

    def __init__(self, folder: Path, frames, **clip) -> None:
        self.folder = folder
        self.video = clips.make(folder / "a.mp4", pts=[1001 * k for k in range(len(frames))], **clip)
        write_json(folder / "probe.json", probe(self.video).to_json())
        sha256 = probe(self.video).sha256
        write_detections(folder / "a.parquet", frames, video_sha256=sha256, model_sha256="f" * 64)
        self.found = [f"--probe={folder / 'probe.json'}", f"--detections={folder / 'a.parquet'}"]
        painted, groups = folder / "painted/a.parquet", f"--groups={PALETTE_JSON}"
        assert main(["paint", *self.found, groups, f"--out={painted}"]) == 0
        self.given = [f"--probe={folder / 'probe.json'}", f"--painted={painted}", groups]
        assert main(["coverage", *self.given, f"--out={folder / 'a.csv'}"]) == 0

    def hide(self, objects: str = '["person"]') -> str:
        """Hides; the option that says so."""
        hidden = self.folder / "hidden/a.parquet"
        assert main(["hide", *self.found, f"--objects={objects}", "--hold=0", f"--out={hidden}"]) == 0
        return f"--hidden={hidden}"

    def code(self, *arguments: str) -> int:
        return main(
            ["video-summary", *self.given, f"--coverage={self.folder / 'a.csv'}", *arguments, f"--out={self.out}"]
        )

    def video_summary(self, *arguments: str):
        assert self.code(*arguments) == 0
        return json.loads(self.out.read_text(encoding="ascii"))

    @property
    def out(self) -> Path:
        return self.folder / "report/a.json"


@pytest.fixture
def made(tmp_path):
    return Made(tmp_path, [found(PERSON), found(PERSON, CUP), found(), found(CUP)])


def test_it_counts(made):
    video_summary = made.video_summary()
    assert (video_summary["frames"], video_summary["looked_at"], video_summary["inferred"]) == (4, 4, 4)
    assert video_summary["objects_a_frame"][:3] == [1, 2, 1]
    person, screen, drink = video_summary["groups"]
    assert (person["name"], person["present"], drink["present"], screen["mean"]) == ("person", 0.5, 0.5, 0)
    assert video_summary["scores"][1][int(0.9 * BINS)] == 2
    assert video_summary["scores"][3][7] == 2  # 0.35 as float32 is a little less
    assert sum(map(sum, video_summary["scores"])) == 4
    assert video_summary["models"] == {"m": "f" * 64}
    assert len(video_summary["video"]["sha256"]) == 64
    assert not video_summary["warnings"]


def test_moments_show_masks_and_what_is_in_them(made):
    video_summary = made.video_summary("--thumbnails=2")
    assert [(moment["frame"], moment["groups"]) for moment in video_summary["moments"]] == [
        (1, ["person", "drink"]),
        (3, ["drink"]),
    ]
    for moment in video_summary["moments"]:
        assert list(moment["pictures"]) == ["masks"]
    picture = shown(video_summary["moments"][1]["pictures"]["masks"])
    assert tuple(picture[-5, -5]) == (0, 0, 255)
    assert not picture[:, : picture.shape[1] // 2 - 1].any()


def test_an_object_too_small_for_the_picture_is_named(tmp_path):
    speck = found(("cup", 0.9, (0.1, 0.1001, 0.1015, 0.1012)))
    made = Made(tmp_path, [speck], size=(2000, 1000))
    [moment] = made.video_summary()["moments"]
    assert moment["groups"] == ["drink"]
    assert moment["groups"] == [group["name"] for group in made.video_summary()["groups"] if group["present"]]


def test_protected_pictures_come_from_the_protected_video(made):
    protected = clips.make(made.folder / "protected.mp4", pts=[0, 1001, 2002, 3003], options={"bf": "0", "crf": "30"})
    pictures = made.video_summary("--thumbnails=1", "--protected", str(protected))["moments"][0]["pictures"]
    assert set(pictures) == {"masks", "protected"}
    assert shown(pictures["protected"]).any()


def test_a_protected_video_of_something_else_is_refused(made, capsys):
    other = clips.make(made.folder / "protected.mp4", pts=[0, 5, 10, 15], options={"bf": "0"})
    assert made.code("--protected", str(other)) == 1
    assert "has no frame at" in capsys.readouterr().err
    assert not made.out.exists()


def test_raw_pictures_only_for_those_who_ask(made):
    assert "raw" not in made.video_summary()["moments"][0]["pictures"]
    assert "raw" in made.video_summary(f"--raw={made.video}")["moments"][0]["pictures"]


def test_no_pictures(made):
    assert made.video_summary("--thumbnails=0")["moments"] == []


def test_a_single_frame_of_a_single_pixel_high_object(tmp_path):
    video_summary = Made(tmp_path, [found(("person", 0.9, (0.0, 0.0, 0.02, 1.0)))]).video_summary()
    assert len(video_summary["timeline"]["time_s"]) == len(video_summary["moments"]) == 1


def test_without_any_object_it_says_so(tmp_path):
    video_summary = Made(tmp_path, [found(), found(("cup", 0.1, (0, 0, 1, 1)))]).video_summary()
    assert [warning for warning in video_summary["warnings"] if "no object of any group" in warning]
    assert video_summary["timeline"]["mean"] == {}


def test_scores_near_the_threshold_are_worth_a_warning(tmp_path):
    near = [found(*[("cup", 0.28, (0.0, 0.0, 1.0, 1.0))] * 9, PERSON)] * 6
    [warning] = Made(tmp_path, near).video_summary()["warnings"]
    assert warning.startswith(
        "90% of the detections in groups that score at least 0.25 score at most 0.35, so close to masks.score 0.3"
    )
    assert not Made(tmp_path, near[:4]).video_summary()["warnings"]  # too few to say


def test_two_video_summaries_are_equal(made):
    assert made.video_summary()
    before = made.out.read_bytes()
    assert made.video_summary()
    assert made.out.read_bytes() == before


def test_coverage_of_another_video_is_refused(made, capsys):
    table = made.folder / "a.csv"
    table.write_text("\n".join(table.read_text().splitlines()[:-3]) + "\n")
    assert made.code() == 1
    assert "other frames than the detections" in capsys.readouterr().err


def test_provenance(made):
    made.video_summary(f"--provenance={made.folder / 'p.json'}")
    made_of = json.loads((made.folder / "p.json").read_text())
    assert made_of["settings"]["thumbnails"] == 6
    assert str(made.folder) not in (made.folder / "p.json").read_text()
