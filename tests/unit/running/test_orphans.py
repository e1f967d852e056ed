import os
from pathlib import Path

import pytest
from builders import HOSTILE
from filelock import FileLock

from objmask.cli import main
from objmask.inputs.index import find_videos
from objmask.running.orphans import find_orphans, find_results

OF_A_VIDEO = (
    "probe/{}.json",
    "frames/{}/00000000-00000020.net.nut",
    "frames/{}/00000000-00000020.net.parquet",
    "frames/{}/00000000-00000020/00000003.png",
    "chunks/net/{}/00000000-00000020.parquet",
    "chunks/net/{}/00000000-00000020.frames.parquet",
    "detections/net/{}.parquet",
    "detections/net/{}.frames.parquet",
    "tracks/net/{}.parquet",
    "tracks/net/{}.frames.parquet",
    "painted/{}.parquet",
    "painted/{}.frames.parquet",
    "hidden/{}.parquet",
    "hidden/{}.frames.parquet",
    "hidden/{}.json",
    "masks/{}.mp4",
    "masks_lossless/{}.mp4",
    "overlay/{}.mp4",
    "protected/{}.mp4",
    "unaudited/{}.mp4",
    "quarantine/{}.mp4",
    "turns/{}.json",
    "audit/{}.json",
    "second_look/probe/{}.json",
    "second_look/words/{}.json",
    "second_look/frames/{}/00000000-00000020.net.nut",
    "second_look/chunks/net/{}/00000000-00000020.frames.parquet",
    "second_look/detections/net/{}.parquet",
    "coverage/{}.csv",
    "clips/npz/{}.npz",
    "exports/coco/{}.json",
    "exports/cvat/{}.zip",
    "exports/images/{}/00000003.jpg",
    "exports/masks_png/{}/00000003.png",
    "exports/masks_png/{}/labelmap.txt",
    "exports/yolo/{}/labels/00000003.txt",
    "exports/yolo/{}/images.txt",
    "exports/yolo/{}/data.yaml",
    "report/{}.json",
    "provenance/painted/{}.json",
    "provenance/hidden/{}.json",
    "provenance/protected/{}.json",
    "provenance/coco/{}.json",
    "logs/probe/{}.log",
    "logs/frames/{}/00000000-00000020.net.log",
    "logs/detect/net/{}/00000000-00000020.log",
    "logs/gather/net/{}.log",
    "logs/track/net/{}.log",
    "logs/paint/{}.log",
    "logs/hide/{}.log",
    "logs/audit_frames/{}/00000000-00000020.net.log",
    "logs/audit_detect/net/{}/00000000-00000020.log",
    "logs/audit_gather/net/{}.log",
    "benchmarks/protect/{}.tsv",
    "benchmarks/detect/net/{}/00000000-00000020.tsv",
    "benchmarks/gather/net/{}.tsv",
    "benchmarks/track/net/{}.tsv",
)
OF_NONE = (
    "index.json",
    "summary/coverage_by_video.csv",
    "audit/audit.csv",
    "exports/annotations.json",
    "exports/data.yaml",
    "exports/images/my picture.png",
    "provenance/summary.json",
    "models/net/model.json",
    "logs/model/net.log",
    "logs/summary.log",
    "masks/notes.txt",
    "masks/desk/my own.avi",
    "frames/my picture.png",
    "mine/desk/gone.mp4",
)


def fill(results: Path, names, patterns=OF_A_VIDEO) -> list[Path]:
    files = [results / pattern.format(name) for name in names for pattern in patterns]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return files


def left(results: Path) -> set[Path]:
    return {path for path in results.rglob("*") if path.is_file()}


def test_files_of_videos_that_are_gone_and_no_others(tmp_path):
    names = ["desk/a", "b", "cam/20240101-12000000.front"]
    kept = fill(tmp_path, names) + fill(tmp_path, [""], OF_NONE)
    gone = fill(tmp_path, ["desk/gone", "b/a", "a", "cam"])
    orphans = find_orphans(tmp_path, names)
    assert set(orphans.files) == set(gone)
    assert orphans.videos == ("a", "b/a", "cam", "desk/gone")
    assert orphans.size_bytes == len(gone)
    orphans.remove(tmp_path)
    assert left(tmp_path) == set(kept)
    assert not (tmp_path / "frames/desk/gone").exists()
    assert find_orphans(tmp_path, names).files == ()


def test_of_an_excluded_video_goes_what_is_handed_on_and_stays_what_cost_time(tmp_path):
    folders = {"probe", "chunks", "detections", "tracks", "painted", "hidden", "turns", "second_look"}
    folders |= {"logs", "benchmarks"}
    costly = [one for one in OF_A_VIDEO if one.split("/")[0] in folders]
    kept = fill(tmp_path, ["desk/a", "b/a", "a"]) + fill(tmp_path, [""], OF_NONE) + fill(tmp_path, ["b"], costly)
    gone = fill(tmp_path, ["b"], [one for one in OF_A_VIDEO if one not in costly])
    found = find_results(tmp_path, ["b", "no such"])
    assert set(found.files) == set(gone)
    assert not found.temporary
    found.remove(tmp_path)
    assert left(tmp_path) == set(kept)


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name(tmp_path, name):
    (tmp_path / "input").mkdir()
    (tmp_path / f"input/{name}.mp4").touch()
    [video] = find_videos(tmp_path / "input")
    fill(tmp_path / "results", [video.name])
    assert find_orphans(tmp_path / "results", [video.name]).files == ()
    assert len(find_orphans(tmp_path / "results", []).files) == len(OF_A_VIDEO)


def test_what_killed_jobs_left_long_ago(tmp_path):
    """A file that grows does not change the time of its folder."""
    fill(tmp_path, ["a"])
    for name in ("old", "new", "slow"):
        (tmp_path / f"masks/.objmask-{name}").mkdir()
        (tmp_path / f"masks/.objmask-{name}/part.mp4").write_text("half")
    os.utime(tmp_path / "masks/.objmask-old/part.mp4", (1, 1))
    for name in ("old", "slow"):
        os.utime(tmp_path / f"masks/.objmask-{name}", (1, 1))
    orphans = find_orphans(tmp_path, ["a"])
    assert (orphans.files, [path.name for path in orphans.temporary]) == ((), [".objmask-old"])
    orphans.remove(tmp_path)
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == [".objmask-new", ".objmask-slow", "a.mp4"]


@pytest.fixture
def run(tmp_path) -> Path:
    """The folder of a run with one video, and results of another one."""
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/b.mp4").touch()
    (tmp_path / ".snakemake").mkdir()
    fill(tmp_path / "results", ["a", "b"])
    return tmp_path


def test_nothing_is_deleted_without_being_asked(run, capsys):
    options = [f"--results={run}/results", f"--videos={run}/videos"]
    assert main(["clean-orphans", *options]) == 0
    assert len(left(run / "results")) == 2 * len(OF_A_VIDEO)
    assert f"{run}/results/masks/a.mp4" in capsys.readouterr().err
    assert main(["clean-orphans", *options, "--yes"]) == 0
    assert len(left(run / "results")) == len(OF_A_VIDEO)


def test_nothing_is_deleted_while_a_workflow_is_at_work(run, capsys):
    held = FileLock(run / ".snakemake/objmask.lock")
    options = [f"--results={run}/results", f"--videos={run}/videos", "--yes"]
    with held:
        assert main(["clean-orphans", *options]) == 1
    assert "another run is at work" in capsys.readouterr().err
    assert len(left(run / "results")) == 2 * len(OF_A_VIDEO)
