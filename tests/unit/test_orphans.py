import os
from pathlib import Path

import pytest
from builders import HOSTILE

from objmask.cli import main
from objmask.errors import DataError
from objmask.index import find_videos
from objmask.orphans import find_orphans

OF_A_VIDEO = (
    "probe/{}.json",
    "frames/{}/00000000-00000020.net.nut",
    "frames/{}/00000000-00000020.net.parquet",
    "frames/{}/00000000-00000020/00000003.png",
    "chunks/net/{}/00000000-00000020.parquet",
    "chunks/net/{}/00000000-00000020.frames.parquet",
    "detections/net/{}.parquet",
    "detections/net/{}.frames.parquet",
    "masks/{}.mp4",
    "masks_lossless/{}.mp4",
    "overlay/{}.mp4",
    "protected/{}.mp4",
    "coverage/{}.csv",
    "provenance/protected/{}.json",
    "logs/probe/{}.log",
    "logs/frames/{}/00000000-00000020.net.log",
    "logs/detect/net/{}/00000000-00000020.log",
    "logs/gather/net/{}.log",
    "benchmarks/protect/{}.tsv",
    "benchmarks/detect/net/{}/00000000-00000020.tsv",
    "benchmarks/gather/net/{}.tsv",
)
OF_NONE = (
    "index.json",
    "summary/coverage_by_video.csv",
    "provenance/summary.json",
    "models/net/model.json",
    "logs/model/net.log",
    "logs/summary.log",
    "masks/notes.txt",
    "masks/desk/my own.avi",
    "mine/desk/gone.mp4",
)


def fill(results: Path, names, patterns=OF_A_VIDEO) -> list[Path]:
    files = [results / pattern.format(name) for name in names for pattern in patterns]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return files


def table(results: Path, *names: str) -> None:
    results.mkdir(exist_ok=True)
    (results / "videos.tsv").write_text("name\tlabel\tsubject\texcluded\n" + "".join(f"{n}\t\t\t\n" for n in names))


def left(results: Path) -> set[Path]:
    return {path for path in results.rglob("*") if path.is_file()}


def test_files_of_videos_that_are_gone_and_no_others(tmp_path):
    table(tmp_path, "desk/a", "b")
    kept = fill(tmp_path, ["desk/a", "b", ""], OF_A_VIDEO)[: 2 * len(OF_A_VIDEO)] + fill(tmp_path, [""], OF_NONE)
    for path in left(tmp_path) - set(kept) - {tmp_path / "videos.tsv"}:
        path.unlink()
    gone = fill(tmp_path, ["desk/gone", "b/a", "a"])
    orphans = find_orphans(tmp_path)
    assert set(orphans.files) == set(gone)
    assert orphans.videos == ("a", "b/a", "desk/gone")
    assert orphans.size_bytes == len(gone)
    orphans.remove(tmp_path)
    assert left(tmp_path) == {*kept, tmp_path / "videos.tsv"}
    assert not (tmp_path / "frames/desk/gone").exists()
    assert find_orphans(tmp_path).files == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name(tmp_path, name):
    (tmp_path / "input").mkdir()
    (tmp_path / f"input/{name}.mp4").touch()
    [video] = find_videos(tmp_path / "input")
    table(tmp_path / "results", video.name)
    fill(tmp_path / "results", [video.name])
    assert find_orphans(tmp_path / "results").files == ()
    table(tmp_path / "results")
    assert len(find_orphans(tmp_path / "results").files) == len(OF_A_VIDEO)


def test_what_killed_jobs_left_long_ago(tmp_path):
    table(tmp_path, "a")
    fill(tmp_path, ["a"])
    for name in ("old", "new"):
        (tmp_path / f"masks/.objmask-{name}").mkdir()
        (tmp_path / f"masks/.objmask-{name}/part.mp4").write_text("half")
    os.utime(tmp_path / "masks/.objmask-old", (1, 1))
    orphans = find_orphans(tmp_path)
    assert (orphans.files, [path.name for path in orphans.temporary]) == ((), [".objmask-old"])
    orphans.remove(tmp_path)
    assert [path.name for path in (tmp_path / "masks").iterdir() if path.name != "a.mp4"] == [".objmask-new"]


def test_only_what_is_a_folder_of_results(tmp_path):
    fill(tmp_path, ["a"])
    with pytest.raises(DataError, match="give a folder of results"):
        find_orphans(tmp_path)
    (tmp_path / "videos.tsv").write_text("something\telse\nx\ty\n")
    with pytest.raises(DataError, match="give a folder of results"):
        find_orphans(tmp_path)


def test_nothing_is_deleted_without_being_asked(tmp_path, capsys):
    table(tmp_path)
    fill(tmp_path, ["a"])
    assert main(["clean-orphans", f"--results={tmp_path}"]) == 0
    assert len(left(tmp_path)) == len(OF_A_VIDEO) + 1
    assert f"{tmp_path}/masks/a.mp4" in capsys.readouterr().err
    assert main(["clean-orphans", f"--results={tmp_path}", "--yes"]) == 0
    assert left(tmp_path) == {tmp_path / "videos.tsv"}
