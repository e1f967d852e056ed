"""Names that are not ASCII, in locales that are not UTF-8: of the workflow, its jobs and single verbs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import clips
import pytest
from snakemake_runs import Workflow, csv_column

NAME, GROUP = "Küche/日本 é/ö☕", "größe"
ENVIRONMENTS = {
    "Latin-1": {"LC_ALL": "en_US.ISO-8859-1"},
    "C": {"LC_ALL": "C"},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii:strict"},
    "C without coercion": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(params=ENVIRONMENTS)
def environment(request, tmp_path, monkeypatch) -> None:
    for name in ("LANG", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONCOERCECLOCALE"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "Latin-1":
        if not shutil.which("localedef"):
            pytest.skip("needs localedef")
        command = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(tmp_path / "en_US.ISO-8859-1")]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("needs the sources of locales")
        monkeypatch.setenv("LOCPATH", str(tmp_path))
    for name, value in ENVIRONMENTS[request.param].items():
        monkeypatch.setenv(name, value)


def test_the_workflow_and_its_jobs(environment, workflow: Workflow, tmp_path):
    video = tmp_path / "videos" / f"{NAME}.mp4"
    video.parent.mkdir(parents=True)
    clips.make(video, pts=range(0, 3003, 1001))
    groups = {GROUP: {"objects": ["person"], "colour": "teal"}}
    run = workflow.run(tmp_path, {"videos": "videos", "outputs": ["coverage"], "groups": groups}).ok()
    table = run.results / "summary/coverage_by_video.csv"
    assert (csv_column(table, "video"), csv_column(table, "group")) == ([NAME], [GROUP])
    assert "Logging error" not in run.text


def test_a_single_verb(environment, tmp_path):
    video = tmp_path / f"{Path(NAME).name}.mp4"
    clips.make(video, pts=range(0, 3003, 1001))
    out = tmp_path / "é.json"
    command = [sys.executable, "-m", "objmask", "probe", f"--video={video}", f"--out={out}"]
    done = subprocess.run(command, check=False, capture_output=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert out.is_file()
    missing = [*command[:-2], f"--video={tmp_path / 'ü.mp4'}", f"--out={out}"]
    done = subprocess.run(missing, check=False, capture_output=True, env=dict(os.environ))
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
