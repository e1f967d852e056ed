"""A picture that lies on its side: an audited run says how to turn it, and `rotate` turns it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from snakemake_runs import Run, Workflow
from turned_scenes import write_turned

from objmask.audit.turns import Turns
from objmask.cli import main
from objmask.hidden.unhidden import Unhidden
from objmask.video import VideoInfo, probe

SETTINGS: dict[str, Any] = {
    "videos": "videos",
    "models": ["demo"],
    "outputs": ["audit", "report"],
    "sensitive_objects": ["laptop"],
}
SIDE, UPRIGHT = "desk/it's on <its> side", "desk/upright"
SAFE = "desk/it's on %3Cits%3E side"
TURN = 90
"""What turns the one upright."""


@pytest.fixture(scope="module")
def demo(project: Path) -> Workflow:
    return Workflow(project, project / "objmask/models/demo")


@pytest.fixture(scope="module")
def run(demo: Workflow, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A desk with a laptop, once as it was rendered and once on its side."""
    folder = tmp_path_factory.mktemp("turned")
    told = ["--clips=3", "--seconds=1", "--rate=10", "--seed=29", "--width=320", "--height=180"]
    assert main(["scene", f"--out={folder}/rendered", *told]) == 0
    [source] = (folder / "rendered/drinking").glob("*.mp4")
    (folder / "videos/desk").mkdir(parents=True)
    write_turned(source, folder / f"videos/{SIDE}.mp4", 360 - TURN)
    write_turned(source, folder / f"videos/{UPRIGHT}.mp4", 0)
    return demo.run(folder, SETTINGS).ok()


def test_the_turn_that_is_right_is_said_and_none_of_what_is_upright(run: Run) -> None:
    advice = (
        f"turned by {TURN} degrees clockwise, 8 of 8 of these frames show what is to be hidden (8 x laptop): look at it"
    )
    said = [line for line in run.text.splitlines() if "NOTHING HIDDEN" in line]
    assert [advice in line for line in said] == [True], said
    assert f'set rotate: {{"{SAFE}": {TURN}}}' in said[0]
    page = (run.results / "report.html").read_text(encoding="utf-8")
    assert advice in page[: page.index('id="activities"')]
    with (run.results / "audit/audit.csv").open(newline="", encoding="utf-8") as stream:
        assert {row["video"]: row["rotate"] for row in csv.DictReader(stream)} == {SAFE: str(TURN), UPRIGHT: ""}
    assert Turns.read(run.results / f"turns/{UPRIGHT}.json") == Turns(0, 0, ())


def test_what_is_turned_is_hidden_and_upright_in_all_that_is_made_of_it(demo: Workflow, run: Run) -> None:
    before = contents_of(run, UPRIGHT)
    turned = {**SETTINGS, "outputs": [*SETTINGS["outputs"], "masks", "overlay"], "rotate": {"desk/*side": TURN}}
    again = demo.run(run.folder, turned).ok()
    assert "NOTHING HIDDEN" not in again.text
    assert Unhidden.read(again.results / f"hidden/{SAFE}.json").without == 0
    info = VideoInfo.read(again.results / f"probe/{SAFE}.json")
    assert (info.rotate, info.rotation, info.width, info.height) == (TURN, TURN, 320, 180)
    for kind in ("masks", "overlay", "protected"):
        shown = probe(again.results / f"{kind}/{SAFE}.mp4")
        assert (shown.width, shown.height, shown.rotation) == (320, 180, 0)
    assert VideoInfo.read(again.results / f"second_look/probe/{SAFE}.json").rotate == 0
    assert contents_of(again, UPRIGHT) == before
    assert not demo.plan(run.folder, turned).jobs
    # The same in other words, for it is the same of each video.
    assert set(demo.plan(run.folder, {**turned, "rotate": {SAFE: TURN, UPRIGHT: 0}}).jobs) <= {"report"}


def contents_of(run: Run, video: str) -> list[bytes]:
    return [(run.results / f"{path}").read_bytes() for path in (f"protected/{video}.mp4", f"audit/{video}.json")]


def test_a_name_that_is_no_video_s_is_refused_before_any_job(demo: Workflow, run: Run) -> None:
    for rotate, said in (
        ({"desk/uprigth": 90}, "did you mean 'desk/upright'?"),
        ({"desk/*": 90, "*upright": 180}, "write the video's own name"),
    ):
        demo.run(run.folder, {**SETTINGS, "rotate": rotate}, "-n").refused("rotate: ", said)
    demo.run(run.folder, {**SETTINGS, "rotate": 45}, "-n").refused("config: rotate: 45 is not")
