"""However a video is cut and wherever it is worked on, the results are the same, to the byte."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from snakemake_runs import Run, Workflow, contents

from objmask.cli import main

FRAMES = 12
EVERYTHING = ["detections", "masks", "overlay", "protected", "coverage", "report"]
DECIDED = {"masks": "painted", "overlay": "painted", "coverage": "painted", "protected": "hidden"}
"""Of which table each kind of result is made."""


@pytest.fixture(scope="module")
def builtin(project: Path) -> Workflow:
    return Workflow(project, Path("demo"))


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered clip, in which the built-in model finds things."""
    folder = tmp_path_factory.mktemp("rendered")
    size = ("--seconds=1", "--rate=12", "--seed=29", "--width=256", "--height=144")
    assert main(["scene", f"--out={folder}/videos", "--clips=1", *size]) == 0
    return folder / "videos"


@pytest.fixture(scope="module")
def whole(builtin: Workflow, videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("whole")
    return builtin.run(folder, config(videos, chunk_frames=0)).ok()


def config(videos: Path, outputs: list[str] | None = None, **detect: int | None) -> dict[str, object]:
    return {"videos": str(videos), "outputs": outputs or EVERYTHING, "detect": detect}


def test_a_second_run_in_another_folder_makes_the_same_files(builtin, videos, whole, tmp_path):
    """Detections, coverage and videos; provenance too, since nothing in it says where or when."""
    run = builtin.run(tmp_path / "elsewhere", config(videos, chunk_frames=0)).ok()
    assert contents(run.results) == contents(whole.results)


@pytest.mark.parametrize("chunk_frames", [5, FRAMES - 1, None])
def test_chunks_change_nothing(builtin, videos, whole, tmp_path, chunk_frames):
    run = builtin.run(tmp_path, config(videos, ["detections"], chunk_frames=chunk_frames)).ok()
    assert run.jobs["detect"] == (-(-FRAMES // chunk_frames) if chunk_frames else 1)
    made, expected = contents(run.results), contents(whole.results)
    assert made
    assert {path: made[path] for path in made if path in expected} == made


def test_nor_with_batches_that_the_chunks_break_up(builtin, videos, tmp_path):
    """The last batch of a chunk is filled up, so every frame is one of four."""
    detections = "detections/demo/typing/typing_01.parquet"
    runs = [
        builtin.run(tmp_path / str(n), config(videos, ["detections"], chunk_frames=n, batch=4)).ok() for n in (0, 6)
    ]
    a, b = ((run.results / detections).read_bytes() for run in runs)
    assert a == b


def test_every_file_says_what_it_was_made_of(whole):
    video = json.loads(next((whole.results / "probe").rglob("*.json")).read_text())
    model = json.loads((whole.results / "models/demo/model.json").read_text())
    for kind, table in DECIDED.items():
        said, of_table = (
            json.loads((whole.results / f"provenance/{one}/typing/typing_01.json").read_text()) for one in (kind, table)
        )
        assert said["decided"] == {table: of_table["sha256"]}
        for one in (said, of_table):
            assert one["video_sha256"] == video["sha256"]
            assert one["models"]["demo"]["model_sha256"] == model["sha256"]
            assert len(one["settings_sha256"]) == 64
            assert {"objmask", "av", "numpy"} <= one["versions"].keys()
        assert len(of_table["models"]["demo"]["settings_sha256"]) == 64


@pytest.mark.parametrize("cores", ["1", "4"])
def test_frames_wait_on_disk_only_for_the_chunks_at_work(builtin, videos, tmp_path, cores):
    """Six chunks: with four cores two detections at a time, and no more than two that are next."""
    most, over = [0], threading.Event()

    def watch() -> None:
        while not over.is_set():
            with suppress(FileNotFoundError):  # a folder that went while it was being looked at
                most[0] = max(most[0], len(list((tmp_path / "results/frames").rglob("*.nut"))))
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        builtin.run(tmp_path, config(videos, ["detections"], chunk_frames=2), "--cores", cores).ok()
    finally:
        over.set()
        thread.join()
    assert 1 <= most[0] <= (2 if cores == "1" else 4)
    assert not list((tmp_path / "results").rglob("*.nut"))
