"""What runs again when something changed, and above all what does not: docs/reruns.md, line by line."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

import clips
import pytest
from rewording import helped, logged, raised, reword
from snakemake_runs import Run, Workflow

from objmask.config.settings import Output

ROOT = Path(__file__).parents[2]
VIDEOS = ("desk/one", "desk/two", "meeting/three")
ONCE = {"model", "summary", "report", "coco_dataset", "yolo_dataset", "clip_splits", "clip_images", "clip_records"}
ONCE |= {"evaluation", "audit_summary"}
GROUPS = {
    "person": {"objects": ["person"], "colour": [255, 255, 255], "sensitive": True},
    "screen": {"objects": ["tv", "laptop"], "colour": [255, 0, 0], "sensitive": True},
    "drink": {"objects": ["bottle", "cup"], "colour": [0, 0, 255], "sensitive": False},
}
OUTPUTS = ["masks", "overlay", "protected", "coverage", "report"]
BASE = {
    "videos": "input/videos.tsv",
    "models": {"net": "net"},
    "device": "cpu",
    "groups": GROUPS,
    "sensitive_objects": ["toilet", "cell phone", "book", "keyboard"],
    "corrections": "corrections.yaml",
}
NOTED = {"add": {"class": "book", "from_s": 0, "to_s": 0.1, "box": [0.2, 0.2, 0.4, 0.4]}}
TRUTH = {
    "images": [
        {"id": i, "video": name, "frame": 3, "width": 64, "height": 48, "file_name": ""}
        for i, name in enumerate(VIDEOS[:2], 1)
    ],
    "annotations": [
        {
            **{"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 400},
            **{"bbox": [4, 4, 20, 20], "segmentation": [[4, 4, 24, 4, 24, 24, 4, 24]]},
        }
    ],
    "categories": [{"id": 1, "name": "person"}],
}


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the document.

    Attributes:
        heading: what it stands under.
        names: what its words for several rules mean.
        config: what is configured before anything changes.
    """

    heading: str
    names: Mapping[str, str]
    config: Mapping[str, Any]

    def rows(self) -> dict[str, tuple[str, str]]:
        """What changed -> (of which videos, jobs)."""
        text = (ROOT / "docs/reruns.md").read_text(encoding="utf-8").split(f"\n## {self.heading}\n")[1]
        cells = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", text.split("\n## ")[0], re.M)
        return {what: (videos, jobs) for what, videos, jobs in cells if what != "what changed"}

    def rules(self, jobs: str) -> set[str]:
        """The rules that a cell of the table names."""
        while any(name in jobs.split(", ") for name in self.names):
            jobs = ", ".join(self.names.get(part, part) for part in jobs.split(", "))
        return set(jobs.split(", ")) - {"-"}


DETECTION = {"detection": "frames, detect, gather, track"}
USUAL = Table(
    "The usual outputs",
    {
        "all": "probe, detection, painting, hiding",
        "painting": "paint, masks, overlay, coverage, video_summary",
        "hiding": "hide, protect, video_summary",
        **DETECTION,
    },
    BASE,
)
FURTHER = Table(
    "Further outputs",
    {
        "all": "probe, detection, paint, annotated_images, annotations, clips",
        "annotations": "coco, yolo, masks_png, cvat",
        "datasets": "coco_dataset, yolo_dataset",
        "sets": "clip_images, clip_records",
        **DETECTION,
    },
    {
        **BASE,
        "outputs": ["coco", "yolo", "masks_png", "cvat", "clips", "evaluation"],
        "exports": {"images": "jpg"},
        "clips": {"formats": ["npz", "png", "tfrecord"], "frames": 4, "size": 16},
        "evaluation": {"annotations": "truth.json"},
    },
)

AUDIT = Table(
    "Audit",
    {
        "all": "probe, detection, paint, hide, turns, protect, coverage, video_summary, again",
        "again": "audit_probe, audit_frames, audit_detect, audit_gather, audit_read, audit, release",
        **DETECTION,
    },
    {**BASE, "outputs": ["audit", "report"], "audit": {"fail_over": 1000, "read": True}},
)
TABLES = (USUAL, FURTHER, AUDIT)


@dataclass
class Place:
    """A finished run whose inputs may be changed, and what is configured."""

    folder: Path
    config: dict[str, Any]
    project: Path

    @property
    def video(self) -> Path:
        return self.folder / "input/desk/one.mp4"

    def table(self, old: str, new: str) -> None:
        """Changes the table of videos."""
        path = self.folder / "input/videos.tsv"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def rewritten(self, path: Path) -> None:
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)

    def moved(self, old: str, new: str) -> None:
        (self.folder / old).rename(self.folder / new)

    def edited(self, below: str, text: str) -> None:
        """Adds to a file of the project."""
        with (self.project / below).open("a", encoding="utf-8") as stream:
            stream.write(text)

    def every_module(self, text: str) -> None:
        for path in (self.project / "objmask").rglob("*.py"):
            self.edited(str(path.relative_to(self.project)), text)

    def reworded(self, found: Callable[[ast.Module], list[ast.expr]]) -> None:
        assert reword(self.project / "objmask", found)

    def result(self, below: str) -> Path:
        path = self.folder / "results" / below
        assert path.exists()
        return path

    def edited_result(self, below: str) -> None:
        with self.result(below).open("ab") as stream:
            stream.write(b" ")


def sets(section: str, key: str, value: Any) -> Callable[[Place], None]:
    """Changes one value of the configuration."""

    def change(place: Place) -> None:
        place.config[section] = {**place.config.get(section, {}), key: value}

    return change


def top(**values: Any) -> Callable[[Place], None]:
    return lambda place: place.config.update(values)


def group(name: str, key: str, value: Any) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        place.config["groups"] = {**GROUPS, name: {**GROUPS[name], key: value}}

    return change


def code(verb: str) -> Callable[[Place], None]:
    return lambda place: place.edited(f"objmask/verbs/{verb.replace('-', '_')}.py", "\n_MORE = 1\n")


def modules(*names: str) -> Callable[[Place], None]:
    """Changes modules of the package."""

    def change(place: Place) -> None:
        for name in names:
            place.edited(f"objmask/{name}", "\n_MORE = 1\n")

    return change


def add_video(place: Place) -> None:
    clips.make(place.folder / "input/desk/new.mp4", pts=range(0, 9009, 1001))
    place.table("desk/one.mp4\tdesk\t1\n", "desk/one.mp4\tdesk\t1\ndesk/new.mp4\tdesk\t1\n")


def excluded_video(place: Place) -> None:
    """One that breaks off, in a run that has left it out."""
    path = place.folder / "input/desk/new.mp4"
    clips.make(path, pts=range(0, 9009, 1001), container_options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])  # behind the first picture
    place.table("desk/one.mp4\tdesk\t1\n", "desk/one.mp4\tdesk\t1\ndesk/new.mp4\tdesk\t1\n")
    place.config["on_unreadable"] = "exclude"
    run = Workflow(place.project, Path("net")).run(place.folder, place.config).ok()
    assert run.videos == {"desk/new": {"probe"}}


def mended_video(place: Place) -> None:
    excluded_video(place)
    clips.make(place.folder / "input/desk/new.mp4", pts=range(0, 9009, 1001))


def rename_video(place: Place) -> None:
    place.moved("input/desk/one.mp4", "input/desk/new.mp4")
    place.table("desk/one.mp4", "desk/new.mp4")


def move_input(place: Place) -> None:
    place.moved("input", "elsewhere")
    place.config["videos"] = "elsewhere/videos.tsv"


def move_model(place: Place) -> None:
    place.moved("net", "other net")
    place.config["models"] = {"net": "other net"}


def own(**settings: object) -> Callable[[Place], None]:
    """Settings of the model's own."""
    return top(models={"net": {"model": "net", **settings}})


def change_model(place: Place) -> None:
    """No more versions than the graph had: another file, the same network."""
    with (place.folder / "net/frozen_inference_graph.pb").open("ab") as stream:
        stream.write(b"\x22\x00")


def swap_clips(place: Place) -> None:
    given = place.config["clips"]
    place.config["clips"] = {**given, "frames": given["size"], "size": given["frames"]}


def correct(place: Place) -> None:
    """As another entry of a video that has some, and of one that is not there."""
    added = {"add": {"class": "person", "from_s": 0, "to_s": 0.2, "box": [0.1, 0.1, 0.5, 0.5]}}
    (place.folder / "more.yaml").write_text(
        json.dumps({"desk/one": [added], "gone": [added], "meeting/three": [NOTED]})
    )
    place.config["corrections"] = "more.yaml"


def allow(place: Place) -> None:
    """Of a video that has no other entries, before those of one that has."""
    allowed = {"allow": {"class": "person", "from_s": 0, "to_s": 0.2, "box": [0.1, 0.1, 0.5, 0.5]}}
    (place.folder / "more.yaml").write_text(json.dumps({"desk/one": [allowed], "meeting/three": [NOTED]}))
    place.config["corrections"] = "more.yaml"


def correct_elsewhere(place: Place) -> None:
    text = (place.folder / "corrections.yaml").read_text()
    (place.folder / "elsewhere.yaml").write_text(f"# Said again.\n{text}")
    place.config["corrections"] = "elsewhere.yaml"


def change_truth(place: Place) -> None:
    path = place.folder / "truth.json"
    path.write_text(path.read_text().replace('"bbox": [4, ', '"bbox": [5, '))


def move_truth(place: Place) -> None:
    place.moved("truth.json", "moved.json")
    place.config["evaluation"] = {"annotations": "moved.json"}


CHANGES: dict[str, Callable[[Place], object]] = {
    "nothing": lambda place: None,
    "a video touched": lambda place: os.utime(place.video, (2_000_000_000, 2_000_000_000)),
    "a video copied over itself": lambda place: place.rewritten(place.video),
    "the input folder moved": move_input,
    "a video's bytes": lambda place: clips.make(place.video, pts=range(0, 9009, 1001)),
    "a video added": add_video,
    "a video renamed": rename_video,
    "a video removed": lambda place: place.table("desk/one.mp4\tdesk\t1\n", ""),
    "a video's label or subject": lambda place: place.table("desk/one.mp4\tdesk\t1\n", "desk/one.mp4\ttable\t2\n"),
    "a colour": group("screen", "colour", [0, 255, 0]),
    "the members of a group": group("drink", "objects", ["cup"]),
    "the members of a sensitive group": group("screen", "objects", ["tv"]),
    "which objects are sensitive": group("screen", "sensitive", False),
    "two values that change places: `masks.score`, `masks.threshold`": top(masks={"score": 0.5, "threshold": 0.3}),
    "`masks.score`": sets("masks", "score", 0.4),
    "`masks.threshold`": sets("masks", "threshold", 0.6),
    "`masks.lossless`": sets("masks", "lossless", True),
    "`privacy.score`": sets("privacy", "score", 0.2),
    "`privacy.large_score`": sets("privacy", "large_score", 0.2),
    "`privacy.threshold`": sets("privacy", "threshold", 0.2),
    "`privacy.style`": sets("privacy", "style", "solid"),
    "`privacy.strength`": sets("privacy", "strength", 3),
    "`privacy.shape`": sets("privacy", "shape", "box"),
    "`privacy.grow`": sets("privacy", "grow", 0.1),
    "`privacy.hold`": sets("privacy", "hold", 5),
    "`privacy.nothing_hidden`": sets("privacy", "nothing_hidden", "fail"),
    "`privacy.zones`": sets("privacy", "zones", [[[0, 0], [1, 0], [1, 0.5]]]),
    "`privacy.whole_frame_when`": sets("privacy", "whole_frame_when", "no_detection"),
    "`privacy.audio`": sets("privacy", "audio", "copy"),
    "`video.quality`": sets("video", "quality", 30),
    "`video.preset`": sets("video", "preset", "fast"),
    "`report.thumbnails`": sets("report", "thumbnails", 2),
    "`report.raw_pictures`": sets("report", "raw_pictures", True),
    "`report.players`": sets("report", "players", "none"),
    "`tracks.gap_s`": sets("tracks", "gap_s", 1),
    "`tracks.extend_s`": sets("tracks", "extend_s", 1),
    "`tracks.memory_s`": sets("tracks", "memory_s", 1),
    "`tracks.flow`": sets("tracks", "flow", False),
    "`tracks.enabled`": sets("tracks", "enabled", False),
    "`corrections`: an entry of a video": correct,
    "`corrections`: what may be seen of a video": allow,
    "`corrections`: the same in another file": correct_elsewhere,
    "`report.leak_pictures`": sets("report", "leak_pictures", True),
    "`audit.floor`": sets("audit", "floor", 0.04),
    "`audit.score`": sets("audit", "score", 0.5),
    "`audit.read`": sets("audit", "read", False),
    "`audit.read_every_s`": sets("audit", "read_every_s", 0.5),
    "`audit.thumbnails`": sets("audit", "thumbnails", 1),
    "`audit.fail_over`": sets("audit", "fail_over", 999),
    "`outputs`: fewer": lambda place: place.config.update(outputs=place.config.get("outputs", OUTPUTS)[:1]),
    "`outputs`: detections too": top(outputs=["detections", *OUTPUTS]),
    "`exports.every`": sets("exports", "every", 2),
    "`exports.images`: of another kind": sets("exports", "images", "png"),
    "`exports.images`: none": sets("exports", "images", "none"),
    "`clips.of`: the picture": sets("clips", "of", "picture"),
    "`clips.of`: protected video": sets("clips", "of", "protected"),
    "`clips.frames`": sets("clips", "frames", 5),
    "`clips.size`": sets("clips", "size", [16, 8]),
    "two values that change places: `clips.frames`, `clips.size`": swap_clips,
    "`clips.seed`": sets("clips", "seed", 1),
    "`clips.names`": sets("clips", "names", "fpvo"),
    "`clips.split`": sets("clips", "split", {"test_share": 0.5}),
    "`clips.formats`: fewer": sets("clips", "formats", ["npz"]),
    "`evaluation.scores`": sets("evaluation", "scores", [0.1, 0.5]),
    "what annotations say": change_truth,
    "annotations moved": move_truth,
    "`frames.keep`": sets("frames", "keep", "png"),
    "`window`": sets("window", "end_s", 0.3),
    "`detect.every`": sets("detect", "every", 2),
    "`models`: `every` of one": own(every=2),
    "`models`: `tiles` of one": own(tiles=2),
    "`models`: `score` of one": own(score=0.4),
    "`models`: `objects` of one": own(objects=["person", "tv"]),
    "`detect.chunk_frames`": sets("detect", "chunk_frames", 8),
    "`detect.floor`": sets("detect", "floor", 0.06),
    "`detect.max_per_frame`": sets("detect", "max_per_frame", 50),
    "`detect.batch`": sets("detect", "batch", 2),
    "`detect.precision`": sets("detect", "precision", "float32"),
    "`detect.optimise`": sets("detect", "optimise", False),
    "`rotate`: of a video": top(rotate={"desk/one": 180}),
    "`rotate`: nothing, in other words": top(rotate={"desk/*": 0}),
    "`device`": top(device="auto"),
    "`mirror`": top(mirror="/mirror"),
    "`on_unreadable`": top(on_unreadable="exclude"),
    "an unusable video, excluded by an earlier run": excluded_video,
    "an unusable video, excluded, then mended": mended_video,
    "`on_truncated`": top(on_truncated="keep"),
    "the model touched": lambda place: [os.utime(path) for path in (place.folder / "net").iterdir()],
    "the model moved": move_model,
    "the model's content": change_model,
    "another model in its place": top(models={"other": "net"}),
    "one more model": top(models={"net": "net", "other": "net"}),
    "a comment in every module": lambda place: place.every_module("\n# It is said.\n"),
    "a docstring in every module": lambda place: place.every_module('\n"""It is said at length."""\n'),
    "an error text in every module": lambda place: place.reworded(raised),
    "a log text in every module": lambda place: place.reworded(logged),
    "the help of every option": lambda place: place.reworded(helped),
    "code that finds the videos: `inputs/index.py`, `inputs/table.py`": modules("inputs/index.py", "inputs/table.py"),
    "code that spells options: `verbs/options.py`": modules("verbs/options.py"),
    "code that decides what is painted: `painted/decide.py`": modules("painted/decide.py"),
    "code that decides what is hidden: `hidden/decide.py`": modules("hidden/decide.py"),
    "code that draws: `render/colour_masks.py`, `render/overlay.py`, `render/privacy.py`": modules(
        "render/colour_masks.py", "render/overlay.py", "render/privacy.py"
    ),
    "a value of the profile": lambda place: place.edited("profiles/default/config.yaml", "\nshow-failed-logs: true\n"),
    "an environment file, without `--sdm conda`": lambda place: place.edited(
        "envs/video.yaml", "      - six==1.17.0\n"
    ),
    "a mask video deleted": lambda place: place.result("masks/desk/one.mp4").unlink(),
    "a probe deleted": lambda place: place.result("probe/desk/one.json").unlink(),
    "detections deleted": lambda place: place.result("detections/net/desk/one.parquet").unlink(),
    "tracks deleted": lambda place: place.result("tracks/net/desk/one.parquet").unlink(),
    "what is painted, deleted": lambda place: place.result("painted/desk/one.parquet").unlink(),
    "the model in `results` deleted": lambda place: shutil.rmtree(place.result("models/net")),
    "a mask video edited by hand": lambda place: place.edited_result("masks/desk/one.mp4"),
    "a coverage table edited by hand": lambda place: place.edited_result("coverage/desk/one.csv"),
    "detections edited by hand": lambda place: place.edited_result("detections/net/desk/one.parquet"),
    "what is painted, edited by hand": lambda place: place.edited_result("painted/desk/one.parquet"),
    "what is hidden, edited by hand": lambda place: place.edited_result("hidden/desk/one.parquet"),
    **{
        f"code of `{verb}`": code(verb)
        for verb in (
            *("model", "probe", "frames", "detect", "gather", "track", "paint", "hide"),
            *("masks", "overlay", "protect", "coverage", "summary", "video_summary", "report"),
            *("annotations", "annotated-images", "dataset", "evaluate-videos"),
            *("clips", "clip-splits", "clip-images", "clip-records"),
            *("turns", "read", "audit", "release"),
        )
    },
}


@pytest.fixture(scope="module")
def builtin(project: Path, tmp_path_factory) -> Workflow:
    """A copy of the project that may be edited."""
    root = shutil.copytree(project, tmp_path_factory.mktemp("edited") / "objmask")
    return Workflow(root, Path("net"))


@pytest.fixture(scope="module")
def finished(builtin: Workflow, tmp_path_factory) -> Callable[[Table], Run]:
    """A real run over three small videos, made when it is first asked for."""

    @cache
    def run(table: Table) -> Run:
        folder = tmp_path_factory.mktemp("finished")
        lines = ["path\tlabel\tsubject"]
        for i, name in enumerate(VIDEOS, 1):
            path = folder / f"input/{name}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            clips.make(path, pts=range(0, (10 + i) * 1001, 1001))
            lines.append(f"{name}.mp4\t{path.parent.name}\t{i}")
        (folder / "input/videos.tsv").write_text("\n".join(lines) + "\n")
        (folder / "corrections.yaml").write_text(json.dumps({"meeting/three": [NOTED]}))
        (folder / "truth.json").write_text(json.dumps(TRUTH))
        shutil.copytree(builtin.root / "objmask/models/demo", folder / "net")
        return builtin.run(folder, table.config).ok()

    return run


@pytest.fixture
def place(builtin: Workflow, finished: Callable[[Table], Run], table: Table, tmp_path: Path) -> Iterator[Place]:
    """A copy of the finished run; the project is put back to what it was."""
    folder = Path(shutil.copytree(finished(table).folder, tmp_path / "run", symlinks=True))
    edited = [builtin.root / "objmask", builtin.root / "profiles", builtin.root / "envs"]
    before = {path: path.read_bytes() for root in edited for path in root.rglob("*") if path.suffix in (".py", ".yaml")}
    yield Place(folder, dict(table.config), builtin.root)
    for path, data in before.items():
        if path.read_bytes() != data:
            path.write_bytes(data)


def test_each_output_is_in_a_table():
    asked = {output for table in TABLES for output in table.config.get("outputs", OUTPUTS)}
    # Everything else is made from these.
    assert asked | {"detections", "tracks", "painted", "hidden"} == {*get_args(Output)}


def test_every_change_has_a_line():
    assert CHANGES.keys() == {what for table in TABLES for what in table.rows()}


LINES = [(table, what) for table in TABLES for what in table.rows()]


def names(cases: list[tuple[Table, str]]) -> list[str]:
    return [f"{table.heading}: {what}" for table, what in cases]


@pytest.mark.parametrize(("table", "what"), LINES, ids=names(LINES))
def test_exactly_what_the_table_says_runs(builtin, place, table, what):
    which, jobs = table.rows()[what]
    CHANGES[what](place)
    plan = builtin.plan(place.folder, place.config)
    count = {"-": 0, "that one": 1, "every": len(VIDEOS)}[which]
    chunks = 2 if what == "`detect.chunk_frames`" else 1
    rules = table.rules(jobs)
    expected = {rule: count * (chunks if rule in ("frames", "detect") else 1) for rule in rules - ONCE}
    assert plan.jobs == Counter({**expected, **dict.fromkeys(rules & ONCE, 1)})
    if which == "that one":
        new = ("a video added", "a video renamed", "an unusable video, excluded, then mended")
        name = "desk/new" if what in new else "desk/one"
        assert plan.videos == {name: rules - ONCE}
    if not jobs.strip("-"):
        plan.line("Nothing to be done")


REALLY = [
    *((USUAL, what) for what in ("a video's bytes", "a video added", "a video removed", "a colour", "one more model")),
    *((FURTHER, what) for what in ("a video added", "a video removed", "`clips.seed`")),
]


@pytest.mark.parametrize(("table", "what"), REALLY, ids=names(REALLY))
def test_after_the_run_nothing_is_left_to_do(builtin, place, what):
    """What a dry run announces is what runs, once."""
    CHANGES[what](place)
    planned = builtin.plan(place.folder, place.config).jobs
    assert builtin.run(place.folder, place.config).ok().jobs == planned
    assert not builtin.plan(place.folder, place.config).jobs
