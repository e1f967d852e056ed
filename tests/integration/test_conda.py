"""`--sdm conda`: environments that are really made, a whole run in them, and when a changed file runs jobs again."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import clips
import pytest
from snakemake_runs import Run, Workflow, contents

from objmask.provenance.record import modules_of

ROOT = Path(__file__).parents[2]
STAND_IN = ROOT / "tests/conda_stand_in/bin"
WITH_NETWORKS = {"model", "detect", "serve"}
VIDEO = {
    "probe",
    "frames",
    "images",
    "gather",
    "track",
    "paint",
    "hide",
    "masks",
    "overlay",
    "protect",
    "coverage",
    "summary",
    "video-summary",
}
VIDEO_RULES = {verb.replace("-", "_") for verb in VIDEO}
REPORT = {"report"}
EXPORTS = {"annotations", "annotated-images", "dataset"}
EXPORT_RULES = {"coco", "yolo", "masks_png", "cvat", "annotated_images", "coco_dataset", "yolo_dataset"}
# `gather` shares a module with `detect` that can load networks, and never does.
NEVER_REACHED = {"gather": {"tensorflow", "ai_edge_litert", "filelock"}}
CONFIG = {
    "videos": "../videos",
    "outputs": [
        *("detections", "masks", "overlay", "protected", "coverage", "report"),
        *("coco", "masks_png", "yolo", "cvat"),
    ],
    "frames": {"keep": "png"},
    "exports": {"images": "png"},
}
# Run by each Python of an environment when it starts.
RECORD = """
import json, os, sys
with open({file!r}, "a") as stream:
    stream.write(json.dumps([sys.orig_argv, sys.prefix, sys.path, sys.base_prefix]) + "\\n")
"""


@dataclass(frozen=True)
class Process:
    """A Python that a job started.

    Attributes:
        arguments: its command line.
        prefix: the environment that it belongs to.
        path: where it looks for modules.
        base: the Python that the environment was made from: its standard library.
    """

    arguments: list[str]
    prefix: Path
    path: list[Path]
    base: Path

    @property
    def verb(self) -> str:
        _, flag, package, verb, *_ = self.arguments
        if package == "objmask.models.try_out":
            return "model"  # which tries its network in a process of its own
        assert (flag, package) == ("-m", "objmask"), self.arguments
        return verb


@dataclass(frozen=True)
class Both:
    """A run with the environment of the tests, the same with conda's, and what ran in these.

    Attributes:
        workflow: the copy of the project, which may be edited.
        here: the run without conda.
        conda: the run with `--sdm conda`.
        environments: where they lie, by the name of their file.
        processes: every Python that jobs started in one of them.
    """

    workflow: Workflow
    here: Run
    conda: Run
    environments: dict[str, Path]
    processes: list[Process]

    def plan(self) -> Run:
        """What `--sdm conda` would run now."""
        return self.workflow.run(self.conda.folder, CONFIG, "--sdm", "conda", "-n").ok()


@pytest.fixture(scope="module")
def conda(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A `conda` on PATH, as in a shell where the environment of the tests is active."""
    wheel = ["--no-deps", "--quiet", "--dest", tmp_path_factory.mktemp("wheel"), "tqdm"]
    reached = subprocess.run([sys.executable, "-m", "pip", "download", *wheel], capture_output=True, check=False)
    if reached.returncode:
        pytest.skip("pip reaches no package index")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{STAND_IN}{os.pathsep}{Path(sys.executable).parent}", prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def both(conda: None, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """A small clip, whole, both ways; the environments are gigabytes and do not outlive the tests."""
    root = shutil.copytree(project, tmp_path_factory.mktemp("conda") / project.name)
    workflow = Workflow(root, Path("demo"))
    here, there = root.parent / "here", root.parent / "there"
    (root.parent / "videos/desk").mkdir(parents=True)
    clips.make(root.parent / "videos/desk/a.mp4", pts=range(0, 5 * clips.STEP, clips.STEP))
    try:
        workflow.run(there, CONFIG, "--sdm", "conda", "--conda-create-envs-only").ok()
        environments = made_in(there / ".snakemake/conda", root / "envs")
        record = there / "processes"
        for prefix in environments.values():
            start_recording(prefix, record)
        run = workflow.run(there, CONFIG, "--sdm", "conda").ok()
        yield Both(workflow, workflow.run(here, CONFIG).ok(), run, environments, recorded(record))
    finally:
        shutil.rmtree(there / ".snakemake/conda", ignore_errors=True)


def made_in(folder: Path, files: Path) -> dict[str, Path]:
    """The environments in a folder, by the name of the file whose copy lies beside each; those that jobs need are."""
    copies = {copy.read_bytes(): copy.with_suffix("") for copy in folder.glob("*.yaml")}
    return {file.stem: copies[text] for file in files.glob("*.yaml") if (text := file.read_bytes()) in copies}


def start_recording(prefix: Path, record: Path) -> None:
    """Makes each Python of an environment write down how it was started."""
    [packages] = (prefix / "lib").glob("python3.*/site-packages")
    (packages / "start_record.py").write_text(RECORD.format(file=str(record)))
    (packages / "start_record.pth").write_text("import start_record\n")


def recorded(record: Path) -> list[Process]:
    rows = [json.loads(line) for line in record.read_text().splitlines()]
    return [Process(a, Path(prefix), [*map(Path, path)], Path(base)) for a, prefix, path, base in rows]


def third_parties(verb: str) -> set[str]:
    """Top-level names of the packages that a verb imports, at any depth, whether or not a run comes by."""
    nodes = [node for path in modules_of(verb, without=frozenset()) for node in ast.walk(ast.parse(path.read_bytes()))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"objmask"}


def missing(prefix: Path, names: set[str]) -> set[str]:
    """Those packages that the Python of an environment does not have."""
    look = "import sys; from importlib.util import find_spec; print(*(n for n in sys.argv[1:] if not find_spec(n)))"
    command = [prefix / "bin/python", "-I", "-c", look, *names]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_each_rule_runs_in_its_own_environment_only(both: Both) -> None:
    ran_in = {(process.verb, process.prefix) for process in both.processes}
    expected = {"networks": WITH_NETWORKS, "video": VIDEO, "report": REPORT, "exports": EXPORTS}
    assert ran_in == {(verb, both.environments[name]) for name, verbs in expected.items() for verb in verbs}
    assert set(both.conda.jobs) == WITH_NETWORKS - {"serve"} | VIDEO_RULES | REPORT | EXPORT_RULES


def test_nothing_of_the_host_leaks_in(both: Both) -> None:
    for process in both.processes:
        packages = [path for path in process.path if path.name == "site-packages"]
        assert packages
        assert all(path.is_relative_to(process.prefix) for path in packages)
        for path in process.path:
            assert any(path.is_relative_to(own) for own in (process.prefix, process.base, both.workflow.root)), path


def test_the_environments_hold_what_their_verbs_import(both: Both) -> None:
    """Also where this run did not come by: another family of models, a download."""
    verbs_of = {"networks": WITH_NETWORKS, "video": VIDEO, "report": REPORT, "exports": EXPORTS}
    for name, verbs in verbs_of.items():
        for verb in verbs:
            needed = third_parties(verb) - NEVER_REACHED.get(verb, set())
            assert needed
            assert not missing(both.environments[name], needed), (verb, name)


def test_only_inference_has_networks_libraries(both: Both) -> None:
    networks = {"tensorflow", "keras", "ai_edge_litert", "onnx", "onnxruntime"}
    assert missing(both.environments["video"], networks) == networks
    assert not missing(both.environments["networks"], networks)


def test_results_are_those_of_a_run_without_conda(both: Both) -> None:
    here, there = contents(both.here.results), contents(both.conda.results)
    assert here == there
    assert {Path(name).suffix for name in here} >= {".parquet", ".csv", ".mp4", ".png", ".json"}


def test_nothing_is_left_to_do(both: Both) -> None:
    both.plan().line("Nothing to be done")


@pytest.mark.parametrize(
    ("name", "jobs"),
    [
        ("video", VIDEO_RULES | {"detect"} | REPORT | EXPORT_RULES),
        ("networks", VIDEO_RULES - {"probe"} | {"model", "detect"} | REPORT | EXPORT_RULES),
        ("exports", EXPORT_RULES),
        ("report", REPORT),
    ],
)
def test_a_changed_file_runs_its_jobs_again(both: Both, name: str, jobs: set[str]) -> None:
    file = both.workflow.root / f"envs/{name}.yaml"
    before = file.read_text()
    file.write_text(before.replace("pip:\n", "pip:\n      - six==1.17.0\n"))
    try:
        plan = both.plan()
    finally:
        file.write_text(before)
    assert set(plan.jobs) == jobs
    plan.line(f"envs/{name}.yaml will be created")


def test_another_way_to_deploy_runs_everything_again(both: Both) -> None:
    plan = both.workflow.run(both.conda.folder, CONFIG, "-n").ok()
    assert set(plan.jobs) == set(both.conda.jobs)
