"""Frames without anything to hide, tried at all turns: which turn is right, and that nothing is tried without need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from builders import found, write_detections
from clips import make
from turned_scenes import write_turned

import objmask
from objmask.audit.try_turns import FRAMES, chosen_frames
from objmask.audit.turns import Turn, Turns
from objmask.cli import main
from objmask.errors import DataError
from objmask.files.whole import write_json
from objmask.hidden.table import HiddenTable
from objmask.hidden.unhidden import ADVICE
from objmask.video import VideoInfo, probe

DEMO = Path(objmask.__file__).parent / "models/demo"


def turns(*sure: int, rotate: int = 0, frames: int = 8) -> Turns:
    """As many sure frames at each turn, an object in each."""
    of = (Turn(90 * i, count, count, {"person": count} if count else {}) for i, count in enumerate(sure))
    return Turns(frames, rotate, tuple(of))


@pytest.mark.parametrize(
    ("tried", "right"),
    [
        (turns(0, 8, 0, 0), 90),
        (turns(0, 0, 4, 0), 180),
        (turns(0, 1, 3, 5), 270),
        (turns(0, 3, 3, 3), None),
        # What is found as it is was not hidden for another reason, such as a correction.
        (turns(8, 8, 0, 0), None),
        (turns(4, 8, 0, 0), 90),
        (turns(0, 0, 0, 1, frames=1), 270),
        (turns(0, 0, 0, 0), None),
        (Turns(0, 90, ()), None),
        # Weak finds do not count.
        (Turns(8, 0, (Turn(0, 0, 0, {}), Turn(90, 8, 3, {"tv": 9}), Turn(180, 8, 0, {}), Turn(270, 0, 0, {}))), None),
    ],
)
def test_a_turn_is_right_when_it_clearly_finds_more(tried, right):
    assert (tried.right.degrees if tried.right else None) == right


@pytest.mark.parametrize(("rotate", "to"), [(0, 90), (90, 180), (270, 0)])
def test_the_advice_adds_to_what_is_set(rotate, to):
    tried = turns(0, 8, 0, 0, rotate=rotate)
    assert tried.rotate_to == to
    assert f'set rotate: {{"desk/it\'s \\"x\\" schön": {to}}}' in tried.advice('desk/it\'s "x" schön')
    assert "turned by 90 degrees clockwise, 8 of 8 of these frames show what is to be hidden (8 x person)" in (
        tried.advice("a")
    )


def test_where_no_turn_is_right_the_advice_says_what_was_tried():
    assert "8 of these frames were also tried turned by 90, 180 and 270 degrees, and no turn" in turns(
        0, 1, 0, 0
    ).advice("a")
    assert turns(0, 1, 0, 0).rotate_to is None
    assert Turns(0, 0, ()).advice("a") == ADVICE


def test_it_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "a.json"
    for tried in (turns(0, 8, 1, 0, rotate=180), Turns(0, 0, ())):
        write_json(path, tried.to_json())
        assert Turns.read(path) == tried


@pytest.mark.parametrize(
    "change",
    [
        {"frames": 7},
        {"frames": 0},
        {"rotate": 45},
        {"turns": []},
        {"turns": [{"degrees": d, "frames": 1, "sure": 2, "objects": {}} for d in (0, 90, 180, 270)]},
        {"turns": [{"degrees": d, "frames": 0, "sure": 0, "objects": {}} for d in (0, 90, 90, 270)]},
        {"turns": [{"degrees": d, "frames": 1, "sure": 0, "objects": {"tv": -1}} for d in (0, 90, 180, 270)]},
    ],
)
def test_what_cannot_be_is_refused(tmp_path, change):
    path = tmp_path / "a.json"
    write_json(path, {**turns(0, 8, 0, 0).to_json(), **change})
    with pytest.raises(DataError, match=r"a\.json.*run turns again") as caught:
        Turns.read(path)
    assert "\n" not in str(caught.value)


def hide(folder: Path, video: Path, shown: list[bool], **more: object) -> dict[str, Path]:
    """The files that `turns` takes of a video in some of whose frames a person is hidden."""
    files = {"probe": folder / "p.json", "hidden": folder / "h.parquet", "unhidden": folder / "u.json"}
    info = probe(video)
    write_json(files["probe"], info.to_json())
    person = ("person", 0.9, (0.2, 0.2, 0.6, 0.6))
    write_detections(folder / "d.parquet", [found(*[person] * one) for one in shown], video_sha256=info.sha256)
    options = {"objects": '["laptop", "person"]', "hold": 0, **more}
    given = [f"--{name}={value}" for name, value in options.items()]
    command = ["hide", f"--probe={files['probe']}", f"--detections={folder}/d.parquet", *given]
    assert main([*command, f"--out={files['hidden']}", f"--out-unhidden={files['unhidden']}"]) == 0
    return {"video": video, **files}


def arguments(files: dict[str, Path], model: Path, out: Path) -> list[str]:
    return ["turns", *(f"--{name}={path}" for name, path in files.items()), f"--model={model}", f"--out={out}"]


def test_frames_are_spread_over_those_without_hiding(tmp_path):
    shown = [k not in {3, 4, 5} and k % 2 == 1 for k in range(20)]
    files = hide(tmp_path, make(tmp_path / "a.mp4"), shown, zones="[[[0,0],[0.2,0],[0,0.2]]]")
    hidden = HiddenTable.read(files["hidden"], VideoInfo.read(files["probe"]))
    bare = [k for k in range(20) if not shown[k]]
    assert chosen_frames(hidden, 20) == bare
    eight = chosen_frames(hidden)
    assert len(set(eight)) == FRAMES
    assert set(eight) <= set(bare)
    assert eight == sorted(eight)
    assert eight[0] < 4
    assert eight[-1] > 16
    assert chosen_frames(hidden, 1) == [bare[len(bare) // 2]]


NO_NETWORK = """
import sys
from objmask.cli import main
assert main(sys.argv[1:]) == 0
print("LOADED", *sys.modules)
"""


@pytest.mark.parametrize("shown", [20, 11])
def test_where_most_frames_hide_something_no_network_is_looked_for(tmp_path, shown):
    files = hide(tmp_path, make(tmp_path / "a.mp4"), [k < shown for k in range(20)])
    told = arguments(files, tmp_path / "no model", tmp_path / "t.json")
    run = subprocess.run([sys.executable, "-c", NO_NETWORK, *told], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in run.stdout.split("LOADED")[1].split()}
    assert not loaded & {"tensorflow", "ai_edge_litert", "onnxruntime"}
    assert Turns.read(tmp_path / "t.json") == Turns(0, 0, ())


def test_where_half_of_them_do_not_the_model_is_needed(tmp_path, capsys):
    files = hide(tmp_path, make(tmp_path / "a.mp4"), [k < 10 for k in range(20)])
    assert main(arguments(files, tmp_path / "no model", tmp_path / "t.json")) == 1
    assert "not the folder of an installed model" in capsys.readouterr().err
    assert not (tmp_path / "t.json").exists()


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> tuple[Path, Path]:
    """A rendered desk with a laptop, and the network that comes with objmask, installed."""
    folder = tmp_path_factory.mktemp("scene")
    told = ["--clips=3", "--seconds=1", "--rate=10", "--seed=29", "--width=320", "--height=180"]
    assert main(["scene", f"--out={folder}/rendered", *told]) == 0
    assert main(["model", "--source=demo", "--name=demo", f"--out={folder}/net"]) == 0
    return next((folder / "rendered/drinking").glob("*.mp4")), folder / "net"


@pytest.mark.parametrize("stored", [90, 180, 270])
def test_a_picture_that_lies_is_told_how_to_be_turned(tmp_path, scene, stored):
    """By a real network, on a rendered desk that was written turned."""
    source, model = scene
    video = write_turned(source, tmp_path / "a.mp4", stored)
    files = hide(tmp_path, video, [False] * 10, objects='["laptop"]')
    assert main([*arguments(files, model, tmp_path / "t.json"), "--device=cpu"]) == 0
    tried = Turns.read(tmp_path / "t.json")
    assert tried.frames == FRAMES
    assert tried.right is not None
    assert tried.rotate_to == 360 - stored
    by_turn = {turn.degrees: turn for turn in tried.turns}
    upright = by_turn.pop(360 - stored)
    assert upright.sure == upright.frames == FRAMES
    assert set(upright.objects) == {"laptop"}
    assert all(turn.sure <= FRAMES // 4 for turn in by_turn.values())


def test_an_upright_picture_is_let_be(tmp_path, scene):
    source, model = scene
    files = hide(tmp_path, write_turned(source, tmp_path / "a.mp4", 0), [False] * 10, objects='["toilet", "laptop"]')
    assert main([*arguments(files, model, tmp_path / "t.json"), "--device=cpu"]) == 0
    tried = Turns.read(tmp_path / "t.json")
    assert tried.turns[0].sure == FRAMES
    assert tried.right is None


def test_a_table_of_another_turn_is_refused(tmp_path, capsys):
    """By 180 degrees all sizes are the same."""
    files = hide(tmp_path, make(tmp_path / "a.mp4"), [False] * 20)
    write_json(files["probe"], probe(files["video"], rotate=180).to_json())
    assert main(arguments(files, DEMO, tmp_path / "t.json")) == 1
    assert "is of another video, or of an earlier version of it; run hide again" in capsys.readouterr().err
    protect = ["protect", f"--video={files['video']}", f"--probe={files['probe']}", f"--hidden={files['hidden']}"]
    assert main([*protect, f"--out={tmp_path}/o.mp4"]) == 1
    assert not (tmp_path / "o.mp4").exists()
    detections = [
        "hide",
        f"--probe={files['probe']}",
        f"--detections={tmp_path}/d.parquet",
        f"--out={tmp_path}/x.parquet",
    ]
    assert main(detections) == 1
    assert "run detect again" in capsys.readouterr().err
