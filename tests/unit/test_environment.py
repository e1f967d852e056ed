"""The environment files say the same as the lock file, and the lock file says versions and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
ENVS = sorted((PROJECT / "envs").glob("*.yaml"))
LOCK = dict(line.split("==") for line in (PROJECT / "requirements.lock").read_text().split())
LOCKED = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in LOCK.items()}


def test_the_lock_file_holds_names_and_versions_only() -> None:
    for line in (PROJECT / "requirements.lock").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line), line


def test_the_lock_file_has_every_dependency() -> None:
    dependencies = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    for dependency in dependencies:
        assert re.match(r"[A-Za-z0-9._-]+", dependency)[0].lower() in LOCKED


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
