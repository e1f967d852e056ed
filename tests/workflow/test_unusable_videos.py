"""Videos that only a later step finds unusable: left out or named; summaries, report and the rest are of the others."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import clips
import pytest
from snakemake_runs import Run, Workflow, csv_column, mounted
from tiny_yolo import TINY_YOLO

from objmask.cli import main

CHANGES, CUT, GOOD = "call/changes size", "cut", "desk/good"
SETTINGS: dict[str, Any] = {"videos": "videos", "models": [str(TINY_YOLO)], "outputs": ["protected", "report"]}
EXCLUDE = {**SETTINGS, "on_unreadable": "exclude"}
JOINS = {"summary", "report"}


def change_size(path: Path) -> Path:
    """A VP8 video as a browser writes it when the camera is turned in a call."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("libvpx", 10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        turned = av.CodecContext.create("libvpx", "w")
        turned.width, turned.height, turned.pix_fmt, turned.time_base = 48, 64, "yuv420p", Fraction(1, 10)
        for first, context in ((0, stream.codec_context), (10, turned)):
            packets = []
            for i in range(first, first + 10):
                frame = av.VideoFrame.from_ndarray(clips.picture(i, context.width, context.height), "rgb24")
                frame = frame.reformat(format="yuv420p")
                frame.pts, frame.time_base = i, Fraction(1, 10)
                packets += context.encode(frame)
            for packet in packets + context.encode(None):
                packet.stream = stream
                out.mux(packet)
    return path


def cut(path: Path) -> Path:
    """An MP4 file that says in its first bytes what is in it, and breaks off."""
    clips.make(path, container_options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    return path


@pytest.fixture(scope="module")
def small(project: Path) -> Workflow:
    """With a network that starts at once."""
    return Workflow(project, TINY_YOLO)


def videos(folder: Path) -> None:
    for name in (GOOD, "desk/other"):
        (folder / f"videos/{name}").parent.mkdir(parents=True, exist_ok=True)
        clips.make(folder / f"videos/{name}.mp4")
    change_size(folder / f"videos/{CHANGES}.webm")
    cut(folder / f"videos/{CUT}.mp4")


@pytest.fixture(scope="module")
def failing(small: Workflow, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("failing")
    videos(folder)
    return small.run(folder, SETTINGS)


@pytest.fixture(scope="module")
def excluding(small: Workflow, failing: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("excluding") / "run"
    shutil.copytree(failing.folder, folder, symlinks=True)
    # As of an earlier version of the file, whose bytes were good.
    for kind in ("protected", "overlay", "exports/coco"):
        path = folder / f"results/{kind}/{CUT}.{'json' if 'coco' in kind else 'mp4'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"earlier")
    return small.run(folder, EXCLUDE).ok()


def named(run: Run, state: str) -> list[str]:
    """Names in warnings of the report, in order."""
    page = (run.results / "report.html").read_text()
    return re.findall(rf'<b>{state}</b> <span><span class="name">(.*?)</span>', page)


def outputs(run: Run) -> set[str]:
    return {
        str(p.relative_to(run.results / "protected").with_suffix("")) for p in run.results.glob("protected/**/*.mp4")
    }


def test_with_fail_the_others_have_their_report_and_the_run_fails(failing):
    assert failing.code != 0
    assert outputs(failing) == {GOOD, "desk/other"}
    assert csv_column(failing.results / "summary/excluded.csv", "video") == [CHANGES, CUT]
    assert all(why.startswith("FAILED ") for why in csv_column(failing.results / "summary/excluded.csv", "reason"))
    assert set(csv_column(failing.results / "summary/coverage_by_video.csv", "video")) == {GOOD, "desk/other"}
    assert named(failing, "Failed") == [CHANGES, CUT]
    assert not named(failing, "Excluded")
    assert not (failing.results / "unusable.json").exists()


def test_what_failed_is_said_last(failing):
    last = [line for line in failing.text.splitlines() if "FAILED" in line]
    assert len(last) == 2
    assert failing.text.splitlines()[-2:] == last
    assert f"{CHANGES}.webm: the picture size changes from 64x48 to 48x64 at frame 10" in last[0]
    assert f"{CUT}.mp4: truncated" in last[1]
    assert all("`on_unreadable: exclude` leaves such videos out" in line for line in last)


def test_with_fail_they_are_tried_again_and_nothing_else_is_made_again(small, failing):
    again = small.run(failing.folder, SETTINGS)
    assert again.code != 0
    assert again.videos == {CHANGES: {"probe"}, CUT: {"probe"}}
    assert not JOINS & set(again.jobs)
    assert sum("FAILED" in line for line in again.text.splitlines()) == 2


def test_with_exclude_they_are_left_out(excluding):
    assert excluding.videos == {CHANGES: {"probe"}, CUT: {"probe"}}
    assert set(excluding.jobs) == {"probe", *JOINS}
    assert outputs(excluding) == {GOOD, "desk/other"}
    reasons = dict(
        zip(
            *(csv_column(excluding.results / "summary/excluded.csv", name) for name in ("video", "reason")), strict=True
        )
    )
    assert set(reasons) == {CHANGES, CUT}
    assert reasons[CUT].startswith("cut.mp4: truncated")
    assert named(excluding, "Excluded") == [CHANGES, CUT]
    assert not named(excluding, "Failed")
    excluding.line("EXCLUDED", f"{CHANGES}.webm", "the picture size changes")
    assert "FAILED" not in excluding.text


def test_nothing_of_an_excluded_video_is_left_to_be_handed_on(excluding):
    left = {p.relative_to(excluding.results).parts[0] for p in excluding.results.rglob(f"{CUT}.*")}
    assert left <= {"logs", "benchmarks"}


def test_excluded_videos_stay_out_and_nothing_runs(small, excluding):
    plan = small.plan(excluding.folder, EXCLUDE)
    plan.line("Nothing to be done")
    plan.line("EXCLUDED", CUT)


def test_other_bytes_or_settings_are_another_try(small, excluding, tmp_path):
    folder = shutil.copytree(excluding.folder, tmp_path / "run", symlinks=True)
    kept = small.plan(folder, {**EXCLUDE, "on_truncated": "keep"})
    assert "probe" in kept.videos[CUT]
    assert {"probe"} <= small.plan(folder, SETTINGS).videos[CUT]
    clips.make(folder / f"videos/{CUT}.mp4")
    mended = small.run(folder, EXCLUDE).ok()
    assert set(mended.videos) == {CUT}
    assert outputs(mended) == {GOOD, "desk/other", CUT}
    assert csv_column(mended.results / "summary/excluded.csv", "video") == [CHANGES]


def test_what_is_asked_for_by_name_fails_and_makes_nothing_else(small, excluding):
    for name, file in ((CUT, f"results/protected/{CUT}.mp4"), (CHANGES, f"results/overlay/{CHANGES}.mp4")):
        asked = small.run(excluding.folder, EXCLUDE, file)
        assert asked.code != 0
        assert set(asked.jobs) == {"probe"}
        asked.line("FAILED", name)
    small.plan(excluding.folder, EXCLUDE).line("Nothing to be done")


def test_what_was_to_be_made_again_is_made_again_once(small, failing, tmp_path):
    folder = shutil.copytree(failing.folder, tmp_path / "run", symlinks=True)
    again = small.run(folder, EXCLUDE, "--forceall").ok()
    assert again.jobs["protect"] == 2
    assert again.jobs["report"] == 1


def test_a_step_after_probe_notices(small, tmp_path):
    """MP4 cannot hold this audio; without it, it can."""
    (tmp_path / "videos").mkdir()
    clips.make(tmp_path / "videos/good.mp4")
    clips.make(tmp_path / "videos/sound.mkv", audio="pcm_u8")
    config = {**EXCLUDE, "outputs": ["protected", "coverage"], "privacy": {"audio": "copy"}}
    run = small.run(tmp_path, config).ok()
    assert outputs(run) == {"good"}
    assert csv_column(run.results / "summary/excluded.csv", "video") == ["sound"]
    assert "privacy.audio: drop" in csv_column(run.results / "summary/excluded.csv", "reason")[0]
    assert not list(run.results.glob("coverage/sound*"))
    small.plan(tmp_path, config).line("Nothing to be done")
    assert small.plan(tmp_path, {**config, "privacy": {"audio": "drop"}}).videos["sound"] >= {"protect"}


@pytest.mark.parametrize("mode", ["fail", "exclude"])
def test_no_room_is_no_fault_of_a_video(small, tmp_path, mode):
    """It is not excluded, the run fails, and the others have their report."""
    (tmp_path / "videos/full").mkdir(parents=True)
    clips.make(tmp_path / "videos/good.mp4")
    clips.make(tmp_path / "videos/full/noisy.mp4", size=(320, 240))
    try:
        with mounted(tmp_path / "results/protected/full", "-t", "tmpfs", "-o", "size=4k", "none") as disk:
            (disk / "mine").touch()  # or Snakemake, which removes empty folders, would try to remove this one
            run = small.run(tmp_path, {**SETTINGS, "on_unreadable": mode})
    except OSError as error:
        pytest.skip(f"cannot mount here: {error}")
    assert run.code != 0
    line = run.line("FAILED", "full/noisy", "No space left on device")
    assert "exclude" not in line
    assert "EXCLUDED" not in run.text
    assert named(run, "Failed") == ["full/noisy"]
    assert not (run.results / "unusable.json").exists()
    assert set(csv_column(run.results / "summary/coverage_by_video.csv", "video")) == {"good"}


def test_what_is_kept_back_is_in_the_report_beside_what_failed(small, tmp_path):
    clip = ["--clips=1", "--seconds=0.4", "--rate=10", "--seed=29", "--width=320", "--height=180"]
    assert main(["scene", f"--out={tmp_path / 'videos'}", *clip]) == 0
    [leaking] = [path.relative_to(tmp_path / "videos") for path in (tmp_path / "videos").rglob("*.mp4")]
    cut(tmp_path / f"videos/{CUT}.mp4")
    config = {**SETTINGS, "models": ["demo"], "outputs": ["audit", "report"], "privacy": {"score": 0.999}}
    run = small.run(tmp_path, {**config, "audit": {"floor": 0.2, "score": 0.3, "fail_over": 0}})
    assert run.code != 0
    name = str(leaking.with_suffix(""))
    assert named(run, "Failed") == [CUT]
    assert named(run, "Kept back") == [name]
    assert csv_column(run.results / "audit/audit.csv", "video") == [name]
    assert run.jobs["audit"] == 1
    for parts in (("quarantine", name), (f"{CUT}.mp4", "truncated")):
        run.line("FAILED", *parts)


def test_no_report_of_nothing(small, tmp_path):
    (tmp_path / "videos").mkdir()
    cut(tmp_path / "videos/one.mp4")
    run = small.run(tmp_path, EXCLUDE)
    assert run.code != 0
    run.line("FAILED", "no video could be finished")
    assert not (run.results / "report.html").exists()
    (tmp_path / "videos/one.mp4").write_text("no video")
    small.run(tmp_path, EXCLUDE).refused("videos: none of 1 can be used", "one.mp4")


def test_without_keep_going(small, tmp_path):
    """A failure ends the run; what is excluded is none."""
    videos(tmp_path)
    arguments = ("--workflow-profile", "none", "--nolock")
    run = small.run(tmp_path, SETTINGS, *arguments)
    assert run.code != 0
    assert not JOINS & set(run.jobs)
    run = small.run(tmp_path, EXCLUDE, *arguments).ok()
    assert outputs(run) == {GOOD, "desk/other"}
    assert named(run, "Excluded") == [CHANGES, CUT]


def test_one_command_without_a_configuration(project, tmp_path):
    videos(tmp_path)
    (tmp_path / "more.yaml").write_text(json.dumps({"on_unreadable": "exclude"}))
    command = [sys.executable, "-m", "objmask", "video", "videos", f"--model={TINY_YOLO}", "--outputs=protected,report"]
    environment = {**os.environ, "PYTHONPATH": str(project)}

    def objmask(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    failed = objmask()
    assert failed.returncode == 1, failed.stderr
    assert "objmask: FAILED" in failed.stderr
    assert (tmp_path / "videos_objmask/results/report.html").exists()
    excluded = objmask("--settings=more.yaml")
    assert excluded.returncode == 0, excluded.stderr
    assert excluded.stderr.count("EXCLUDED") == 2
