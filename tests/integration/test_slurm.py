"""The workflow on a real one-node Slurm, through profiles/slurm: the same files as a run on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import clips
import pytest
import yaml
from snakemake_runs import Run, Workflow, contents

from objmask.cli import main

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "objmask/models/demo"
RUNS = "'$(touch$IFS,canary)`touch$IFS,canary`\""
"""A shell makes a file of it, but between `'`; Snakemake parts lists at commas, and takes quotes off their ends."""
CLIP, CLIP_FILE = f"typing/it's,%7Bx%7D{RUNS}", f"typing/it's,{{x}}{RUNS}.mp4"
BROKEN = f"broken{RUNS}.mp4"
ONE_NODE = ROOT / "tests/slurm/one_node.sh"
CANNOT = 77
OFFICE = "meeting/signing_book.mkv"
NAME = f"a é\u00a0\\ {RUNS}.mkv"
# No accounting here. The first look at a job comes after so many seconds (40 by default), each further one 10 s later.
QUICK = {
    "slurm-status-command": "squeue",
    "slurm-no-account": True,
    "slurm-init-seconds-before-status-checks": 1,
    "latency-wait": 10,
}


@dataclass(frozen=True)
class Job:
    """A Slurm job.

    Attributes:
        rules: the rule or the group and its rules, as the job's comment says.
        cpus: processors allocated.
        memory_mb: memory allocated.
        gpus: the GPUs allocated.
        minutes: its time limit.
        partition: where it ran.
        state: what became of it.
    """

    rules: str
    cpus: int
    memory_mb: int
    gpus: tuple[str, ...]
    minutes: int
    partition: str
    state: str

    @classmethod
    def parse(cls, line: str, gpus: Mapping[str, tuple[str, ...]]) -> Job:
        """A line of `scontrol --oneliner show jobs`, and the GPUs that jobs were given."""
        fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
        got = dict(part.split("=") for part in fields["TRES"].split(","))
        hours, minutes, _ = fields["TimeLimit"].split(":")
        return cls(
            rules=fields["Comment"],
            cpus=int(got["cpu"]),
            memory_mb=int(got["mem"].removesuffix("M")),
            gpus=gpus.get(fields["JobId"], ()),
            minutes=int(hours) * 60 + int(minutes),
            partition=fields["Partition"],
            state=fields["JobState"],
        )


@dataclass(frozen=True)
class Both:
    """A run on this machine and the same on Slurm, with the Slurm jobs that it took."""

    here: Run
    slurm: Run
    jobs: list[Job]

    def of(self, word: str) -> list[Job]:
        """The jobs of a rule or group."""
        return [job for job in self.jobs if re.match(rf"rule_{word}_", job.rules)]


@pytest.fixture(scope="module")
def slurm() -> Iterator[None]:
    """A running Slurm that the commands of this process find."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    try:
        done = subprocess.run([ONE_NODE, "start", folder], capture_output=True, text=True, check=False)
        if done.returncode == CANNOT:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
            patch.setenv("PATH", str(folder / "bin"), prepend=":")
            yield
    finally:
        subprocess.run([ONE_NODE, "stop", folder], check=False)
        shutil.rmtree(folder)


def given_gpus() -> dict[str, tuple[str, ...]]:
    """The GPUs of each Slurm job, as its node handed them out."""
    lines = Path(os.environ["SLURM_CONF"]).with_name("gpus").read_text().splitlines()
    return {job: tuple(gpus) for job, *gpus in map(str.split, lines)}


def known_jobs() -> list[str]:
    lines = subprocess.run(["scontrol", "--oneliner", "show", "jobs"], capture_output=True, text=True, check=True)
    return [line for line in lines.stdout.splitlines() if line.startswith("JobId=")]


def profile(workflow: Workflow, folder: Path, changes: Mapping[str, Any]) -> Path:
    """The Slurm profile with what a site changes."""
    settings = yaml.safe_load((workflow.root / "profiles/slurm/config.yaml").read_text())
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump({**settings, **QUICK, **changes}))
    return folder


def run_both(workflow: Workflow, folder: Path, config: Mapping[str, Any], **changes: Any) -> Both:
    before = set(known_jobs())
    hostile = ["--config", f"mirror=/nowhere/{RUNS} it's\nnot asked"]
    on_slurm = ["--workflow-profile", profile(workflow, folder / "site", changes), *hostile]
    with ThreadPoolExecutor() as pool:
        there = pool.submit(workflow.run, folder / "slurm", config, *on_slurm)
        here = workflow.run(folder / "here", config)
    gpus = given_gpus()
    return Both(here, there.result(), [Job.parse(line, gpus) for line in known_jobs() if line not in before])


@pytest.fixture(scope="module")
def checkout(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in a folder whose name would run."""
    return Path(shutil.copytree(project, tmp_path_factory.mktemp("checkout") / f"a copy of $objmask {RUNS}"))


@pytest.fixture(scope="module")
def demo(slurm: None, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A rendered clip of two chunks, and one that cannot be decoded to its end."""
    folder = tmp_path_factory.mktemp("demo")
    size = ["--clips=1", "--seconds=1", "--rate=6", "--seed=29", "--width=320", "--height=180"]
    assert main(["scene", f"--out={folder / 'videos'}", *size]) == 0
    rendered = (folder / "videos/typing/typing_01.mp4").rename(folder / "videos" / CLIP_FILE).read_bytes()
    (folder / "videos" / BROKEN).write_bytes(rendered[: len(rendered) * 2 // 3])
    config = {"videos": str(folder / "videos"), "detect": {"chunk_frames": 3}, "outputs": ["masks", "audit"]}
    return run_both(Workflow(checkout, MODEL), folder, config, retries=1)


def same_files(both: Both) -> int:
    """Asserts that both runs made the same files, to the byte; how many."""

    here, there = contents(both.here.results), contents(both.slurm.results)
    assert set(here) == set(there)
    assert [name for name in here if here[name] != there[name]] == []
    return len(here)


def networks(run: Run) -> list[int]:
    """The processes that the networks of all `detect` jobs ran in."""
    logs = (path.read_text() for path in (run.results / "logs/detect").rglob("*.log"))
    return [int(number) for log in logs for number in re.findall(r"the network's process (\d+)", log)]


def test_the_demo_model_finds_the_same(demo: Both) -> None:
    same_files(demo)
    assert (demo.slurm.results / f"detections/demo/{CLIP}.parquet").is_file()
    assert (demo.slurm.results / f"protected/{CLIP}.mp4").is_file()


def test_names_paths_and_settings_run_nothing(demo: Both, checkout: Path) -> None:
    assert [path for folder in (demo.slurm.folder.parent, checkout) for path in folder.rglob(",canary")] == []


def test_without_scripts_the_shell_here_would_run_names(slurm: None, checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    clips.make(tmp_path / "videos/one.mp4", pts=range(0, 3 * clips.STEP, clips.STEP))
    site = profile(Workflow(checkout, MODEL), tmp_path / "site", {"slurm-pass-command-as-script": False})
    run = Workflow(checkout, MODEL).run(tmp_path, {"videos": "videos"}, "--workflow-profile", site)
    run.refused("slurm-pass-command-as-script", "profile")


def test_a_bad_video_fails_alone_and_is_tried_again_with_more(demo: Both) -> None:
    assert demo.slurm.code != 0
    demo.slurm.line("FAILED", BROKEN)
    first, second = (job for job in demo.of("probe") if "broken" in job.rules)
    assert first.state == second.state == "FAILED"
    assert (second.memory_mb, second.minutes) == (2 * first.memory_mb, 2 * first.minutes)
    assert {job.state for job in demo.jobs if "broken" not in job.rules} == {"COMPLETED"}


def test_a_slurm_job_holds_many_jobs_and_asks_for_the_neediest(demo: Both) -> None:
    [inference] = demo.of("inference")
    assert (inference.cpus, inference.gpus, inference.partition) == (2, ("0",), "gpu")
    assert inference.minutes == 2 * (5 + 15)  # what the profile gives `frames` and `detect`, for two chunks
    [render] = demo.of("render")
    assert (render.cpus, render.gpus, render.partition) == (1, (), "cpu")
    assert "gather_hide_masks_paint_protect" in render.rules


def test_an_audit_asks_for_a_gpu_only_to_search(demo: Both) -> None:
    assert (demo.slurm.results / f"audit/{CLIP}.json").is_file()
    [search], [release] = demo.of("second_look"), demo.of("release")
    assert (search.gpus, search.partition) == (("0",), "gpu")
    assert (release.gpus, release.partition) == ((), "cpu")


def test_the_jobs_of_a_slurm_job_share_a_network_that_ends_with_it(demo: Both) -> None:
    first, second = networks(demo.slurm)
    assert first == second
    assert not Path("/proc", str(first)).exists()


def test_an_office_video_with_a_real_model(
    slurm: None, checkout: Path, workflow: Workflow, assets: Path, tmp_path: Path
) -> None:
    (tmp_path / "videos").mkdir()
    shutil.copy(assets / "videos/office" / OFFICE, tmp_path / "videos" / NAME)
    config = {
        "videos": str(tmp_path / "videos"),
        "window": {"end_s": 0.5},
        "device": "auto",
        "outputs": ["coverage", "report"],
    }
    both = run_both(replace(workflow, root=checkout), tmp_path, config, retries=0)
    both.here.ok()
    both.slurm.ok()
    assert same_files(both) > 6
    assert [job.gpus for job in both.of("inference")] == [("0",)]
