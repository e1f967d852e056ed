"""`objmask video`: one command for one file or folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from patience import AT_MOST_S, until
from snakemake_runs import Run

from objmask.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a rendered clip, which has a difficult name."""
    folder = tmp_path_factory.mktemp("one")
    size = ("--seconds=1", "--rate=12", "--seed=29", "--width=256", "--height=144")
    assert main(["scene", f"--out={folder}/rendered", "--clips=1", *size]) == 0
    [clip] = (folder / "rendered").rglob("*.mp4")
    (folder / "in").mkdir()
    clip.rename(folder / "in/what's $this {1}.mp4")
    return folder / "in"


def command(project: Path, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "objmask", "video", *map(str, arguments), "--model=demo", "--cores=2"]


def video(project: Path, folder: Path, *arguments: str | Path) -> Run:
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        command(project, *arguments), cwd=folder, env=environment, text=True, capture_output=True, timeout=AT_MOST_S
    )
    return Run(done.returncode, done.stdout + done.stderr, folder)


def test_a_file_twice_then_its_folder(project, folder):
    """The second time nothing is left to do; the results beside the video are no videos of its folder."""
    clip = "what's $this {1}.mp4"
    made = folder / "what's $this {1}_objmask/results"
    run = video(project, folder, clip).ok()
    for name in ("masks", "overlay", "protected"):
        assert (made / name / "what's $this %7B1%7D.mp4").is_file()
    run.line("results are in", str(made))
    run.line("knows rendered desks only")
    run.line("detect: done")
    assert "open results" not in run.text
    again = video(project, folder, clip).ok()
    assert "done" not in again.text
    more = video(project, folder, ".", "-o", "../all", "--outputs=masks").ok()
    assert more.text.count("detect: done") == 1
    assert [path.name for path in (folder.parent / "all/results").rglob("*.mp4")] == ["what's $this %7B1%7D.mp4"]


def test_its_configuration_is_one_for_snakemake(project, folder):
    out = folder.parent / "config"
    video(project, folder, "what's $this {1}.mp4", "-o", out, "--outputs=masks").ok()
    assert yaml.safe_load((out / "config.yaml").read_text())["outputs"] == "masks"
    arguments = ["-s", project / "Snakefile", "--configfile", out / "config.yaml", "--directory", out, "-n"]
    done = subprocess.run([sys.executable, "-m", "snakemake", *arguments], text=True, capture_output=True)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_what_is_wrong_is_one_line(project, folder):
    (folder.parent / "bad").mkdir()
    (folder.parent / "bad/broken.mp4").write_text("no video")
    run = video(project, folder, "../bad/broken.mp4")
    assert run.code == 1
    run.line("FAILED", "broken.mp4: cannot be opened as a video")
    (folder.parent / "settings.yaml").write_text("privacy: {style: fog}")
    run = video(project, folder, ".", "-o", "../fog", "--settings=../settings.yaml")
    assert run.code == 1
    assert run.text.splitlines() == [run.line("objmask: config: privacy.style: 'fog' is not one of")]
    assert not (folder.parent / "fog").exists()


def test_a_refused_call_leaves_an_earlier_one_s_folder_as_it_was(project, folder):
    out = folder.parent / "earlier"
    (out / "results").mkdir(parents=True)
    (out / "config.yaml").write_text("# mine\n")
    (out / "notes.txt").write_text("mine\n")
    refused = ("-o", out, "--outputs=mask")
    video(project, folder, ".", *refused).refused("outputs", "'mask'")
    assert sorted(path.name for path in out.iterdir()) == ["config.yaml", "notes.txt", "results"]
    assert (out / "config.yaml").read_text() == "# mine\n"
    (out / ".snakemake").mkdir()
    with FileLock(out / ".snakemake/objmask.lock"):
        video(project, folder, ".", *refused).refused("outputs", "'mask'")
        assert (out / "snakemake.log").exists()
        assert (out / "config.yaml").read_text() == "# mine\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_leaves_nothing_running_and_goes_on_later(project, folder, number):
    out = folder.parent / f"stopped-{number}"
    environment = {**os.environ, "PYTHONPATH": str(project)}
    # A shell has what it starts in the background ignore Ctrl-C, and so would this command.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command(project, "what's $this {1}.mp4", "-o", out, "--outputs=masks"),
        cwd=folder,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    signal.signal(signal.SIGINT, before)
    until(lambda: (out / "results/logs/detect").exists() or process.poll() is not None)
    # Ctrl-C comes to all of a terminal's processes, SIGTERM to one.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    assert process.wait(AT_MOST_S) != 0
    until(lambda: not _alive(str(out)))
    video(project, folder, "what's $this {1}.mp4", "-o", out, "--outputs=masks").ok()
    assert len(list((out / "results/masks").glob("*.mp4"))) == 1


def _alive(words: str) -> list[str]:
    """Processes whose command line has these words."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return [line for line in lines if words in line]
