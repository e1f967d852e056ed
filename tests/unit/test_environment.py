"""The environment files say the same as the lock file, and the lock file says versions and nothing else."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

import objmask

PROJECT = Path(__file__).parents[2]
sys.path.append(str(PROJECT / "envs"))

from pin import locked, normal  # noqa: E402

ENVS = sorted((PROJECT / "envs").glob("*.yaml"))
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())


def names(requirements: list[str]) -> set[str]:
    """Packages of requirements, without versions."""
    return {normal(re.match(r"[A-Za-z0-9._-]+", one)[0]) for one in requirements}


LOCKED = locked(PROJECT / "requirements.lock")
LOCKED_FOR_US = locked(PROJECT / "requirements-dev.lock")
NEEDED = names(PYPROJECT["project"]["dependencies"])


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_holds_names_versions_and_hashes_only(file: str) -> None:
    text = (PROJECT / file).read_text()
    package = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n")
    assert not package.sub("", text)


def test_users_get_what_objmask_imports_and_nothing_else() -> None:
    trees = [ast.parse(path.read_bytes()) for path in (PROJECT / "objmask").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    others = {name.split(".")[0] for name in imported} - sys.stdlib_module_names - {"objmask"}
    packages = packages_distributions()
    # rapidocr brings OpenCV once more, in the same version and without windows.
    given = {normal(package) for name in others for package in packages[name]} - {"opencv-python-headless"}
    assert given == NEEDED
    assert LOCKED["opencv-python-headless"] == LOCKED["opencv-python"]


def test_the_lock_files_have_every_dependency_in_one_version() -> None:
    ours = names(PYPROJECT["dependency-groups"]["dev"])
    assert {*NEEDED, *names(PYPROJECT["project"]["optional-dependencies"]["slurm"])} <= set(LOCKED)
    assert {**LOCKED_FOR_US, **LOCKED} == LOCKED_FOR_US
    assert ours <= set(LOCKED_FOR_US)
    # setuptools and wheel are TensorFlow's wish as well.
    assert ours & set(LOCKED) <= {"setuptools", "wheel"}


def test_a_commit_with_a_tag_has_the_version_that_the_tag_says() -> None:
    command = ["git", "-C", PROJECT, "tag", "--points-at=HEAD", "--list", "v[0-9]*"]
    tags = subprocess.run(command, capture_output=True, text=True)
    if tags.returncode:
        pytest.skip("no clone")
    assert set(tags.stdout.split()) <= {f"v{objmask.__version__}"}


@pytest.mark.parametrize("path", ENVS, ids=lambda path: path.stem)
def test_conda_environments_pin_the_locked_versions(path: Path) -> None:
    environment = yaml.safe_load(path.read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    [packages] = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    for package in packages:
        name, version = package.split("==")
        assert LOCKED[name] == version


def test_every_rule_s_environment_exists() -> None:
    named = set()
    for rules in (PROJECT / "workflow/rules").glob("*.smk"):
        named |= set(re.findall(r'"\.\./\.\./envs/(\w+)\.yaml"', rules.read_text()))
    assert named == {path.stem for path in ENVS}
