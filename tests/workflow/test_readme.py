"""The README's commands: each plan of the workflow is made as it is typed there."""

from __future__ import annotations

import shlex
from pathlib import Path

import clips
import pytest
from documents import ROOT, commands
from snakemake_runs import Workflow

PLANS = [command for command in commands((ROOT / "README.md").read_text(encoding="utf-8")) if "snakemake" in command]


@pytest.mark.parametrize("command", PLANS)
def test_a_run_of_the_readme_is_planned(command: str, project: Path, tmp_path: Path) -> None:
    (tmp_path / "videos/desk").mkdir(parents=True)
    clips.make(tmp_path / "videos/desk/one.mp4", pts=range(0, 3003, 1001))
    filled = command.replace("<folder>", "videos").replace("profiles/slurm", shlex.quote(f"{project}/profiles/slurm"))
    arguments = [word for word in shlex.split(filled)[1:] if word != "--dry-run"]
    run = Workflow(project, project).run(tmp_path, None, *arguments, "-n", "-s", project / "Snakefile", unflagged=True)
    assert run.ok().jobs["model"] == 1
