"""`temporal.csv`: a person in the upper left quarter of ten frames, whom networks miss in some of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest
from builders import METADATA, found, write_detections
from shapes import annotation

from objmask.cli import main
from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import frames_path
from objmask.hidden.areas import grow
from objmask.video.info import VideoInfo

FRAMES = 10
MISSED = (4, 5)
BOX = (0.0, 0.0, 23 / 47, 31 / 63)
PERSON = found(("person", 0.9, BOX))
ALWAYS = [PERSON] * FRAMES
GAPPED = [Detections.empty() if k in MISSED else PERSON for k in range(FRAMES)]
ADDED = {"add": {"class": "person", "box": list(BOX)}}
TIGHT = ("--shape=box", "--grow=0", "--hold=0")
NEEDS_NEIGHBOURS = ("longest_leak_frames", "longest_leak_s", "flicker_per_object_minute", "id_switches")


class Place:
    """Results of videos named `a`, `b`, …, and the truth about them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / "results"
        self.infos: dict[str, VideoInfo] = {}
        self.images: list[dict[str, Any]] = []
        self.objects: list[dict[str, Any]] = []

    def video(self, name: str) -> VideoInfo:
        """Makes it."""
        (self.folder / "videos").mkdir(exist_ok=True)
        path = clips.make(self.folder / f"videos/{name}.mp4", size=(64, 48), pts=range(0, 1001 * FRAMES, 1001))
        assert main(["probe", f"--video={path}", f"--out={self.results / f'probe/{name}.json'}"]) == 0
        self.infos[name] = VideoInfo.read(self.results / f"probe/{name}.json")
        assert self.infos[name].frames == FRAMES
        return self.infos[name]

    def detections(self, frames: Sequence[Detections], video: str = "a", model: str = "m") -> Path:
        """What a model found."""
        path = self.results / f"detections/{model}/{video}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {"model": model, "model_sha256": "f" * 64, "versions": {}}
        write_detections(path, frames, **about, video_sha256=self.infos[video].sha256)
        return path

    def track(self, video: str = "a", model: str = "m") -> None:
        """Follows what it found."""
        source, out = (self.results / f"{kind}/{model}/{video}.parquet" for kind in ("detections", "tracks"))
        out.parent.mkdir(parents=True, exist_ok=True)
        probe, clip = self.results / f"probe/{video}.json", self.folder / f"videos/{video}.mp4"
        made = [f"--video={clip}", f"--probe={probe}", f"--detections={source}", "--no-flow"]
        assert main(["track", *made, f"--out={out}", f"--out-frames={frames_path(out)}"]) == 0

    def truth(self, frames: Sequence[int], video: str = "a", **about: object) -> None:
        """Annotates the person in frames; `about`: more of the annotation."""
        mask = np.zeros((48, 64), np.uint8)
        mask[:24, :32] = 1
        for frame in frames:
            number = len(self.images) + 1
            place = {"id": number, "file_name": "x", "video": video, "frame": frame, "height": 48, "width": 64}
            self.images.append(place)
            self.objects.append({**annotation(number, number, 1, mask), **about})

    def rows(self, *options: str, models: Sequence[str] = ("m",)) -> dict[tuple[str, str, str], dict[str, str]]:
        """The table's rows by `from`, `model` and `video`."""
        assert self.evaluate(*options, models=models) == 0
        with (self.folder / "out/temporal.csv").open(newline="", encoding="utf-8") as stream:
            return {(row["from"], row["model"], row["video"]): row for row in csv.DictReader(stream)}

    def evaluate(self, *options: str, models: Sequence[str] = ("m",)) -> int:
        categories = [{"id": 1, "name": "person"}, {"id": 47, "name": "cup"}]
        document = {"images": self.images, "annotations": self.objects, "categories": categories}
        (self.folder / "truth.json").write_text(json.dumps(document))
        lines = "".join(f"{name}\t\t\t\n" for name in self.infos)
        (self.folder / "videos.tsv").write_text(f"name\tlabel\tsubject\texcluded\n{lines}")
        return main(
            ["evaluate-videos", f"--annotations={self.folder / 'truth.json'}", f"--videos={self.folder / 'videos.tsv'}",
             f"--results={self.results}", "--name", *models, "--scores=[0.1]", f"--out={self.folder / 'out'}", *options]
        )  # fmt: skip

    def corrections(self, **entries: Sequence[object]) -> str:
        """The option."""
        (self.folder / "corrections.json").write_text(json.dumps(entries))
        return f"--corrections={self.folder / 'corrections.json'}"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Of one video whose person is missed in two frames, all of them annotated."""
    made = Place(tmp_path)
    made.video("a")
    made.detections(GAPPED)
    made.truth(range(FRAMES), instance=3)
    return made


def seconds(count: float) -> float:
    return count * 1001 / 30000


def test_two_frames_of_ten_are_200_in_a_thousand_and_none_with_hold(place: Place) -> None:
    rows = place.rows(*TIGHT)
    assert list(rows) == [
        (way, model, video) for way, model in (("detections", "m"), ("results", "")) for video in ["a", "all"]
    ]
    for row in rows.values():
        assert (row["frames"], row["following_frames"]) == ("10", "9")
        assert (row["sensitive_frames"], row["leaked_frames"], row["leaked_per_1000"]) == ("10", "2", "200.000000")
        assert (row["longest_leak_frames"], float(row["longest_leak_s"])) == ("2", pytest.approx(seconds(2), abs=1e-6))
        # A margin of whole 2 x 2 blocks, without the corner.
        assert (row["hidden_share"], row["over_blur"]) == ("0.800000", f"{8 * 2 * (24 + 32) / (10 * 2304):.6f}")
        assert (row["painted_share"], row["paint_in_place"]) == ("0.800000", "1.000000")
        assert float(row["flicker_per_object_minute"]) == pytest.approx(2 / (seconds(10) / 60), abs=1e-6)
        assert float(row["group_flicker_per_minute"]) == pytest.approx(2 / (seconds(8) / 60), abs=1e-6)
        assert (row["idf1"], row["id_switches"]) == ("", "")  # nothing has a track
    for row in place.rows("--shape=box", "--grow=0", "--hold=2").values():
        assert (row["leaked_frames"], row["leaked_per_1000"], row["longest_leak_frames"]) == ("0", "0.000000", "0")
        assert (row["hidden_share"], row["painted_share"]) == ("1.000000", "0.800000")


def test_a_correction_over_the_missed_frames_leaves_no_leak(place: Place) -> None:
    fix = {"add": {**ADDED["add"], "from_s": round(seconds(4), 3), "to_s": round(seconds(5), 3)}}
    rows = place.rows(*TIGHT, place.corrections(a=[fix], elsewhere=[fix]), f"--provenance={place.folder / 'made.json'}")
    assert (rows["results", "", "all"]["leaked_frames"], rows["results", "", "a"]["painted_share"]) == ("0", "1.000000")
    assert rows["detections", "m", "all"]["leaked_frames"] == "2"
    assert "corrections_sha256" in json.loads((place.folder / "made.json").read_text())
    half = {"add": {**fix["add"], "to_s": fix["add"]["from_s"]}}
    assert place.rows(*TIGHT, place.corrections(a=[half]))["results", "", "all"]["leaked_frames"] == "1"
    dropped = place.rows(*TIGHT, place.corrections(a=[{"drop": {"class": "person"}}]))
    assert dropped["results", "", "all"]["leaked_per_1000"] == "1000.000000"


def test_tracks_fill_the_gap_and_have_identities(place: Place) -> None:
    place.track()
    rows = place.rows(*TIGHT, "--tracks")
    assert [key[:2] for key in rows] == [
        (way, m) for way, m in (("detections", "m"), ("tracks", "m"), ("results", "")) for _ in "12"
    ]
    assert rows["detections", "m", "all"]["leaked_frames"] == "2"
    for way in (("tracks", "m", "all"), ("results", "", "all")):
        row = rows[way]
        assert (row["leaked_frames"], row["flicker_per_object_minute"]) == ("0", "0.000000")
        assert (row["idf1"], row["id_switches"]) == ("1.000000", "0")
    # What was added by hand is in no track, and no other object's either.
    row = place.rows(*TIGHT, "--tracks", place.corrections(a=[{"add": {**ADDED["add"], "from_s": 0, "to_s": 0.1}}]))[
        "results", "", "all"
    ]
    assert row["id_switches"] == "0"


def test_one_model_hides_and_another_paints(place: Place) -> None:
    place.detections(ALWAYS, model="sure")
    place.detections([Detections.empty()] * FRAMES, model="blind")
    models = ("m", "sure", "blind")
    rows = place.rows(*TIGHT, '--hidden-by=["sure"]', '--painted-by=["blind"]', models=models)
    figures = {key[:2]: (row["leaked_frames"], row["painted_share"]) for key, row in rows.items() if key[2] == "all"}
    assert figures == {
        ("detections", "m"): ("2", "0.800000"),
        ("detections", "sure"): ("0", "1.000000"),
        ("detections", "blind"): ("10", "0.000000"),
        ("results", ""): ("0", "0.000000"),
    }
    rows = place.rows(*TIGHT, '--hidden-by=["blind"]', '--painted-by=["sure"]', models=models)
    assert [rows["results", "", "all"][name] for name in ("leaked_frames", "painted_share")] == ["10", "1.000000"]
    assert place.rows(*TIGHT, models=models)["results", "", "all"]["leaked_frames"] == "0"  # the union of all


def test_tracks_of_two_models_are_no_identities(place: Place) -> None:
    place.detections(ALWAYS, model="sure")
    for model in ("m", "sure"):
        place.track(model=model)
    rows = place.rows("--tracks", models=("m", "sure"))
    assert (rows["results", "", "all"]["idf1"], rows["results", "", "all"]["id_switches"]) == ("", "")
    assert rows["tracks", "sure", "all"]["idf1"] == "1.000000"


def test_sparse_truth_says_nothing_of_neighbours(place: Place) -> None:
    place.images, place.objects = [], []
    place.truth((0, 4, 6), instance=3)
    place.track()
    rows = place.rows(*TIGHT, "--tracks")
    for row in rows.values():
        assert (row["frames"], row["following_frames"], row["sensitive_frames"]) == ("3", "0", "3")
        assert [row[name] for name in (*NEEDS_NEIGHBOURS, "group_flicker_per_minute")] == [""] * 5
    assert rows["detections", "m", "all"]["leaked_per_1000"] == "333.333333"
    assert rows["tracks", "m", "all"]["idf1"] == "1.000000"  # tracks last from one annotated frame to the next
    page = (place.folder / "out/evaluation.html").read_text()
    assert "Over time" in page
    assert "nan" not in page


def test_frames_after_a_gap_are_no_time_in_which_nothing_flickers(place: Place) -> None:
    place.images, place.objects = [], []
    place.truth((3, 4, 6, 7), instance=3)
    row = place.rows(*TIGHT)["detections", "m", "all"]
    assert (row["frames"], row["following_frames"], row["longest_leak_frames"]) == ("4", "2", "1")
    assert float(row["flicker_per_object_minute"]) == pytest.approx(1 / (seconds(2) / 60), abs=1e-4)


@pytest.mark.parametrize("about", [{}, {"instance": -1}, {"track_id": None}])
def test_truth_that_does_not_say_which_object_is_which(place: Place, capsys: Any, about: dict[str, object]) -> None:
    place.images, place.objects = [], []
    place.truth(range(FRAMES), **about)
    place.images.append({**place.images[0], "id": 99, "video": "b", "frame": 2})
    place.video("b")
    place.detections(GAPPED, "b")
    place.track()
    place.track("b")
    rows = place.rows(*TIGHT, "--tracks")
    assert "annotations of 1 videos, the first 'a', do not say which object is which" in capsys.readouterr().err
    for way in (("detections", "m"), ("tracks", "m"), ("results", "")):
        assert [rows[*way, "a"][name] for name in (*NEEDS_NEIGHBOURS, "idf1")] == [""] * 5
        assert [rows[*way, "all"][name] for name in NEEDS_NEIGHBOURS] == [""] * 4
    assert rows["detections", "m", "a"]["leaked_per_1000"] == "200.000000"
    assert rows["detections", "m", "all"]["sensitive_frames"] == "10"


def test_one_number_for_two_objects_of_a_frame_says_nothing(place: Place) -> None:
    place.objects.append({**place.objects[0], "id": 99, "category_id": 47})
    assert [place.rows(*TIGHT)["detections", "m", "a"][name] for name in NEEDS_NEIGHBOURS] == [""] * 4


def test_crowds_do_not_count(place: Place) -> None:
    for one in place.objects:
        one["iscrowd"] = 1
    row = place.rows(*TIGHT)["results", "", "all"]
    assert (row["sensitive_frames"], row["leaked_per_1000"], row["painted_share"]) == ("0", "", "")
    assert float(row["over_blur"]) > 0


def test_videos_together(place: Place) -> None:
    place.video("all")
    place.detections([Detections.empty()] * FRAMES, "all")
    place.truth(range(5), "all", track_id=8)
    for video in ("a", "all"):
        place.track(video)
    assert place.evaluate(*TIGHT, "--tracks") == 0
    lines = [line.split(",") for line in (place.folder / "out/temporal.csv").read_text().splitlines()]
    of = {name: k for k, name in enumerate(lines[0])}
    detections = [[line[of[name]] for name in ("video", "leaked_frames", "sensitive_frames")] for line in lines[1:4]]
    assert detections == [["a", "2", "10"], ["all", "5", "5"], ["all", "7", "15"]]
    assert lines[3][of["longest_leak_frames"]] == "5"
    assert lines[6][of["idf1"]] == f"{2 * 10 / (15 + 10):.6f}"
    assert (place.folder / "out/evaluation.html").read_text().count("<td>detections m</td>") == 1


def test_frames_that_no_network_saw_do_not_count(place: Place) -> None:
    info = place.infos["a"]
    path = place.results / "detections/m/a.parquet"
    metadata = {**METADATA, "video_sha256": info.sha256, "model_sha256": "f" * 64}
    with DetectionWriter(path, frames_path(path), metadata) as writer:
        for k in range(2, FRAMES):
            seen = k % 2 == 0
            writer.write(k, 1001 * k, 1001, inferred=seen, found=PERSON if seen else Detections.empty())
    row = place.rows(*TIGHT)["results", "", "a"]
    assert (row["frames"], row["following_frames"], row["leaked_frames"]) == ("4", "0", "0")


def test_work_is_done_for_annotated_frames_only(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.images, place.objects = [], []
    place.truth((6,), instance=1)
    grown: list[object] = []
    monkeypatch.setattr("objmask.hidden.decide.grow", lambda *given: grown.append(given) or grow(*given))
    assert place.rows("--hold=1")["results", "", "a"]["leaked_frames"] == "0"
    assert len(grown) == 1 + 2 * 2  # for the judge of score floors, and what hides in frame 6, of 6 and 7, for each way


def test_the_same_bytes_again(place: Place) -> None:
    place.track()
    made = []
    for _ in range(2):
        assert place.evaluate("--tracks") == 0
        made.append((place.folder / "out/temporal.csv").read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ('--hidden-by=["x"]', "--hidden-by: expected a list of some of m"),
        ("--painted-by=[]", "--painted-by: expected a list of some of m"),
        ("--painted-by=3", "--painted-by: expected a list of some of m"),
        ("--hidden-by=[[]]", "--hidden-by: expected a list of some of m"),
        ("--corrections=/none", "/none: cannot be read"),
        ("--tracks", "tracks/m/a"),
    ],
)
def test_what_is_wrong_is_one_line(place: Place, capsys: Any, option: str, said: str) -> None:
    assert place.evaluate(option) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (place.folder / "out").exists()


@pytest.mark.parametrize("content", ["[1]", '{"a": 1}', "{", '{"a": [{"add": {}}]}'])
def test_files_that_hold_no_corrections(place: Place, capsys: Any, content: str) -> None:
    (place.folder / "c.json").write_text(content)
    assert place.evaluate(f"--corrections={place.folder / 'c.json'}") == 1
    error = capsys.readouterr().err
    assert "corrections" in error or "c.json" in error
    assert "Traceback" not in error
