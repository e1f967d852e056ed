"""Whatever reads a video refuses another one at its path, even of the same length, size, frames and times."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from builders import found, write_detections
from scenes import info as facts

from objmask.cli import main
from objmask.models.info import ModelInfo
from objmask.video import VideoWriter, probe

GROUPS = '{"cup": {"objects": ["cup"], "colour": [255, 0, 0]}}'
STEP = 1001


def run(verb, **options):
    arguments = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
    return main([verb, *arguments])


@pytest.fixture
def folder(tmp_path):
    """A video with all that is made of it, and another one of as many bytes, frames and seconds."""
    for name, level in (("a", 60), ("other", 190)):
        with VideoWriter(tmp_path / f"{name}.mp4", facts(64, 48, frames=20, end_pts=20 * STEP), quality=30) as out:
            for number in range(20):
                out.write_rgb(np.full((48, 64, 3), level, np.uint8), number * STEP, STEP)
    longest = max(path.stat().st_size for path in tmp_path.iterdir())
    for path in tmp_path.iterdir():  # players pass over what follows the last box
        with path.open("ab") as file:
            length = longest + 8 - path.stat().st_size
            file.write(length.to_bytes(4, "big") + b"free" + bytes(length - 8))
    model = ModelInfo("bright", "yolo", "x", "0" * 64, "tests", ("cup",), {"cup": 0}, 32, 32)
    (tmp_path / "model").mkdir()
    model.write(tmp_path / "model")
    assert run("probe", video=tmp_path / "a.mp4", out=tmp_path / "p.json") == 0
    cup = [found(("cup", 0.9, (0, 0, 1, 0.5)))] * 20
    write_detections(tmp_path / "d.parquet", cup, video_sha256=probe(tmp_path / "a.mp4").sha256, versions={})
    common = {"probe": tmp_path / "p.json", "detections": tmp_path / "d.parquet"}
    painted, hidden, probed = tmp_path / "painted.parquet", tmp_path / "hidden.parquet", tmp_path / "p.json"
    assert run("paint", **common, groups=GROUPS, out=painted) == 0
    assert run("hide", **common, objects='["cup"]', out=hidden, out_unhidden=tmp_path / "unhidden.json") == 0
    assert run("coverage", probe=probed, painted=painted, groups=GROUPS, out=tmp_path / "c.csv") == 0
    protected = {"video": tmp_path / "a.mp4", "hidden": hidden, "out": tmp_path / "protected.mp4"}
    assert run("protect", probe=probed, **protected) == 0
    assert run("probe", video=tmp_path / "protected.mp4", out=tmp_path / "again.json") == 0
    again = probe(tmp_path / "protected.mp4").sha256
    write_detections(tmp_path / "again.parquet", [found()] * 20, video_sha256=again)
    return tmp_path


def readers(folder):
    """The options of every verb that reads a video which was probed."""
    video, facts, out = folder / "a.mp4", folder / "p.json", folder / "out"
    common = {"video": video, "probe": facts}
    detected = {**common, "detections": folder / "d.parquet"}
    painted = {**common, "painted": folder / "painted.parquet", "groups": GROUPS}
    return {
        "frames": {**common, "model": folder / "model", "out": out / "s.nut", "table": out / "t.parquet"},
        "track": {**detected, "out": out / "t.parquet", "out_frames": out / "t.frames.parquet"},
        "overlay": {**painted, "out": out / "o.mp4"},
        "protect": {**common, "hidden": folder / "hidden.parquet", "out": out / "o.mp4"},
        "annotated-images": {**detected, "out": out / "images"},
        "clips": {
            **{**common, "frames_table": folder / "d.frames.parquet"},
            **{"of": "picture", "name": "a", "out": out / "c.npz"},
        },
        "video-summary": {
            **{key: value for key, value in painted.items() if key != "video"},
            **{"raw": video, "coverage": folder / "c.csv", "out": out / "g.json"},
        },
        "audit": {
            **{**detected, "objects": '["cup"]', "out": out / "a.json"},
            **{"protected": folder / "protected.mp4", "protected_probe": folder / "again.json"},
            **{"again": folder / "again.parquet", "unhidden": folder / "unhidden.json"},
        },
    }


@pytest.mark.parametrize("way", ["renamed", "written over", "one bit"])
@pytest.mark.parametrize("verb", readers(Path()))
def test_another_video_is_never_taken_for_the_one_that_was_probed(folder, caplog, verb, way):
    options = readers(folder)[verb]
    assert run(verb, **options) == 0
    shutil.rmtree(folder / "out")
    other, video = folder / "other.mp4", folder / "a.mp4"
    assert other.stat().st_size == video.stat().st_size
    match way:
        case "renamed":
            other.replace(video)
        case "written over":
            with video.open("r+b") as file:
                file.write(other.read_bytes())
        case "one bit":
            data = bytearray(video.read_bytes())
            data[len(data) // 2] ^= 1
            video.write_bytes(data)
    caplog.clear()
    assert run(verb, **options) == 1
    assert "a.mp4: is not the file that was probed" in caplog.text
    assert not (folder / "out").exists() or not [path for path in (folder / "out").rglob("*") if path.is_file()]


def test_another_protected_video_is_not_audited(folder, caplog):
    (folder / "other.mp4").replace(folder / "protected.mp4")
    assert run("audit", **readers(folder)["audit"]) == 1
    assert "protected.mp4: is not the file that was probed" in caplog.text
