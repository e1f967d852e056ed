"""objmask installed from a wheel: away from the checkout, in an environment that knows nothing of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from patience import AT_MOST_S
from snakemake_runs import Run

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
FOLDERS = ("objmask", "workflow", "profiles", "envs")
FILES = ("Snakefile", "config.yaml", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")


@dataclass(frozen=True)
class Installed:
    """An environment with objmask in it.

    Attributes:
        bin: where its programs are.
        folder: an empty one, to work in.
    """

    bin: Path
    folder: Path

    def run(self, folder: Path, *command: str | Path, **more: str) -> Run:
        """Runs a program of the environment, with no path to other modules."""
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=folder,
            env=ENVIRONMENT | more,
            text=True,
            capture_output=True,
            timeout=AT_MOST_S,
        )
        return Run(done.returncode, done.stdout + done.stderr, folder)

    def snakemake(self, folder: Path, *arguments: str) -> Run:
        return self.run(folder, "python", "-m", "snakemake", "--cores", "2", *arguments)


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, env=ENVIRONMENT, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def wheel_of(source: Path, out: Path) -> Path:
    """Builds a wheel with the setuptools of this environment, so without a network."""
    pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", out, source)
    [wheel] = out.glob("*.whl")
    return wheel


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a wheel is made of: building writes beside it."""
    folder = tmp_path_factory.mktemp("source")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_of(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own. What it depends on comes from this one; an editable objmask does not."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    found = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    pip("--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
    Path(found.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(folder / "bin", tmp_path_factory.mktemp("away"))


@pytest.fixture(scope="module")
def clip(installed: Installed) -> Path:
    size = ("--seconds=0.5", "--rate=12", "--seed=29", "--width=256", "--height=144")
    installed.run(installed.folder, "objmask", "scene", "--out=rendered", "--clips=1", *size).ok()
    [rendered] = (installed.folder / "rendered").rglob("*.mp4")
    return rendered.rename(installed.folder / "clip.mp4")


def test_it_is_the_installed_one(installed):
    where = installed.run(installed.folder, "python", "-c", "import objmask; print(objmask.__file__)").ok()
    assert Path(where.text.strip()).is_relative_to(installed.bin.parent)


def test_one_video_with_the_built_in_model(installed, clip):
    run = installed.run(clip.parent, "objmask", "video", clip.name, "--model", "demo", "--outputs=masks").ok()
    assert (clip.parent / "clip_objmask/results/masks/clip.mp4").is_file()
    run.line("results are in", "clip_objmask/results")
    assert f"{ROOT}/" not in run.text


def test_a_run_folder_and_an_edit_of_its_settings(installed, clip):
    run = installed.folder / "run"
    said = installed.run(installed.folder, "objmask", "init", "run").ok()
    said.line("in run: snakemake --cores 2")
    (run / "videos").mkdir()
    shutil.copy(clip, run / "videos")
    config = run / "config.yaml"
    default = config.read_text()
    config.write_text(default.replace("outputs: [masks, overlay, protected, coverage, report]", "outputs: [masks]"))
    installed.snakemake(run).ok()
    assert (run / "results/masks/clip.mp4").is_file()
    installed.snakemake(run, "-n").ok().line("Nothing to be done")
    config.write_text(config.read_text().replace("colour: [255, 0, 0]", "colour: [255, 100, 0]"))
    assert set(installed.snakemake(run, "-n").ok().jobs) == {"masks"}
    edited = config.read_text()
    installed.run(run, "objmask", "init", ".").ok().line("config.yaml: kept as it is")
    assert config.read_text() == edited


def test_the_path_that_jobs_get_leads_to_objmask_and_to_nothing_beside_it(installed):
    """An environment of --sdm conda would take its packages from there."""
    look = "from objmask.project import place; print(place.PROJECT)"
    place = installed.run(installed.folder, "python", "-c", look).ok().text.strip()
    # -S: no packages but those of the path.
    version = ("python", "-S", "-c", "import objmask.errors as e; print(e.__file__)")
    at = installed.run(installed.folder, *version, PYTHONPATH=place).ok().text.strip()
    assert Path(at) == Path(place).parents[1] / "errors.py"
    beside = installed.run(installed.folder, "python", "-S", "-c", "import numpy", PYTHONPATH=place)
    beside.line("No module named 'numpy'")


def test_the_wheel_holds_the_whole_project(source, wheel):
    held = contents(wheel)
    for name in ("workflow", "profiles", "envs"):
        for path in (path for path in (source / name).rglob("*") if path.is_file() and path.suffix != ".py"):
            assert held[f"objmask/project/files/{path.relative_to(source)}"] == path.read_bytes()
    for path in (path for path in (source / "objmask").rglob("*") if path.is_file() and "__pycache__" not in str(path)):
        assert held[path.relative_to(source).as_posix()] == path.read_bytes()


def test_the_source_distribution_makes_the_same_wheel(source, wheel, tmp_path):
    build = f"from setuptools.build_meta import build_sdist; build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    [archive] = tmp_path.glob("*.tar.gz")
    assert contents(wheel_of(archive, tmp_path / "wheel")) == contents(wheel)
