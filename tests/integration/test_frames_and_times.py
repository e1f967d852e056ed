"""What is written has the frames and the times of what was read, to the tick."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from snakemake_runs import Run, Workflow, times

ODD = (
    "gopro_max-heromode.mp4",
    "phpffmpeg_portrait.MOV",
    "streamio_awesome movie.mov",
    "streamio_file_with_data_streams.mp4",
    "torchcodec_av1_video.mkv",
    "torchcodec_h265_10bits.mp4",
    "torchcodec_nasa_13013.mp4",
)
OFFICE = {
    "desk/coffee.mp4": 45,
    "meeting/signing_book.mkv": 45,
    "meeting/two_people_at_desk.mp4": 15,
    "typing/mini_subject_2_typeset.MP4": 45,
}
"""Frames to expect in a window of 1.5 s."""
KINDS = ("masks", "overlay", "protected")
WINDOW = (Fraction(1), Fraction(5, 2))


@pytest.fixture(scope="module")
def odd(workflow: Workflow, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every readable odd file, from its first to its last frame."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "videos").mkdir()
    for name in ODD:
        shutil.copy(assets / "videos/odd" / name, folder / "videos")
    return workflow.run(folder, {"videos": "videos", "outputs": list(KINDS), "privacy": {"audio": "copy"}})


@pytest.fixture(scope="module")
def office(workflow: Workflow, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A window of office videos, its frames kept as images."""
    folder = tmp_path_factory.mktemp("office")
    for name in OFFICE:
        (folder / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(assets / "videos/office" / name, folder / "videos" / name)
    config = {
        "videos": "videos",
        "window": {"start_s": float(WINDOW[0]), "end_s": float(WINDOW[1])},
        "outputs": list(KINDS),
        "frames": {"keep": "png"},
    }
    return workflow.run(folder, config)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ODD)
def test_every_frame_at_its_time(odd, name, kind):
    odd.ok()
    written = odd.results / kind / Path(name).with_suffix(".mp4")
    assert times(written) == times(odd.folder / "videos" / name)


@pytest.mark.parametrize("name", OFFICE)
def test_a_window_is_the_same_frames_in_every_output(office, assets, name):
    office.ok()
    whole = times(assets / "videos/office" / name)
    start, end = (whole[0] + seconds for seconds in WINDOW)
    inside = [i for i, time in enumerate(whole[:-1]) if start <= time < end]
    assert abs(len(inside) - OFFICE[name]) <= 1
    expected = [whole[i] for i in [*inside, inside[-1] + 1]]
    for kind in KINDS:
        assert times(office.results / kind / Path(name).with_suffix(".mp4")) == expected, kind


@pytest.mark.parametrize("name", OFFICE)
def test_kept_frames_are_images_named_by_frame_number(office, assets, name):
    stem = Path(name).with_suffix("")
    (folder,) = (office.results / "frames" / stem).iterdir()
    images = sorted(int(path.stem) for path in folder.glob("*.png"))
    (table,) = (office.results / "detections").glob(f"*/{stem}.frames.parquet")
    assert images == pq.read_table(table)["frame"].to_pylist()
    assert len(list(folder.iterdir())) - (folder / ".snakemake_timestamp").exists() == len(images)


def test_frames_in_pieces_give_the_same_bytes(workflow, assets, tmp_path):
    """Cut at frame 50, 100 and 150, the detections are those of the whole, byte for byte."""
    (tmp_path / "videos").mkdir()
    shutil.copy(assets / "videos/office/typing/mini_subject_2_typeset.MP4", tmp_path / "videos/a.mp4")
    config = {"videos": "videos", "outputs": ["detections"]}
    files = []
    for pieces, chunk_frames in ((1, 0), (4, 50)):
        run = workflow.run(tmp_path, {**config, "detect": {"chunk_frames": chunk_frames}}).ok()
        assert run.jobs["detect"] == pieces
        (folder,) = (run.results / "detections").iterdir()
        assert not [path for path in (run.results / "frames").rglob("*") if path.is_file()]
        files.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
        shutil.rmtree(folder)
    assert set(files[0]) == {"a.parquet", "a.frames.parquet"}
    assert files[0] == files[1]


def test_two_models_by_name(workflow, assets, tmp_path):
    """Each section uses the models that it names."""
    (tmp_path / "videos").mkdir()
    shutil.copy(assets / "videos/office/meeting/two_people_at_desk.mp4", tmp_path / "videos/a.mp4")
    models = {"small": str(workflow.model), "large.one": str(assets / "models/yolov8n-seg_640_nhwc_float_io.tflite")}
    config = {"videos": "videos", "models": models, "window": {"end_s": 0.5}, "masks": {"models": ["large.one"]}}
    run = workflow.run(tmp_path, {**config, "outputs": ["detections", "masks", "protected"]}).ok()
    assert run.jobs["detect"] == 2
    for name in models:
        assert pq.read_table(run.results / f"detections/{name}/a.frames.parquet").num_rows == 5
        assert (run.results / f"models/{name}/model.json").is_file()
    # The masks do not depend on `small`, the protected video on both.
    plan = workflow.plan(tmp_path, {**config, "outputs": ["masks", "protected"], "privacy": {"models": ["small"]}})
    assert set(plan.jobs) == {"hide", "protect"}
    plan = workflow.plan(tmp_path, {**config, "outputs": ["masks", "protected"], "masks": {"models": ["small"]}})
    assert set(plan.jobs) == {"paint", "masks"}
